"""`course bank …`: what is done with banks of questions."""

from pathlib import Path
from typing import Annotated

import typer

from course.errors import CourseError

app = typer.Typer(help="Check, export and import banks of questions.", no_args_is_help=True)


@app.command()
def lint(
    quizzes: Annotated[
        list[str] | None, typer.Argument(help="Names, or files of banks; default: all quizzes.")
    ] = None,
):
    """Check banks by the rules of good questions; exit code 1 for what must be mended."""
    from course.project import find_root
    from course.quiz import lint

    named = quizzes or []
    files = [name for name in named if Path(name).is_file()]
    names = [name for name in named if name not in files]
    reports = [lint.report_file(file) for file in files]
    if names or not files:
        reports.append(lint.report(names, root=find_root("solutions")))
    for _, told in reports:
        print(told)
    if any(lint.stops(findings) for findings, _ in reports):
        raise typer.Exit(1)


@app.command()
def export(
    quiz: Annotated[str, typer.Argument(help="The quiz's name.")],
    to: Annotated[str, typer.Option(help="gift, moodle-xml or qti21.")],
    into: Annotated[Path, typer.Option(help="The folder for the file.")] = Path(),
):
    """Write a bank in another system's format, and say what that format can't hold."""
    from course.facts import facts
    from course.project import find_root
    from course.quiz import bank, exchange

    path = find_root("solutions") / "solutions" / quiz / "bank.toml"
    if not path.is_file():
        raise CourseError(f"There is no {path}; solutions/ holds one folder for each quiz.")
    made = exchange.export(bank.load(path, facts=facts()), to, facts=facts())
    file = into / made.filename
    _write(file, made.content)
    print(f"{file} is written.")
    _tell(made.losses)


@app.command("import")
def take(
    file: Annotated[Path, typer.Argument(help="GIFT, Moodle XML or QTI 1.2 (also zipped).")],
    to: Annotated[Path, typer.Option(help="The draft to write.")] = Path("bank.draft.toml"),
):
    """Make a draft of bank.toml from another system's file, and say what is not in it."""
    from course.quiz import exchange

    if to.exists():
        raise CourseError(f"{to} is there already; name another file with --to.")
    made = exchange.read(file)
    _write(to, made.bank_toml.encode())
    print(f"{to} is written: a draft, to be finished by hand.")
    _tell(made.losses)


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise CourseError(f"{path} can't be written ({error.strerror}); name another.") from None


def _tell(losses: list[str]) -> None:
    if losses:
        print("Not in it:")
        print("\n".join(f"- {loss}" for loss in losses))
