"""What an instructor is told before grading."""

import json
import os
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import sample_course
from sample_course import configure, hand_in, journal, line

from course import doctor
from course.grading import batch, preflight, reach, settings

STUDENT = SimpleNamespace(pw_uid=4711, pw_shell="/bin/bash")


@pytest.fixture(autouse=True)
def own_data_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def root(tmp_path):
    return sample_course.released(tmp_path / "course")


def answers(root, student: str, choice: str, **more) -> bytes:
    return line("q-01", choice, student=student, **more)


def test_nothing_is_said_of_an_ordinary_class(root):
    hand_in(root, "ana", answers=answers(root, "ana", "A"))
    hand_in(root, "bo", answers=answers(root, "bo", "B"))
    assert preflight.hand_ins(root, "q") == []


def test_the_same_file_by_two_students_is_told_once(root):
    for student in ("ana", "bo", "cem"):
        hand_in(root, student, answers=journal(root))
    hand_in(root, "dana", answers=journal(root, q_01="A"))
    assert preflight.hand_ins(root, "q") == [
        "ana, bo and cem handed in the same answers file, byte for byte."
    ]


def test_empty_answers_are_nobodys_copy(root):
    hand_in(root, "ana", answers=b"\n")
    hand_in(root, "bo", answers=b"\n")
    hand_in(root, "cem", answers=None)
    assert preflight.hand_ins(root, "q") == []


def test_answers_that_begin_alike_were_one_file_once(root):
    first = answers(root, "ana", "A")
    hand_in(root, "ana", answers=first + line("q-02", ["A"], seq=2))
    hand_in(root, "bo", answers=first + line("q-02", ["B"], seq=2))
    (said,) = preflight.hand_ins(root, "q")
    assert said == "The answers of ana and bo begin with the same line: one file was copied."


def test_two_students_under_one_name_are_told(root):
    hand_in(root, "ana", answers=answers(root, "ana", "A"))
    hand_in(root, "bo", answers=answers(root, "ana", "B"))
    (said,) = preflight.hand_ins(root, "q")
    assert said.startswith("The answers of ana and bo were recorded under one name, ana: ")


def test_a_name_of_somebody_else_in_the_class_is_told(root):
    hand_in(root, "ana", answers=line("q-01", "A"))
    hand_in(root, "bo", answers=answers(root, "ana", "B"))
    (said,) = preflight.hand_ins(root, "q")
    assert "ana and bo were recorded under one name" in said


def test_a_hand_in_before_its_last_answer_is_told(root):
    hand_in(root, "ana", answers=line("q-01", "A", at="2026-11-21T10:05:00Z"))
    hand_in(root, "bo", answers=line("q-01", "B", at="2026-11-21T12:00:00+01:00"))
    hand_in(root, "cem", answers=line("q-01", "C", at="no time"))
    (said,) = preflight.hand_ins(root, "q")
    assert said.startswith("bo handed in before the last answer was recorded")


def test_what_can_not_be_read_is_passed_over(root):
    folder = hand_in(root, "ana", answers=None)
    (folder / "answers.jsonl").symlink_to("/etc/hostname")
    hand_in(root, "bo", answers=b"\xff\x00 no json")
    (hand_in(root, "cem") / "timestamp.txt").write_text("whenever")
    assert preflight.hand_ins(root, "q") == []


