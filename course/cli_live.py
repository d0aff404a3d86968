"""`course live`: the quiz answered by the whole room at once, and what is left of it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from course.errors import CourseError

app = typer.Typer(help="A class that answers at once; past meetings.", invoke_without_command=True)

FILE = "live.db"
Code = Annotated[str, typer.Argument(help="The meeting's code.")]
Database = Annotated[
    str | None,
    typer.Option("--db", help="A file, or postgresql://…; default: live.db in the course."),
]
Port = Annotated[int, typer.Option(help="0 is any free one.", min=0, max=65535)]
Host = Annotated[str, typer.Option(help="127.0.0.1 is for this computer only.")]


@app.callback()
def live(
    context: typer.Context,
    quiz: Annotated[str | None, typer.Option(help="The quiz's name.")] = None,
    db: Database = None,
    host: Host = "0.0.0.0",
    port: Port = 8020,
    most: Annotated[int, typer.Option(help="So many may join.", min=1, max=10_000)] = 3000,
    new: Annotated[
        bool, typer.Option("--new", help="A new meeting, also where one is not over yet.")
    ] = False,
    origin: Annotated[
        list[str] | None, typer.Option(help="Another site whose pages may connect.")
    ] = None,
):
    """Start a live class; Ctrl-C stops the server, and the same command goes on with it."""
    if context.invoked_subcommand:
        return
    from course.live import running
    from course.project import find_root

    running.run(
        quiz,
        root=find_root("solutions"),
        db=db,
        host=host,
        port=port,
        most=most,
        new=new,
        origins=tuple(origin or ()),
    )


@app.command("list")
def meetings(db: Database = None):
    """List the meetings, the newest first."""
    from datetime import datetime

    from course.live import store

    with store.opened(_place(db)) as found:
        for about, over in found.meetings():
            began = datetime.fromtimestamp(about.began).strftime("%Y-%m-%d %H:%M")
            print(f"{about.code}  {began}  {about.quiz}{'' if over else '  (not over)'}")


@app.command()
def export(
    code: Code,
    csv: Annotated[Path | None, typer.Option(help="The file to write; default: CODE.csv.")] = None,
    db: Database = None,
):
    """Write a meeting's answers as a table, a row for each that counts."""
    from course.live import export

    past = _past(code, db)
    path = csv or Path(f"{past.about.code}.csv")
    try:
        table = export.table(past.about, past.meeting, past.tellings)
        path.write_text(table, encoding="utf-8-sig", newline="")
    except OSError as error:
        raise CourseError(f"{path} can't be written ({error.strerror}); name another.") from None
    print(f"{path} is written.")


@app.command()
def report(
    code: Code,
    db: Database = None,
    names: Annotated[bool, typer.Option("--names", help="Students by name.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
):
    """Say what a meeting's answers tell about its questions, as `course report` does."""
    from course.grading import item_report
    from course.grading.responses import Responses
    from course.live import statistics
    from course.quiz.statistics import quiz_figures
    from course.quiz.statistics_flags import flags

    past = _past(code, db)
    questions, students, remarks = statistics.records(past)
    found = Responses(past.about.quiz, past.title, questions, students, remarks)
    figures = quiz_figures(questions, students)
    called = statistics.names(past) if names else {one.name: one.name for one in students}
    made = item_report.Report(found, figures, flags(figures), called)
    if as_json:
        print(json.dumps(made.as_dict(), indent=1))
    else:
        item_report.say(made)


@app.command()
def replay(
    code: Code,
    db: Database = None,
    play: Annotated[bool, typer.Option("--play", help="On a page, as it went.")] = False,
    speed: Annotated[float, typer.Option(help="Times as fast.", min=0.1, max=1000)] = 10.0,
    host: Host = "127.0.0.1",
    port: Port = 8020,
):
    """Tell a past meeting vote by vote, or play it once more."""
    from course.live import replay, running

    past = _past(code, db)
    if play:
        running.play(past, host=host, port=port, speed=speed)
        return
    for line in replay.told(past):
        print(line)


def _place(db: str | None) -> str:
    from course.project import find_root

    return db or str(find_root("solutions") / FILE)


def _past(code: str, db: str | None):
    from course.live import past, store
    from course.live.names import plain_code
    from course.project import find_root

    with store.opened(_place(db)) as found:
        about = store.find(found, plain_code(code))
        bank = past.bank_of(about.quiz, root=find_root("solutions"))
        return past.read(found, about, bank=bank)
