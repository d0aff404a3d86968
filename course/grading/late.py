"""What coming late costs: due dates in the course's own time zone, and nbgrader's penalty.

In nbgrader_config.py, for example:

    c.LatePenalty.time_zone = "Europe/Berlin"
    c.LatePenalty.due = {"01_first_call": "2026-12-01 23:59"}
    c.LatePenalty.percent_per_day = 10
    c.LatePenalty.grace_minutes = 15

nbgrader keeps due dates in its gradebook and asks its plugin what a late hand-in loses, so its
command, the formgrader's button and `course grade` take the same points off. Without a due date,
or without a percentage, nothing is taken off.
"""

import math
import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nbgrader.api import Assignment, Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets import Dict, Float, Unicode
from traitlets.config import Config

from course.errors import CourseError

_DUE = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)(?: +(\S+))?")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_DAY = timedelta(days=1)
_MOST_DAYS = 3_650


class LatePenalty(LateSubmissionPlugin):
    """nbgrader's plugin: a percentage of the earned points for each started day, up to a cap.

    Days go by the clock on the wall: due on Saturday at 23:59, Sunday's last minute is one day
    late, also where the clocks were changed in between. Raises CourseError for a due date or a
    time zone that can't be read.
    """

    due = Dict(help="When quizzes are due, by name: '2026-12-01 23:59'.").tag(config=True)
    time_zone = Unicode("UTC", help="The course's own, such as Europe/Berlin.").tag(config=True)
    percent_per_day = Float(0, min=0, help="Of the earned points, a started day.").tag(config=True)
    grace_minutes = Float(0, min=0, help="Minutes late that cost nothing.").tag(config=True)
    most_percent = Float(100, min=0, max=100, help="Never more than this.").tag(config=True)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.zone = time_zone(self.time_zone)
        self.due_dates = {quiz: moment(text, self.zone) for quiz, text in self.due.items() if text}

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """The points to take off, from 0 to `score`; None for none. nbgrader calls this."""
        if self.penalty_method != "none":
            return super().late_submission_penalty(student_id, score, total_seconds_late)
        late = timedelta(seconds=total_seconds_late)
        days = days_late(late, due=self._deadline(student_id), grace=self.grace, zone=self.zone)
        percent = min(days * self.percent_per_day, self.most_percent)
        return score * percent / 100 if percent else None

    @property
    def grace(self) -> timedelta:
        return timedelta(minutes=self.grace_minutes)

    @property
    def zone_name(self) -> str:
        return getattr(self.zone, "key", None) or str(self.zone)

    def told(self, at: datetime | None) -> str:
        """A time as people of the course write it, "2026-12-01 23:59 (Europe/Berlin)"."""
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M} ({self.zone_name})" if at else ""

    def _deadline(self, student: str) -> datetime | None:
        """The student's own due date, extension and all, where nbgrader's step can tell it."""
        book, quiz = (getattr(self.parent, name, None) for name in ("gradebook", "assignment_id"))
        if book is None or quiz is None:
            return None
        return _aware(book.find_submission(quiz, student).duedate)


def time_zone(name: str) -> tzinfo:
    """The zone called so ("Europe/Berlin", "UTC", "+01:00"), or CourseError."""
    if found := _OFFSET.fullmatch(name):
        sign, hours, minutes = found.groups()
        return timezone(int(f"{sign}1") * timedelta(hours=int(hours), minutes=int(minutes)))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CourseError(
            f"{name!r} is no time zone: write one such as Europe/Berlin in nbgrader_config.py."
        ) from None


def moment(text: str, zone: tzinfo) -> datetime:
    """The time in UTC that "2026-12-01 23:59" names, in `zone` or in the one that it ends with.

    Of an hour that the clocks have twice or not at all, it is the later reading.
    """
    found = _DUE.fullmatch(str(text).strip())
    try:
        date, clock, named = found.groups()
        local = datetime.fromisoformat(f"{date}T{clock}")
    except (AttributeError, ValueError):
        raise CourseError(
            f"The due date {text!r} in nbgrader_config.py can't be read: write it as "
            '"2026-12-01 23:59" or "2026-12-01 23:59 Europe/Berlin".'
        ) from None
    return _later(local, time_zone(named) if named else zone)


def days_late(late: timedelta, *, due: datetime | None, grace: timedelta, zone: tzinfo) -> int:
    """The days begun after the due date and the grace: 0 in time, 1 from then to a day later.

    A day ends at the same time of day in `zone`; where `due` is not known, after 24 hours.
    """
    over = late - grace
    if over <= timedelta(0):
        return 0
    if due is None or over > _MOST_DAYS * _DAY:
        return min(math.ceil(over / _DAY), _MOST_DAYS)
    handed_in = due + late
    end = (due + grace).astimezone(zone).replace(tzinfo=None)
    days = max(1, (handed_in.astimezone(zone).replace(tzinfo=None) - end).days)
    while handed_in > _later(end + days * _DAY, zone):
        days += 1
    return days


def note_due_date(book: Gradebook, quiz: str, config: Config) -> None:
    """Write the due date of the settings into the gradebook; without one there, its own stays."""
    policy = LatePenalty(config=config)
    if quiz not in policy.due:
        return
    due = policy.due_dates.get(quiz)
    naive = due.replace(tzinfo=None) if due else None
    try:
        assignment = book.find_assignment(quiz)
    except MissingEntry:
        return
    if assignment.duedate != naive:
        assignment.duedate = naive
        book.db.commit()


def assign(
    book: Gradebook, quiz: str, config: Config, *, students: Collection[str] | None = None
) -> int:
    """Work out the penalties of a quiz afresh (of all `students`, or of those named).

    What nbgrader's step does while it grades, for points that a person has given since, and for
    a policy that has changed. Returns how many hand-ins have another penalty than before.
    """
    note_due_date(book, quiz, config)
    step = AssignLatePenalties(config=config)
    step.init_plugin()
    step.gradebook, step.assignment_id = book, quiz
    query = book.db.query(SubmittedAssignment).join(SubmittedAssignment.assignment)
    query = query.filter(Assignment.name == quiz, _may_change())
    if students is not None:
        query = query.filter(SubmittedAssignment.student_id.in_(students))
    changed = sum(_assign(step, submission) for submission in query)
    if changed:
        book.db.commit()
    return changed


def _may_change():
    is_late = SubmittedAssignment.timestamp > Assignment.duedate
    return is_late | (SubmittedAssignment.late_submission_penalty > 0)


def _assign(step: AssignLatePenalties, submission: SubmittedAssignment) -> bool:
    late = submission.total_seconds_late if submission.assignment.duedate else 0
    step.student_id, changed = submission.student_id, False
    for notebook in submission.notebooks:
        penalty, score = None, float(notebook.score)
        if late > 0:
            asked = step.plugin_inst.late_submission_penalty(step.student_id, score, late)
            penalty = None if asked is None else min(max(float(asked), 0.0), score)
        if penalty != notebook.late_submission_penalty:
            notebook.late_submission_penalty, changed = penalty, True
    return changed


def _aware(naive: datetime | None) -> datetime | None:
    """The gradebook's times are in UTC, and do not say so."""
    return naive.replace(tzinfo=UTC) if naive else None


def _later(local: datetime, zone: tzinfo) -> datetime:
    return max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