def test_many_pairs_are_told_in_a_few_sentences(root):
    for number in range(16):
        same = line("q-01", "A", seq=1 + number // 2)
        hand_in(root, f"s{number:02}", answers=same)
    said = preflight.hand_ins(root, "q")
    assert len(said) == 6
    assert said[-1] == "The same is to be said of 3 more groups."


def test_one_account_for_two_in_the_exchange_is_told(root, tmp_path):
    sample_course.configure(root, f"c.Exchange.root = {str(tmp_path / 'exchange')!r}")
    inbound = tmp_path / "exchange" / settings.COURSE_ID / "inbound"
    for name in ("ana+q+2026-11-21 10:00:00 UTC+abc", "bo+q+2026-11-21 10:01:00 UTC+abd"):
        (inbound / name).mkdir(parents=True)
    (inbound / "cem+other+2026-11-21 10:00:00 UTC+abc").mkdir()
    (said,) = preflight.hand_ins(root, "q")
    assert said.startswith("In the exchange one account of this computer (")
    assert "owns the hand-ins of ana and bo" in said


def test_a_data_directory_with_two_students_hand_ins_is_told(root, tmp_path):
    cache = tmp_path / "data" / "nbgrader_cache" / settings.COURSE_ID
    (cache / "ana+q+2026-11-21 10:00:00 UTC").mkdir(parents=True)
    assert reach.computer(root) == []
    (cache / "b+o+q+2026-11-21 10:00:00 UTC").mkdir()
    (said,) = reach.computer(root)
    assert "holds hand-ins of ana and b+o" in said


@pytest.fixture
def open_course(monkeypatch):
    """A course that others can reach: pytest's own folders are closed to them."""
    with tempfile.TemporaryDirectory() as name:
        root = sample_course.released(Path(name).resolve())
        root.chmod(0o755)
        if not reach._open_to_others(root):
            pytest.skip("this computer's folder for temporary files is closed to others")
        monkeypatch.setattr(reach, "ENV_CONFIG_PATH", [])
        monkeypatch.setattr(reach, "SYSTEM_CONFIG_PATH", [])
        yield root


needs_accounts = pytest.mark.skipif(reach.pwd is None, reason="no accounts to ask for here")


@needs_accounts
def test_what_others_on_the_computer_can_read_is_told(open_course, monkeypatch):
    monkeypatch.setattr(reach.pwd, "getpwall", lambda: [STUDENT])
    (open_course / "gradebook.db").touch(mode=0o644)
    (said,) = reach.computer(open_course)
    assert "can read the gradebook and solutions/" in said and "chmod o-rwx" in said
    (open_course / "gradebook.db").chmod(0o640)
    assert "can read solutions/ of" in reach.computer(open_course)[0]
    open_course.chmod(0o750)
    assert reach.computer(open_course) == []


@needs_accounts
def test_who_works_alone_hears_nothing_of_others(open_course, monkeypatch):
    alone = [
        SimpleNamespace(pw_uid=os.getuid(), pw_shell="/bin/sh"),
        SimpleNamespace(pw_uid=33, pw_shell="/bin/sh"),
        SimpleNamespace(pw_uid=1001, pw_shell="/usr/sbin/nologin"),
    ]
    monkeypatch.setattr(reach.pwd, "getpwall", lambda: alone)
    assert reach.computer(open_course) == []


@needs_accounts
def test_a_formgrader_for_everybody_is_told(open_course, monkeypatch):
    monkeypatch.setattr(reach.pwd, "getpwall", lambda: [STUDENT])
    everybody, system = open_course / "everybody", open_course / "system"
    open_course.joinpath("solutions").chmod(0o700)
    for folder, is_on in ((everybody, True), (system, False)):
        (folder / "jupyter_server_config.d").mkdir(parents=True)
        switch = {"ServerApp": {"jpserver_extensions": {reach.FORMGRADER: is_on}}}
        (folder / "jupyter_server_config.d" / "nbgrader.json").write_text(json.dumps(switch))
    monkeypatch.setattr(reach, "SYSTEM_CONFIG_PATH", [str(everybody)])
    (said,) = reach.computer(open_course)
    assert said.startswith(
        f"nbgrader's formgrader is on for everybody whose settings come from {everybody}"
    )
    monkeypatch.setattr(reach, "ENV_CONFIG_PATH", [str(system)])  # it goes before
    assert reach.computer(open_course) == []


def test_preflight_says_both(root, tmp_path):
    for student in ("ana", "bo"):
        hand_in(root, student, answers=journal(root))
        cache = tmp_path / "data" / "nbgrader_cache" / settings.COURSE_ID
        (cache / f"{student}+q+2026-11-21 10:00:00 UTC").mkdir(parents=True)
    said = preflight.preflight(root, "q")
    assert "byte for byte" in said[0] and "nbgrader_cache" in said[-1]


def test_a_due_date_for_no_quiz_and_one_that_stays_in_the_gradebook_are_told(root):
    configure(root, 'c.LatePenalty.due = {"q": "2026-12-01 12:00"}')
    hand_in(root, "ana")
    assert preflight.due_dates(root, "q") == []
    batch.grade("q", root=root)
    configure(root, 'c.LatePenalty.due = {"qq": "2026-12-01 12:00"}')
    typo, kept = preflight.due_dates(root, "q")
    assert "a due date for qq, which is no quiz here (did you mean q?)" in typo
    assert "2026-12-01 12:00 (UTC) in the gradebook" in kept
    configure(root, 'c.LatePenalty.due = {"q": ""}')
    batch.grade("q", root=root)
    assert preflight.due_dates(root, "q") == []


def test_the_doctor_tells_an_instructor_the_same(root):
    for student in ("ana", "bo"):
        hand_in(root, student, answers=journal(root))
    first = next(doctor.teaching(root))
    assert first.how == doctor.NOTE and "byte for byte" in first.what
