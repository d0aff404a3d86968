"""Scores as a table for other programs: plain CSV, Canvas's gradebook, Moodle's gradebook.

A score is what the student has now, late penalty taken off; it is blank where nothing is graded.
No text in a table begins as a formula of a spreadsheet does.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course.errors import CourseError
from course.grading import gradebook, intake, late, settings
from course.grading import roster as rosters
from course.grading.late import LatePenalty
from course.grading.recorded import Recorded, recorded
from course.grading.roster import Person

FORMATS = ("csv", "canvas", "moodle")
_FORMULA = re.compile(r"(^|[;,\t\r\n]\s*)(?=[=+\-@＝＋－＠\t\r])")
"""Where a spreadsheet would begin a formula, whichever sign separates its cells."""
_POINTS_POSSIBLE = "Points Possible"
_MOODLE = {"username": "Username", "id_number": "ID number", "email": "Email address"}
_TELLS_WHO = ("username", "sis_login_id"), ("id_number", "sis_user_id"), ("email",)


@dataclass(frozen=True)
class Exported:
    """The table as text, and sentences on what to know about it."""

    text: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Line:
    """One student with what is recorded of each quiz handed in (None: nothing is graded)."""

    student: str
    person: Person | None
    quizzes: dict[str, Recorded | None]


def export(
    quizzes: Sequence[str], *, to: str, root: str | Path, roster: str | Path | None = None
) -> Exported:
    """The scores of `quizzes` in one of FORMATS; `roster` is a class list that says who is who.

    Without a roster the names of the hand-ins are taken for logins. Raises CourseError for a
    quiz or a format that is not there, a roster that can't be read, or when nothing is graded.
    """
    root = Path(root).absolute()
    if to not in FORMATS:
        raise CourseError(f"There is no format {to!r}: choose one of {', '.join(FORMATS)}.")
    _check(quizzes, root)
    people = rosters.read(roster).people if roster else ()
    policy, found = _recorded(quizzes, root)
    found = {quiz: rows for quiz, rows in found.items() if rows}
    if not any(one for rows in found.values() for one in rows.values()):
        raise CourseError(f"Nothing is graded of {', '.join(quizzes)}: run `course grade` first.")
    students = sorted({student for rows in found.values() for student in rows})
    known, remarks = rosters.Roster(people).find(students) if roster else ({}, [])
    lines = [_Line(name, known.get(name),
                   {quiz: rows[name] for quiz, rows in found.items() if name in rows})
             for name in students]  # fmt: skip
    handed_in = [line.person for line in lines]
    absent = [_Line("", person, {}) for person in people if person not in handed_in]
    if to != "csv":  # a blank cell could take a score away that somebody gave elsewhere
        absent = []
    remarks += [said for quiz, rows in found.items() for said in _told(quiz, rows)]
    makers = {"csv": _plain, "canvas": _canvas, "moodle": _moodle}
    made = makers[to]([*lines, *absent], {quiz: _possible(found[quiz]) for quiz in found}, policy)
    if to == "moodle" and (left_out := [name for name in students if roster and name not in known]):
        remarks.append(f"Left out, for Moodle refuses the whole file: {', '.join(left_out)}.")
    return Exported(_text(made), tuple(remarks))


def _check(quizzes: Sequence[str], root: Path) -> None:
    for quiz in quizzes:
        settings.check(quiz, root)


def _recorded(
    quizzes: Sequence[str], root: Path
) -> tuple[LatePenalty, dict[str, dict[str, Recorded | None]]]:
    """What is recorded by quiz and student; None for a hand-in that is not graded at all."""
    config, found = settings.load(root), {}
    for quiz in quizzes:
        found[quiz] = {one.student: None for one in intake.submissions(quiz, root=root)}
    if gradebook.kept(root):
        with gradebook.opened(root) as book:
            for quiz in quizzes:
                late.assign(book, quiz, config)
                found[quiz] |= recorded(book, quiz)
    return LatePenalty(config=config), found


def _told(quiz: str, rows: dict[str, Recorded | None]) -> list[str]:
    waiting = sum(bool(one and one.is_graded and one.waiting) for one in rows.values())
    missing = sum(not (one and one.is_graded) for one in rows.values())
    said = []
    if waiting:
        said.append(f"{quiz}: {_counted(waiting)} still have answers to be graded by hand.")
    if missing:
        said.append(f"{quiz}: {_counted(missing)} have no score, for they are not graded.")
    return said


def _counted(hand_ins: int) -> str:
    return f"{hand_ins} of the hand-ins"


def _possible(rows: dict[str, Recorded | None]) -> float:
    return max((one.possible for one in rows.values() if one), default=0.0)


def _plain(lines: Sequence[_Line], quizzes: dict[str, float], policy: LatePenalty) -> list[list]:
    """A row for each student and quiz; times in the course's time zone."""
    more = [name for name in rosters.COLUMNS
            if any(line.person and line.person.get(name) for line in lines)]  # fmt: skip
    heads = ["student", "quiz", "state", "points", "late_penalty", "score", "max",
             "to_grade_by_hand", "handed_in", "due"]  # fmt: skip
    rows = [[*heads, *("name" if name == "student" else name for name in more)]]
    for line in lines:
        who = [line.person.get(name) if line.person else "" for name in more]
        for quiz, possible in quizzes.items():
            is_there = quiz in line.quizzes and (line.quizzes[quiz] or line.student)
            found = line.quizzes.get(quiz)
            rows.append(
                [line.student, quiz, *_marks(found, bool(is_there), possible, policy), *who]
            )
    return rows


