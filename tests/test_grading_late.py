"""What coming late costs, by the course's own clock, and the same on every way to a mark."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sample_course
from sample_course import hand_in, journal
from traitlets.config import Config

from course.errors import CourseError
from course.grading import batch, gradebook, late, report, settings
from course.grading.late import LatePenalty, days_late, moment
from course.grading.recorded import recorded

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
TWO_DAYS_LATE = (  # handed in 2026-11-21 10:00 UTC: due 47 hours before, at 12:00 in Berlin
    'c.LatePenalty.time_zone = "Europe/Berlin"',
    'c.LatePenalty.due = {"q": "2026-11-19 12:00"}',
    "c.LatePenalty.percent_per_day = 10",
)


def utc(*parts) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-01 23:59", utc(2026, 12, 1, 22, 59)),  # winter: UTC+1
        ("2026-07-01 23:59", utc(2026, 7, 1, 21, 59)),  # summer: UTC+2
        ("2026-12-01T23:59:30", utc(2026, 12, 1, 22, 59, 30)),
        ("2026-12-01 23:59 UTC", utc(2026, 12, 1, 23, 59)),
        ("2026-12-01 23:59 America/New_York", utc(2026, 12, 2, 4, 59)),
        ("2026-12-01 23:59 +05:30", utc(2026, 12, 1, 18, 29)),
        ("2026-10-25 02:30", utc(2026, 10, 25, 1, 30)),  # twice that night: the second time
        ("2026-03-29 02:30", utc(2026, 3, 29, 1, 30)),  # never that night: 03:30 in summer time
    ],
)
def test_a_due_date_is_a_time_in_the_courses_own_zone(text, expected):
    assert moment(text, BERLIN) == expected


@pytest.mark.parametrize(
    "text",
    ["tomorrow", "2026-13-01 12:00", "2026-12-01", "2026-12-01 23:59 Middle Earth", "", None, 7],
)
def test_a_due_date_that_can_not_be_read_is_one_sentence(text):
    with pytest.raises(CourseError, match=r"in nbgrader_config\.py"):
        moment(text, BERLIN)


@pytest.mark.parametrize("name", ["Europe", "Europe/Atlantis", "../../etc/passwd", "", "CEST?"])
def test_a_time_zone_that_is_none_is_one_sentence(name):
    with pytest.raises(CourseError, match="no time zone"):
        late.time_zone(name)


def days(due: datetime, handed_in: datetime, zone=BERLIN, grace=0) -> int:
    return days_late(handed_in - due, due=due, grace=timedelta(minutes=grace), zone=zone)


def test_a_day_is_begun_by_its_first_second():
    due = utc(2026, 12, 1, 22, 59)
    assert days(due, due) == 0
    assert days(due, due + timedelta(seconds=1)) == 1
    assert days(due, due + timedelta(days=1)) == 1
    assert days(due, due + timedelta(days=1, seconds=1)) == 2
    assert days(due, due - timedelta(days=3)) == 0


def test_the_grace_costs_nothing_and_days_begin_after_it():
    due = utc(2026, 12, 1, 22, 59)
    assert days(due, due + timedelta(minutes=15), grace=15) == 0
    assert days(due, due + timedelta(minutes=15, microseconds=1), grace=15) == 1
    assert days(due, due + timedelta(days=1, minutes=15), grace=15) == 1
    assert days(due, due + timedelta(days=1, minutes=16), grace=15) == 2


def test_a_day_goes_by_the_clock_on_the_wall_when_clocks_change():
    # Berlin, Saturday 24 October 2026, 23:59 CEST; Sunday has 25 hours
    due = utc(2026, 10, 24, 21, 59)
    assert days(due, utc(2026, 10, 25, 22, 59)) == 1  # Sunday 23:59 CET, 25 hours on
    assert days(due, utc(2026, 10, 25, 22, 59, 1)) == 2
    assert days(due, utc(2026, 10, 25, 22, 59), zone=UTC) == 2
    # Saturday 28 March 2026, 23:59 CET; Sunday has 23 hours
    due = utc(2026, 3, 28, 22, 59)
    assert days(due, utc(2026, 3, 29, 21, 59)) == 1
    assert days(due, utc(2026, 3, 29, 21, 59, 1)) == 2
    # New York, Saturday 31 October 2026, 23:59 EDT
    due = utc(2026, 11, 1, 3, 59)
    assert days(due, utc(2026, 11, 2, 4, 59), zone=NEW_YORK) == 1


def test_a_time_centuries_off_is_counted_without_an_end():
    due = utc(2026, 12, 1, 22, 59)
    assert days(due, utc(9999, 12, 31)) == 3650


def test_without_a_due_date_a_day_has_24_hours():
    grace = timedelta(0)
    assert days_late(timedelta(hours=24), due=None, grace=grace, zone=UTC) == 1
    assert days_late(timedelta(hours=24, seconds=1), due=None, grace=grace, zone=UTC) == 2


def plugin(**chosen) -> LatePenalty:
    return LatePenalty(config=Config({"LatePenalty": chosen}))


def test_the_penalty_is_a_share_of_the_points_up_to_a_cap():
    policy = plugin(percent_per_day=10, most_percent=25)
    hour = 3600.0
    assert policy.late_submission_penalty("ana", 8.0, hour) == pytest.approx(0.8)
    assert policy.late_submission_penalty("ana", 8.0, 25 * hour) == pytest.approx(1.6)
    assert policy.late_submission_penalty("ana", 8.0, 49 * hour) == pytest.approx(2.0)  # 25 %
    assert policy.late_submission_penalty("ana", 0.0, hour) == 0.0


def test_without_a_percentage_nothing_is_taken_off():
    assert plugin().late_submission_penalty("ana", 8.0, 1e9) is None
    assert plugin(percent_per_day=10, grace_minutes=5).late_submission_penalty("b", 8, 300) is None


def test_nbgraders_own_method_still_works():
    config = Config({"LateSubmissionPlugin": {"penalty_method": "zero"}})
    assert LatePenalty(config=config).late_submission_penalty("ana", 8.0, 1.0) == 8.0


def late_course(tmp_path, *lines):
    root = sample_course.released(tmp_path / "course")
    sample_course.configure(root, *(lines or TWO_DAYS_LATE))
    hand_in(root, "late")  # 6 of 6 points, less 20 %: 4.8
    in_time = hand_in(root, "punctual")
    (in_time / "timestamp.txt").write_text("2026-11-19 11:00:00.000000 UTC")
    hand_in(root, "wrong", answers=journal(root, q_01="A", q_02=["B"], q_03=None))
    return root


def points(root) -> dict[str, float]:
    return {row.student: row.score for row in report.scores("q", root=root)}


def test_course_grade_and_nbgrader_autograde_take_the_same_off(tmp_path):
    ours = late_course(tmp_path)
    theirs = shutil.copytree(ours, tmp_path / "theirs")
    assert batch.grade("q", root=ours).ok
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", "q"],
        cwd=theirs, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    expected = {"late": pytest.approx(4.8), "punctual": 6.0, "wrong": 0.0}
    assert points(ours) == expected
    assert points(theirs) == expected


def test_the_page_says_what_was_taken_off_and_when_it_was_due(tmp_path):
    root = late_course(tmp_path)
    batch.grade("q", root=root)
    late_page, in_time, _ = (path.read_text() for path in report.feedback("q", root=root))
    assert "4.8 of 6 points" in late_page
    assert "Handed in 2026-11-21 11:00 (Europe/Berlin)." in late_page
    assert (
        "1.2 points were taken off because it came late: it was due 2026-11-19 12:00" in late_page
    )
    assert "taken off" not in in_time


def test_points_that_a_person_gives_later_are_late_too(tmp_path):
    root = late_course(tmp_path)
    batch.grade("q", root=root)
    with gradebook.opened(root) as book:
        book.find_grade("q-01", "q", "q", "wrong").manual_score = 1.0
        book.db.commit()
    report.feedback("q", root=root)
    assert points(root)["wrong"] == pytest.approx(0.8)


def test_an_extension_moves_one_students_due_date(tmp_path):
    root = late_course(tmp_path)
    batch.grade("q", root=root)
    with gradebook.opened(root) as book:
        book.grant_extension("q", "late", hours=24)
        assert late.assign(book, "q", settings.load(root)) == 1
        assert recorded(book, "q")["late"].due == utc(2026, 11, 20, 11)
    assert points(root)["late"] == pytest.approx(5.4)


def test_a_policy_that_changes_counts_for_what_is_graded_already(tmp_path):
    root = late_course(tmp_path, "")
    batch.grade("q", root=root)
    assert points(root)["late"] == 6.0
    sample_course.configure(root, *TWO_DAYS_LATE)
    report.feedback("q", root=root)
    assert points(root)["late"] == pytest.approx(4.8)
    sample_course.configure(root, 'c.LatePenalty.due = {"q": ""}')
    report.feedback("q", root=root)
    assert points(root)["late"] == 6.0


def test_a_due_date_that_was_set_in_formgrader_stands(tmp_path):
    root = late_course(tmp_path, "c.LatePenalty.percent_per_day = 50")
    batch.grade("q", root=root)
    with gradebook.opened(root) as book:
        book.update_or_create_assignment("q", duedate="2026-11-21 09:59:00 UTC")
    assert batch.grade("q", root=root).ok
    report.feedback("q", root=root)
    assert points(root) == {"late": 3.0, "punctual": 6.0, "wrong": 0.0}


def test_a_mistake_in_the_settings_stops_the_grading_with_one_sentence(tmp_path):
    root = late_course(tmp_path, 'c.LatePenalty.due = {"q": "soon"}')
    with pytest.raises(CourseError, match=r"'soon' in nbgrader_config\.py can't be read"):
        batch.grade("q", root=root)
