"""The journal keeps every acknowledged answer, whatever happens around it."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time

import pytest

from course.errors import CourseError
from course.quiz.journal import MOST_BYTES, Journal, JournalError, NoAttemptLeft

GOOD = {
    "v": 1,
    "assignment": "01",
    "item": "a",
    "response": "B",
    "seq": 1,
    "at": "2026-11-21T10:00:00.000Z",
    "bank": "abc",
}


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "answers.jsonl", "01")


def lines(journal):
    return journal.path.read_bytes().split(b"\n")[:-1]


def test_nothing_is_there_before_the_first_answer(journal):
    assert journal.read() == {}
    assert journal.problems == []
    assert not journal.path.exists()


def test_an_answer_is_one_line_with_the_agreed_fields(journal):
    event = journal.append("a", {"value": "2,5", "unit": "€"}, bank="abc")
    (line,) = lines(journal)
    record = json.loads(line)
    assert list(record) == ["v", "assignment", "item", "response", "seq", "at", "bank"]
    assert record == event.record()
    assert record["at"].endswith("Z") and len(record["at"]) == len("2026-11-21T10:00:00.000Z")
    assert b"\xe2\x82\xac" in line  # readable as it is


def test_the_last_answer_to_an_item_wins(journal):
    for item, response in [("a", "A"), ("b", ["A", "C"]), ("a", "D")]:
        journal.append(item, response, bank="abc")
    events = journal.read()
    assert {item: event.response for item, event in events.items()} == {"a": "D", "b": ["A", "C"]}
    assert [events["b"].seq, events["a"].seq] == [2, 3]
    assert {path.name for path in journal.path.parent.iterdir()} == {"answers.jsonl"}  # no lock


def test_the_path_is_absolute_from_the_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    journal = Journal("answers.jsonl", "01")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    journal.append("a", "B", bank="abc")
    assert (tmp_path / "answers.jsonl").exists()


def test_a_torn_last_line_loses_nothing_but_itself(journal):
    journal.append("a", "A", bank="abc")
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + whole[:40])  # as a power cut leaves it
    assert journal.read()["a"].response == "A"
    assert journal.problems == [
        "Line 2 of answers.jsonl was passed over: it is not a whole line of JSON."
    ]
    event = journal.append("b", "B", bank="abc")
    assert event.seq == 3
    assert {item: event.response for item, event in journal.read().items()} == {"a": "A", "b": "B"}


def test_a_whole_last_line_without_its_newline_counts(journal):
    journal.path.write_text(json.dumps(GOOD))
    assert journal.read()["a"].response == "B"
    journal.append("b", "C", bank="abc")
    assert set(journal.read()) == {"a", "b"}
    assert journal.problems == []


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\x00" * 50,
        b"\xff\xfe\x80",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"null",
        b"[]",
        b'"text"',
        json.dumps(GOOD).replace('"B"', "NaN").encode(),
        json.dumps(GOOD).replace('"B"', "-Infinity").encode(),
        json.dumps(GOOD).replace('"B"', "1e999").encode(),
        json.dumps(GOOD).replace('"B"', "9" * 5000).encode(),
        json.dumps(GOOD).replace('"B"', r'"\ud800"').encode(),
        json.dumps(GOOD).replace('"B"', '"' + "x" * 30_000 + '"').encode(),
        *(
            json.dumps({**GOOD, **change}).encode()
            for change in [
                {"assignment": "02"},
                {"v": 2},
                {"v": True},
                {"v": "1"},
                {"item": 7},
                {"item": ["a"]},
                {"seq": 0},
                {"seq": "1"},
                {"seq": 1.5},
                {"seq": None},
                {"at": 5},
                {"bank": {}},
            ]
        ),
        *(
            json.dumps({key: value for key, value in GOOD.items() if key != gone}).encode()
            for gone in GOOD
        ),
    ],
    ids=lambda garbage: repr(garbage[:12]) + str(len(garbage)),
)
def test_garbage_is_passed_over_and_told(journal, garbage):
    good = json.dumps(GOOD).encode()
    journal.path.write_bytes(garbage + b"\n" + good + b"\n" + garbage + b"\n")
    assert journal.read()["a"].response == "B"
    assert len(journal.problems) == (2 if garbage else 0)
    journal.append("a", "C", bank="abc")
    assert journal.read()["a"].response == "C"


def test_numbers_that_come_twice_and_windows_line_ends_are_no_problem(journal):
    again = json.dumps({**GOOD, "response": "D"})
    journal.path.write_text(f"\ufeff{json.dumps(GOOD)}\r\n{again}\r\n")
    assert journal.read()["a"].response == "D"
    assert journal.problems == []


def test_later_editions_may_add_fields(journal):
    journal.path.write_text(json.dumps({**GOOD, "confidence": "sure"}) + "\n")
    assert journal.read()["a"].response == "B"


def test_what_only_some_lines_say_stands_there_when_it_is_given(journal):
    more = {"variant": 3, "student": "ana", "confidence": "guess", "digest": "d1"}
    event = journal.append("a", "B", bank="abc", **more)
    record = json.loads(lines(journal)[0])
    assert {name: record[name] for name in more} == more
    assert "attempt" not in record
    assert journal.events() == [event]


def test_all_events_are_read_in_their_order_and_the_last_of_each_item_wins(journal):
    for item, response in [("a", "A"), ("b", "B"), ("a", "C")]:
        journal.append(item, response, bank="abc")
    assert [event.response for event in journal.events()] == ["A", "B", "C"]
    assert journal.read()["a"].response == "C"


@pytest.mark.parametrize(
    "spoilt",
    [{"variant": "3"}, {"variant": True}, {"variant": -1}, {"student": 7}, {"student": "x" * 201},
     {"confidence": ["sure"]}, {"attempt": 1.5}, {"digest": {}}],
)  # fmt: skip
def test_an_optional_field_of_the_wrong_type_spoils_its_line(journal, spoilt):
    journal.path.write_text(json.dumps({**GOOD, **spoilt}) + "\n")
    assert journal.read() == {}
    assert "a field has the wrong type" in journal.problems[0]


def test_answers_are_counted_where_only_some_are_allowed(journal):
    journal.append("b", "B", bank="abc", attempts=2)
    events = [journal.append("a", answer, bank="abc", attempts=2) for answer in "AB"]
    assert [event.attempt for event in events] == [1, 2]
    with pytest.raises(NoAttemptLeft, match="a is answered 2 times, and no more are counted"):
        journal.append("a", "C", bank="abc", attempts=2)
    assert journal.read()["a"].response == "B"
    assert len(lines(journal)) == 3


def test_two_writers_together_get_no_more_attempts_than_one(journal):
    refused = []

    def write():
        for _ in range(10):
            try:
                Journal(journal.path, "01").append("a", "A", bank="abc", attempts=7)
            except NoAttemptLeft:
                refused.append(1)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 30 - 7
    assert [event.attempt for event in journal.events()] == list(range(1, 8))


def test_a_million_bad_lines_are_told_in_few_words(journal):
    journal.path.write_bytes(b"x\n" * 1_000_000)
    assert journal.read() == {}
    assert len(journal.problems) == 21
    assert journal.problems[0] == "Only the last 50,000 lines of answers.jsonl were read."
    assert journal.problems[-1] == "So were 49980 more lines."  # 49,999 bad ones, 19 told
    journal.append("a", "B", bank="abc")
    assert journal.read()["a"].response == "B"


@pytest.mark.parametrize(
    "response", [float("nan"), {1, 2}, "\ud800", "x" * 30_000, object()], ids=type
)
def test_what_json_cannot_hold_is_refused_before_a_file_is_made(journal, response):
    with pytest.raises(JournalError, match="save"):
        journal.append("a", response, bank="abc")
    assert not journal.path.exists()


def test_nesting_without_end_is_refused(journal):
    nested = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(JournalError, match="save"):
        journal.append("a", nested, bank="abc")


def test_a_link_is_neither_followed_nor_written(journal, tmp_path):
    target = tmp_path / "someone-elses"
    target.write_text("theirs\n")
    journal.path.symlink_to(target)
    for act in (journal.read, lambda: journal.append("a", "B", bank="abc")):
        with pytest.raises(JournalError, match="a link or no plain file; rename it"):
            act()
    assert target.read_text() == "theirs\n"


def test_a_link_to_nowhere_makes_no_file(journal, tmp_path):
    journal.path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(JournalError):
        journal.append("a", "B", bank="abc")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_folders_and_pipes_are_refused_and_never_waited_for(journal, make):
    make(journal.path)
    for act in (journal.read, lambda: journal.append("a", "B", bank="abc")):
        with pytest.raises(JournalError, match="no plain file"):
            act()


def test_a_file_without_end_is_refused(journal):
    journal.path.write_bytes(b"x" * (MOST_BYTES + 1))
    for act in (journal.read, lambda: journal.append("a", "B", bank="abc")):
        with pytest.raises(JournalError, match="over 5 MB"):
            act()
    journal.path.write_bytes(b"x" * MOST_BYTES)
    with pytest.raises(JournalError, match="over 5 MB"):
        journal.append("a", "B", bank="abc")


def test_a_folder_that_may_not_be_written_is_told_in_one_sentence(journal, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(CourseError, match=r"can't be written \(Permission denied\); make the"):
        journal.append("a", "B", bank="abc")


def test_a_folder_that_is_gone_is_told(tmp_path):
    journal = Journal(tmp_path / "gone" / "answers.jsonl", "01")
    with pytest.raises(JournalError, match=r"can't be written \(No such file"):
        journal.append("a", "B", bank="abc")
    assert journal.read() == {}


def python(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_full_disk_is_told_and_takes_nothing_that_was_saved(journal):
    code = """
