"""The instructor's verbs after grading: feedback and export."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from course.errors import CourseError

Quiz = Annotated[str, typer.Argument(help="The quiz's name, for example 01_first_call.")]


def feedback(quiz: Quiz):
    """Write a feedback page for each graded submission."""
    from course.grading import report
    from course.project import find_root

    for path in report.feedback(quiz, root=find_root("solutions")):
        print(path)


def export(
    quizzes: Annotated[list[str] | None, typer.Argument(help="Names of quizzes.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every quiz in solutions/.")] = False,
    to: Annotated[str, typer.Option(help="csv, canvas or moodle.")] = "csv",
    roster: Annotated[
        Path | None, typer.Option(help="A class list (CSV) that says who is who.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write into this file.")] = None,
):
    """Write scores as a table, for a spreadsheet, Canvas or Moodle."""
    from course.grading import export, settings
    from course.project import find_root

    root = find_root("solutions")
    if bool(quizzes) == every:
        raise CourseError("Name one quiz or more, or say --all.")
    made = export.export(quizzes or settings.quizzes(root), to=to, root=root, roster=roster)
    for remark in made.remarks:
        print(remark, file=sys.stderr)
    if out is None:
        typer.echo(made.text.encode(), nl=False)
        return
    try:  # the mark at the beginning tells Excel that it is UTF-8; Canvas and Moodle want none
        out.write_bytes(made.text.encode("utf-8-sig" if to == "csv" else "utf-8"))
    except OSError as error:
        raise CourseError(f"{out} can't be written ({error.strerror}).") from None
    print(out, file=sys.stderr)
