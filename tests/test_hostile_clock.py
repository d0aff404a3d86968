"""Clocks, time zones, the edge of a deadline, and two students of one account: by all ways in."""

from datetime import UTC, datetime, timedelta

import pytest
from hostile import sample, table, ways
from hostile.attack import ALL, GROUPS
from sample_course import line

from course.grading import gradebook
from course.grading.sandbox import available
from course.quiz import archive
from course.quiz.archive import HandIn
from course.quiz.collect import collect

pytestmark = pytest.mark.skipif(bool(available()), reason=available() or "contained")

DUE = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ZONES = ("Pacific/Kiritimati", "America/St_Johns", "Nowhere/None")
LATE = ("c.LatePenalty.due = {'h': '2026-11-21 13:00'}", "c.LatePenalty.percent_per_day = 50",
        "c.LatePenalty.time_zone = 'Asia/Riyadh'")  # fmt: skip
"""Riyadh is 3 hours ahead of UTC all year: due at 10:00 UTC."""
AT = {
    "at-the-edge": timedelta(0),
    "before": timedelta(microseconds=-1),
    "late": timedelta(seconds=1),
    "next-day": timedelta(days=1, seconds=1),
}
TAKEN_OFF = {  # of 12 points
    "at-the-edge": 0, "before": 0, "late": 6, "next-day": 12, "sets-the-clock": 0,
    "same": 0, "same-2": 0,
}  # fmt: skip


def handed_in(root, way, listener):
    ways.configure(sample.released(root), GROUPS["h"])
    with (root / "nbgrader_config.py").open("a") as config:
        config.write("\n".join([*LATE, ""]))
    for student, after in AT.items():
        at = f"{DUE + after:%Y-%m-%d %H:%M:%S.%f} UTC"
        folder = sample.hand_in(sample.sheet(root, student, "right"))
        (folder / "timestamp.txt").write_text(at)
    attack = table.ATTACKS["sets_the_clock"]
    folder = table.hand_in(root, "sets-the-clock", attack, listener.facts)
    (folder / "timestamp.txt").write_text(f"{DUE:%Y-%m-%d %H:%M:%S.%f} UTC")
    collect([zips(root)], root=root)
    return ways.start(way, "h", root)


def zips(root):
    """Two students, two sets of answers, one name: that of the account they share."""
    inbox = root / "inbox"
    inbox.mkdir()
    for number, kind in enumerate(("right", "half")):
        made = sample.sheet(root, "same", kind)
        first = line("h-01", "C" if kind == "half" else "A", seq=1, assignment="h")
        files = {"answers.jsonl": first + made.answers}
        files["h.ipynb"] = sample.as_bytes(made)
        at = DUE - timedelta(hours=number + 1)
        archive.write(inbox / f"{number}.zip", HandIn("same", "h", at, files, 6))
    return inbox


@pytest.fixture(scope="module")
def courses(tmp_path_factory):
    """The course of each way in, graded where a clock shows another time of day."""
    with ways.listener(tmp_path_factory.mktemp("l")) as listener, pytest.MonkeyPatch.context() as m:
        runs = {}
        for way, zone in zip(ALL, ZONES, strict=True):
            m.setenv("TZ", zone)
            root = tmp_path_factory.mktemp(way)
            runs[way] = root, handed_in(root, way, listener)
        for _, run in runs.values():
            assert run.wait(300) == 0, run.said()
    return {way: root for way, (root, _) in runs.items()}


@pytest.mark.parametrize("way", ALL)
def test_what_is_taken_off_depends_on_the_deadline_alone(courses, way):
    with gradebook.opened(courses[way]) as book:
        found = {one.student.id: one.late_submission_penalty or 0
                 for one in book.find_assignment("h").submissions}  # fmt: skip
    assert found == TAKEN_OFF


@pytest.mark.parametrize("way", ALL)
def test_two_students_of_one_account_both_keep_their_work(courses, way):
    with gradebook.opened(courses[way]) as book:
        scores = {one.student.id: one.score for one in book.find_assignment("h").submissions}
    assert scores["at-the-edge"] == 12  # 1 + 3 + 2 + 4 + 2
    assert sorted([scores["same"], scores["same-2"]]) == [5.5, 12]  # 1 + 1.5 + 0 + 2 + 1