import resource, sys
from pathlib import Path
from course.quiz.journal import Journal, JournalError
resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))
journal = Journal(Path(sys.argv[1]), "01")
saved = 0
try:
    while True:
        journal.append(f"item-{saved}", "B", bank="abc")
        saved += 1
except JournalError as error:
    print(saved, error)
"""
    out, errors = python(code, journal.path).communicate(timeout=30)
    assert errors == ""
    saved, sentence = out.split(" ", 1)
    assert "can't be written" in sentence
    assert 2 <= int(saved) == len(journal.read())
    assert journal.problems == []  # the half line was taken back
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 400


WRITER = """
import sys
from pathlib import Path
from course.quiz.journal import Journal
journal = Journal(Path(sys.argv[1]), "01")
print("ready", flush=True)
sys.stdin.read(1)
for number in range(int(sys.argv[3])):
    journal.append(f"{sys.argv[2]}-{number}", number, bank="abc")
    print(number, flush=True)
"""


def writer(journal, name, events):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(journal.path), name, str(events)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def go(process):
    process.stdin.write("x")
    process.stdin.close()


def test_two_processes_with_200_answers_each_make_400_lines(journal):
    writers = [writer(journal, name, 200) for name in ("one", "two")]
    for process in writers:
        go(process)
    for process in writers:
        with process:
            process.stdout.read()
        assert process.returncode == 0
    assert len(lines(journal)) == 400
    assert len(journal.read()) == 400
    assert journal.problems == []
    numbers = [json.loads(line)["seq"] for line in lines(journal)]
    assert numbers == list(range(1, 401))


def test_threads_of_one_process_do_not_mix_their_lines(journal):
    def write(name):
        for number in range(50):
            Journal(journal.path, "01").append(f"{name}-{number}", number, bank="abc")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(journal.read()) == 4 * 50
    assert len(lines(journal)) == 200


def test_a_writer_killed_midway_loses_nothing_that_it_had_acknowledged(journal):
    process = writer(journal, "killed", 1_000_000)
    go(process)
    acknowledged = [process.stdout.readline() for _ in range(20)]
    process.send_signal(signal.SIGKILL)
    acknowledged += process.stdout.readlines()
    process.stdout.close()
    process.wait()
    last = max(int(line) for line in acknowledged if line.endswith("\n"))
    event = journal.append("after", "B", bank="abc")  # the dead writer holds no lock
    events = journal.read()
    assert {f"killed-{number}" for number in range(last + 1)} <= set(events)
    assert events["after"] == event


def test_writers_killed_again_and_again_lose_nothing_that_they_had_acknowledged(journal):
    promised = set()
    for turn in range(8):
        process = writer(journal, f"turn{turn}", 1_000_000)
        go(process)
        time.sleep(0.01 * (turn % 4))
        heard = [process.stdout.readline()]
        process.kill()
        heard += process.stdout.readlines()
        process.stdout.close()
        process.wait()
        whole = [int(line) for line in heard if line.endswith("\n")]
        promised |= {f"turn{turn}-{number}" for number in range(max(whole) + 1)}
    kept = [event.item for event in journal.events()]
    assert promised <= set(kept)
    assert len(kept) - len(promised) <= 8 * 30  # written, and killed before it could be said
    assert len(set(kept)) == len(kept)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_line_torn_anywhere_costs_only_itself(journal, cut):
    for number in range(3):
        journal.append(f"a{number}", "A", bank="abc")
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole[: -cut * 9])  # the third line has more than 99 bytes
    journal.append("after", "B", bank="abc")
    assert list(journal.read()) == ["a0", "a1", "after"]


def test_a_journal_held_by_another_program_is_told_after_a_while(journal, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr("course.quiz.journal.PATIENCE_S", 0.1)
    journal.append("a", "A", bank="abc")
    with journal.path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        started = time.monotonic()
        with pytest.raises(JournalError, match="Another program has held"):
            journal.append("a", "B", bank="abc")
        assert time.monotonic() - started < 2
        assert journal.read()["a"].response == "A"  # readers need no lock
    journal.append("a", "C", bank="abc")
    assert journal.read()["a"].response == "C"
