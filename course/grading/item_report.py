"""`course report`: what a class's answers say about a quiz, in a terminal, as CSV, as JSON.

The page with plots is in item_page. Students appear under pseudonyms unless asked otherwise.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from course.errors import CourseError
from course.grading import responses
from course.grading.pseudonyms import pseudonyms
from course.grading.responses import Responses
from course.quiz.statistics import EARLY, quiz_figures
from course.quiz.statistics_flags import ACT, Flag, flags, verdict
from course.quiz.statistics_records import Figure, ItemFigures, QuizFigures

if TYPE_CHECKING:
    from rich.console import Console

WHOLE = "(whole quiz)"
_STARTS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


@dataclass(frozen=True)
class Report:
    """A quiz's responses, figures and flags; `names` says how each student is called in it."""

    responses: Responses
    figures: QuizFigures
    flags: tuple[Flag, ...]
    names: Mapping[str, str]

    @property
    def early(self) -> str:
        """Why no figure is shown, in a sentence; "" when there are answers enough."""
        if self.figures.n >= EARLY:
            return ""
        return (
            f"It is too early for statistics: {_counted(self.figures.n)} answered, and under "
            f"{EARLY} chance has too much of a say. (CSV and JSON hold the figures.)"
        )

    @property
    def advice(self) -> str:
        """What the number of answers allows to do about flags."""
        if self.early or self.figures.n >= ACT:
            return ""
        return f"These are first signs: change an item only from {ACT} students on."

    def as_dict(self) -> dict:
        """The report as plain JSON; a figure that is not defined is null and says why."""
        return {
            "quiz": self.responses.quiz,
            "title": self.responses.title,
            "too_early": self.early,
            "remarks": list(self.responses.remarks),
            "figures": asdict(self.figures),
            "flags": [asdict(flag) for flag in self.flags],
            "students": [
                {"student": name, "points": points, "possible": self.figures.possible}
                for name, points in self.scores()
            ],
        }

    def scores(self) -> list[tuple[str, float]]:
        """Each student's name in the report and points, by that name."""
        students = self.responses.students
        pairs = zip(students, self.figures.scores, strict=True)
        return sorted((self.names[student.name], points) for student, points in pairs)


def report(quiz: str, *, root: str | Path, names: bool = False) -> Report:
    """The report on a graded quiz of the course in `root`; `names` shows who the students are.

    Raises CourseError where the quiz is unknown, nothing was handed in or nothing is graded.
    """
    found = responses.read(quiz, root=root)
    figures = quiz_figures(found.questions, found.students)
    students = [student.name for student in found.students]
    shown = {name: name for name in students} if names else pseudonyms(students, root=root)
    return Report(found, figures, flags(figures), shown)


def say(report: Report, console: "Console | None" = None) -> None:
    """Print the report as a table, with the flags under it."""
    from rich.console import Console

    console = console or Console()
    console.print(f"{report.responses.quiz}: {_counted(report.figures.n)}", highlight=False)
    if report.early:
        console.print(report.early, highlight=False)
    else:
        console.print(_table(report.figures))
        console.print(_quiz_in_words(report.figures), highlight=False, markup=False)
        _say_flags(report, console)
    for remark in report.responses.remarks:
        console.print(f"Note: {remark}", highlight=False, markup=False)