def _marks(found: Recorded | None, is_there: bool, possible: float, policy: LatePenalty) -> list:
    if found is None:
        return ["not graded" if is_there else "not handed in", "", "", "", possible, "", "", ""]
    state = "not graded" if not found.is_graded else "by hand" if found.waiting else "graded"
    points = found.score + found.penalty
    scores = [points, found.penalty, found.score] if found.is_graded else ["", "", ""]
    times = [at.astimezone(policy.zone).isoformat(timespec="seconds") if at else ""
             for at in (found.handed_in, found.due)]  # fmt: skip
    return [state, *scores, possible, found.waiting, *times]


def _canvas(lines: Sequence[_Line], quizzes: dict[str, float], policy: LatePenalty) -> list[list]:
    """The file that Canvas's gradebook takes under Import.

    From canvas-lms, lib/gradebook_importer.rb at commit 00b222d: the first line begins with
    Student, ID; SIS User ID and SIS Login ID may follow, Section ends the student's columns, and
    every further column is an assignment, by its name. The second line holds the points, marked
    by "Points Possible" in its first cell. A student is found by ID, then SIS User ID, SIS Login
    ID, name. A heading with "Final Points" in it is read past: so the column for what still needs
    a person's marks makes no assignment. A blank cell is no score.
    """
    heads = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *quizzes]
    heads += [f"{quiz}: answers to grade by hand (Final Points may grow)" for quiz in quizzes]
    rows = [heads]
    rows.append(
        [_POINTS_POSSIBLE, "", "", "", "", *quizzes.values(), *["(read only)"] * len(quizzes)]
    )
    for line in lines:
        person = line.person or Person({"student": line.student, "sis_login_id": line.student})
        name = "" if _POINTS_POSSIBLE.lower() in person.name.lower() else person.name
        login = person.get("sis_login_id", "username")
        who = [name, person.get("id"), person.get("sis_user_id", "id_number"), login,
               person.get("section")]  # fmt: skip
        rows.append([*who, *_scores(line, quizzes), *_waiting(line, quizzes)])
    return rows


def _moodle(lines: Sequence[_Line], quizzes: dict[str, float], policy: LatePenalty) -> list[list]:
    """The file that Moodle takes under Grades, Import, CSV file.

    From moodle, grade/import/csv/classes/load_data.php at commit 0289d8c, and docs.moodle.org,
    Grade import: the teacher chooses which column tells who a student is (ID number, e-mail
    address or user name) and which is which grade; other columns are left aside. One student who
    is not known, or a grade that is no number, and the whole file is refused; a line that leaves
    the identifying cell blank can go to the student before. So every line is filled, students
    outside the class list are left out, and a blank grade is no grade.
    """
    known = [line for line in lines if line.person] or lines
    who = [[_who(line, columns) for columns in _TELLS_WHO] for line in known]
    full = [place for place in range(len(_TELLS_WHO)) if all(row[place] for row in who)]
    if not full:
        raise CourseError(
            "Moodle needs a user name, an ID number or an e-mail address of every student: "
            "the class list has none of them complete."
        )
    heads = [list(_MOODLE.values())[place] for place in full]
    heads += [*quizzes, *(f"{quiz}: answers to grade by hand" for quiz in quizzes),
              *(f"{quiz}: points off for coming late" for quiz in quizzes)]  # fmt: skip
    rows = [heads]
    for line, names in zip(known, who, strict=True):
        penalties = [found.penalty if (found := line.quizzes.get(quiz)) else "" for quiz in quizzes]
        rows.append([*(names[place] for place in full), *_scores(line, quizzes),
                     *_waiting(line, quizzes), *penalties])  # fmt: skip
    return rows


def _who(line: _Line, columns: Sequence[str]) -> str:
    if line.person:
        return line.person.get(*columns)
    return line.student if "username" in columns else ""


def _scores(line: _Line, quizzes: dict[str, float]) -> list:
    found = (line.quizzes.get(quiz) for quiz in quizzes)
    return [one.score if one and one.is_graded else "" for one in found]


def _waiting(line: _Line, quizzes: dict[str, float]) -> list:
    return [one.waiting if (one := line.quizzes.get(quiz)) else "" for quiz in quizzes]


def _text(rows: list[list]) -> str:
    """The rows as CSV (RFC 4180)."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerows([*map(_cell, row)] for row in rows)
    return stream.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, int | float):
        return f"{round(float(value), 4):.15g}"
    return defused(str(value))


def defused(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet would take it for a formula."""
    return _FORMULA.sub(r"\1'", text)
