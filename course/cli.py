"""The `course` command: each verb calls one function elsewhere."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from course import cli_bank, cli_decide, cli_grading, cli_instructor, cli_live
from course.errors import CourseError

app = typer.Typer(
    help="Use a small model well: lessons, quizzes, grading.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Quiz = Annotated[str, typer.Argument(help="The quiz's name, for example 01_first_call.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def lab(
    port: Annotated[int | None, typer.Option(help="JupyterLab's port.", min=1, max=65535)] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address, open nothing.")
    ] = False,
    instructor: Annotated[
        bool, typer.Option("--instructor", help="Switch nbgrader's extensions on.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Start both, see that they work, stop.")
    ] = False,
):
    """Start JupyterLab and the simulated endpoint; Ctrl-C stops both."""
    from course import lab

    if check:
        lab.check(port=port)
    else:
        lab.run(port=port, browser=not no_browser, instructor=instructor)


@app.command()
def doctor(
    facts: Annotated[
        bool, typer.Option("--facts", help="Only the facts; fail when one is stale.")
    ] = False,
):
    """Say what this machine has, what is missing, and what to do."""
    from course import doctor

    if not doctor.say(doctor.facts() if facts else doctor.examine()):
        raise typer.Exit(1)


@app.command(
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def endpoint(context: typer.Context):
    """Run the simulated OpenAI endpoint alone, for any client; --help lists its options."""
    from course.endpoint.__main__ import main

    raise typer.Exit(main(context.args, program="course endpoint"))


@app.command()
def submit(
    quiz: Quiz,
    student: Annotated[str | None, typer.Option(help="Your name or student number.")] = None,
):
    """Hand a quiz in: to the class's exchange, or as a zip to send."""
    from course.quiz import handin

    receipt = handin.submit(quiz, student=student)
    print(receipt)
    if receipt.where is None:
        raise typer.Exit(1)


@app.command()
def collect(
    folders: Annotated[list[Path], typer.Argument(help="Zips, or folders of zips.")],
    force: Annotated[
        bool, typer.Option("--force", help="Let an older zip replace a newer one.")
    ] = False,
):
    """Take handed-in zips into submitted/."""
    from course.project import find_root
    from course.quiz import handin

    taken = handin.collect(folders, root=find_root("solutions"), force=force)
    for one in taken:
        print(one)
    if not all(one.ok for one in taken):
        raise typer.Exit(1)


@app.command()
def release(
    quizzes: Annotated[list[str] | None, typer.Argument(help="Names of quizzes.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every quiz in solutions/.")] = False,
):
    """Make the student's edition in quizzes/ from solutions/."""
    from course.grading import generate
    from course.project import find_root

    root = find_root("solutions")
    if bool(quizzes) == every:
        raise CourseError("Name one quiz or more, or say --all.")
    for name in generate.release(quizzes or generate.quizzes(root), root=root):
        print(f"quizzes/{name} is made from solutions/{name}")


app.command()(cli_grading.grade)
app.command()(cli_instructor.feedback)
app.command()(cli_instructor.export)


@app.command()
def report(
    quiz: Quiz,
    csv: Annotated[Path | None, typer.Option(help="Also write a table for spreadsheets.")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write a page with plots.")] = None,
    names: Annotated[bool, typer.Option("--names", help="Students by name.")] = False,
    as_json: AsJson = False,
):
    """Say what a class's answers tell about the questions of a quiz."""
    from course.grading import item_page, item_report
    from course.project import find_root

    made = item_report.report(quiz, root=find_root("solutions"), names=names)
    if as_json:
        print(json.dumps(made.as_dict(), indent=1))
    else:
        item_report.say(made)
    if csv:
        print(item_report.write(csv, item_report.as_csv(made), mark=True), file=sys.stderr)
    if html:
        print(item_report.write(html, item_page.page(made)), file=sys.stderr)


@app.command()
def demo(
    students: Annotated[int, typer.Option(min=1, max=1000)] = 5,
    into: Annotated[Path | None, typer.Option(help="Keep the course it plays in here.")] = None,
    as_json: AsJson = False,
    live: Annotated[
        int | None, typer.Option(help="A live class instead, with so many.", min=1, max=1000)
    ] = None,
):
    """Play a class: release, answer, hand in, collect, grade, feedback; or a live one."""
    if live:
        from course.live import demo as live_demo

        live_demo.play(live)
        return
    from course import demo

    played = demo.play(students, into=into)
    print(json.dumps(played.as_dict(), indent=1) if as_json else played)
    if not played.ok:
        raise typer.Exit(1)


@app.command()
def refresh(
    notebooks: Annotated[list[Path] | None, typer.Argument(help="Default: all of them.")] = None,
):
    """For authors: run lessons and solutions afresh and store their outputs."""
    from course import authoring
    from course.project import find_root

    root = find_root("lessons", "solutions")
    every = [*sorted(root.glob("lessons/*.ipynb")), *sorted(root.glob("solutions/*/*.ipynb"))]
    authoring.refresh([path.resolve() for path in notebooks or every], root=root)


app.command()(cli_decide.decide)
app.add_typer(cli_bank.app, name="bank")
app.add_typer(cli_live.app, name="live")


def main() -> None:
    """The command's entry: a user's mistake is one sentence on stderr and exit code 1."""
    try:
        app()
    except CourseError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
