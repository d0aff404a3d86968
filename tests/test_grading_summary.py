"""The end of `course grade`, on one screen."""

import io
import json
from types import SimpleNamespace

import pytest

from course.grading import progress
from course.grading.progress import Told, watching
from course.grading.summary import Row, Summary


def rows(count, **more):
    return [Row(f"s{number:03}", float(number % 11), 10.0, "graded", **more)
            for number in range(count)]  # fmt: skip


def test_few_submissions_are_listed_one_by_one():
    text = str(Summary("q", tuple(rows(3))))
    assert text.splitlines()[0].split() == ["s000", "0", "of", "10"]
    assert text.splitlines()[-1] == "3 graded, 0 failed."


def test_three_hundred_fit_on_one_screen():
    many = rows(300)
    many[4] = Row("worst", None, 10.0, "failed", "It is a link.")
    many[5:55] = [Row(f"told{n}", 1.0, 10.0, "graded", "A cell was changed.") for n in range(50)]
    many[60:100] = [Row(f"same{n}", 2.0, 10.0, "unchanged") for n in range(40)]
    many[100:110] = [Row(f"hand{n}", 2.0, 10.0, "graded", by_hand=2) for n in range(10)]
    text = str(Summary("q", tuple(many)))
    lines = text.splitlines()
    assert len(lines) <= 40 and max(map(len, lines)) <= 200
    assert "299 scores of 10 points: lowest 0" in lines[0]
    assert "Failed (1):" in lines and any("worst" in line and "a link" in line for line in lines)
    assert "Noticed (50):" in lines and "  and 38 more." in lines
    assert "259 graded, 40 unchanged, 1 failed." in lines
    assert "20 answers to grade by hand, in the formgrader." in lines
    assert any("course grade q --json" in line and "course export" in line for line in lines)


def test_the_tenths_add_up():
    text = str(Summary("q", tuple(Row(f"s{n}", n / 4, 10.0, "graded") for n in range(41))))
    lines = [line.split() for line in text.splitlines() if " to " in line]
    # 0, 0.25, 0.5 and 0.75 are in the first tenth; 9 to 10 has five, with the full points
    assert [int(line[3]) for line in lines] == [4] * 9 + [5]


def test_counts_are_of_submissions():
    some = (*rows(2, by_hand=3), Row("x", None, 1.0, "failed"), Row("y", 1.0, 1.0, "unchanged"))
    summary = Summary("q", some, 1.25)
    assert summary.counts == {"graded": 2, "unchanged": 1, "failed": 1, "needs_hand_grading": 2}
    told = json.loads(json.dumps(summary.as_dict()))
    assert told["needs_hand_grading"] == 2 and told["seconds"] == 1.25
    assert not summary.ok


def test_functions_that_were_not_run_say_why():
    text = str(Summary("q", tuple(rows(1, not_run=2)), 0.0, "No bubblewrap. Do this."))
    assert "2 functions not run. No bubblewrap. Do this." in text


def test_a_name_or_reason_cannot_steer_the_terminal():
    text = str(Summary("q", (Row("a\x1b[2Jb", 1.0, 1.0, "graded", "x\nforged line\r"),)))
    assert "\x1b" not in text and len(text.splitlines()) == 2


def test_no_points_at_all_are_no_trouble():
    assert "21 scores of 0 points" in str(
        Summary("q", tuple(Row(f"s{n}", 0.0, 0.0, "graded") for n in range(21)))
    )
    assert "21 failed." in str(
        Summary("q", tuple(Row(f"s{n}", None, 0.0, "failed", "why") for n in range(21)))
    )


@pytest.fixture
def stderr(monkeypatch):
    class Screen(io.StringIO):
        terminal = False

        def isatty(self):
            return self.terminal

    def put():  # in the test itself: pytest puts its own there before each part
        screen = Screen()
        monkeypatch.setattr("sys.stderr", screen)
        return screen

    return put


def test_on_a_terminal_there_is_a_bar_with_rate_and_time_left(stderr):
    (screen := stderr()).terminal = True
    with watching(told := Told(), 4):
        for status in ("graded", "failed", "graded", "graded"):
            told.step(status)
        told._bar.refresh()
        seen = screen.getvalue()
    assert "4/4" in seen and "submissions/s" in seen and "1 failed" in seen


def test_elsewhere_there_is_a_line_now_and_then(stderr, monkeypatch):
    screen, now = stderr(), iter([0.0, 0.0, 1.0, 11.0, 11.0])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(now)))
    with watching(told := Told(), 5):
        for status in ("graded", "failed", "graded"):
            told.step(status)
    # from the first, 2 more in 11 seconds; 2 are left: 11 seconds
    assert screen.getvalue() == "3 of 5 submissions, 1 failed, 0.18 a second, 11 seconds left\n"


def test_a_grading_that_fails_closes_its_bar(stderr):
    stderr().terminal = True
    with pytest.raises(OSError), watching(told := Told(), 4):
        raise OSError
    assert told._bar.disable


def test_a_first_submission_that_takes_long_has_no_rate_yet(stderr, monkeypatch):
    screen, now = stderr(), iter([0.0, 30.0, 31.0, 31.0])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(now)))
    with watching(told := Told(), 5):
        told.step("graded")
        assert screen.getvalue() == ""
        told.step("graded")
    assert screen.getvalue() == "2 of 5 submissions, 1 a second, 3 seconds left\n"