def _table(figures: QuizFigures):
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, caption_justify="left")
    table.add_column("item", overflow="fold")
    blank = ["blank"] if any(item.omitted for item in figures.items) else []
    for name in ("n", *blank, "difficulty", "discrimination"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("so", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    for item in figures.items:
        seconds = "–" if item.seconds is None else f"{item.seconds:.0f} s"
        pair = (item.difficulty, item.discrimination)
        shown = [spelt(figure).replace(" to ", ", ") for figure in pair]
        counts = [str(item.n)] + ([str(item.omitted)] if blank else [])
        table.add_row(item.question.id, *counts, *shown, verdict(item) or "–", seconds)
    table.caption = (
        "difficulty: mean share of the points; discrimination: correlation with the rest; in "
        "brackets 95 % intervals; time: median since the answer before"
    )
    return table


def _quiz_in_words(figures: QuizFigures) -> str:
    name = "KR-20" if figures.is_kr20 else "Cronbach's alpha"
    alpha, sem = figures.alpha, figures.sem
    said = [f"Mean {figures.mean:.2f} of {figures.possible:g} points, sd {figures.sd:.2f}."]
    said.append(f"{name} {spelt(alpha)}." if alpha.value is not None else undefined(name, alpha))
    error = "The standard error of measurement"
    said.append(
        f"{error} is {sem.value:.2f} points." if sem.value is not None else undefined(error, sem)
    )
    return " ".join(said)


def _say_flags(report: Report, console: "Console") -> None:
    for flag in report.flags or ():
        about = flag.item or "The quiz"
        console.print(f"• {about}: {flag.words}", highlight=False, markup=False)
    if not report.flags:
        console.print("No item is flagged.", highlight=False)
    elif report.advice:
        console.print(report.advice, highlight=False)


def spelt(figure: Figure) -> str:
    """A figure with its interval, "0.41 (0.30 to 0.52)"; a dash where it is not defined."""
    if figure.value is None:
        return "–"
    ends = "" if figure.low is None else f" ({signed(figure.low)} to {signed(figure.high)})"
    return signed(figure.value) + ends


def signed(value: float) -> str:
    """Two decimals, with a real minus and no minus before nothing."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def undefined(name: str, figure: Figure) -> str:
    """A sentence on a figure, or its interval, that is not there; "" where nothing is missing."""
    missing = "is not defined" if figure.value is None else "has no interval"
    return f"{name} {missing}, because {figure.why}." if figure.why else ""


def _counted(students: int) -> str:
    return f"{students} student{'s' * (students != 1)}"


def as_csv(report: Report) -> str:
    """The figures as CSV (RFC 4180): a row an item, and one for the whole quiz.

    A cell that is empty is not defined. No text in it starts as a formula of a spreadsheet.
    """
    rows = [*(_row(item, report) for item in report.figures.items), _last_row(report)]
    stream = io.StringIO(newline="")
    heads = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(stream, heads, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return stream.getvalue()


def _row(item: ItemFigures, report: Report) -> dict[str, object]:
    said = item.calibration
    row = {"item": item.question.id, "type": item.question.type, "points": item.question.points}
    row |= {"n": item.n, "waiting_for_a_person": item.waiting, "blank": item.omitted}
    row |= _columns("difficulty", item.difficulty) | {"mean_share_graded": item.graded}
    row |= _columns("discrimination", item.discrimination) | {"verdict": verdict(item)}
    row |= {"median_seconds": item.seconds, "timed": item.timed, "mean_saved": item.events}
    row |= {name: getattr(said, name, None) for name in _SAID}
    row |= {"variants": len(item.variants) or None, "variants_p": item.variants_p}
    row["wrong_values"] = "; ".join(f"{one.value} × {one.count}" for one in item.wrong)
    row["flags"] = " ".join(one.words for one in report.flags if one.item == item.question.id)
    for use in item.options:
        name = use.option.id
        row |= {f"share_{name}": use.share, f"rest_{name}": use.rest}
        row |= {f"is_key_{name}": "yes" if use.option.right else "no"}
    return row


_SAID = ("sure", "guess", "right_when_sure", "right_when_guessing", "sure_and_wrong")


def _last_row(report: Report) -> dict[str, object]:
    figures = report.figures
    row = {"item": WHOLE, "points": figures.possible, "n": figures.n}
    row |= {"flags": " ".join(one.words for one in report.flags if not one.item)}
    row |= {"mean_points": figures.mean, "sd_points": figures.sd}
    row |= _columns("alpha", figures.alpha) | {"standard_error": figures.sem.value}
    return row


def _columns(name: str, figure: Figure) -> dict[str, object]:
    ends = {f"{name}_low": figure.low, f"{name}_high": figure.high}
    return {name: figure.value} | ends | {f"{name}_note": figure.why}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    is_formula = isinstance(value, str) and text.startswith(_STARTS_A_FORMULA)
    return f"'{text}" if is_formula else text


def write(path: str | Path, text: str, *, mark: bool = False) -> Path:
    """Write a report's text as UTF-8, for a spreadsheet with the `mark` that says so."""
    path = Path(path)
    try:
        path.write_text(text, encoding="utf-8-sig" if mark else "utf-8", newline="")
    except OSError as error:
        raise CourseError(f"{path} can't be written ({error.strerror}).") from None
    return path
