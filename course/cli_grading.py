"""`course grade`: all that was handed in of a quiz, fast, contained, and to be gone on with."""

import json
import sys
from contextlib import ExitStack
from datetime import datetime
from typing import Annotated

import typer

from course.errors import CourseError

Quiz = Annotated[str, typer.Argument(help="The quiz's name, for example 01_first_call.")]
_STOPPED = 130


def grade(
    quiz: Quiz,
    workers: Annotated[
        int | None, typer.Option(help="Processes; default: one a processor.", min=1, max=256)
    ] = None,
    student: Annotated[
        list[str] | None, typer.Option(help="Only this one's; may be given several times.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Only handed in since then, such as 2026-12-01T18:00.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Grade what has not changed as well.")
    ] = False,
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Run students' code as if it were yours.")
    ] = False,
    scheduler: Annotated[
        str | None, typer.Option(help="Use the Dask cluster whose scheduler is there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
):
    """Grade what lies in submitted/ into the gradebook; unchanged submissions are left out.

    Stopped at any moment, the same command goes on from there. The exit code is 1 when a
    submission could not be graded.
    """
    from course.project import find_root

    root, begin = find_root("solutions"), _time(since)
    if scheduler and workers:
        raise CourseError("--workers is for this computer, --scheduler for a cluster: give one.")
    try:
        with ExitStack() as stack:
            run, pool = _code(stack, scheduler, contained=not no_sandbox)
            batch, progress, preflight = _imported()
            for sentence in preflight.preflight(root, quiz):  # while the sandbox gets ready
                print(f"Before grading: {sentence}", file=sys.stderr)
            summary = batch.grade(
                quiz,
                root=root,
                students=student or None,
                since=begin,
                force=force,
                workers=workers,
                pool=pool,
                run=run,
                progress=progress.Told(),
            )
    except KeyboardInterrupt:
        goes_on = "it begins again with --force" if force else "the same command goes on"
        print(f"Stopped. What is graded is kept; {goes_on}.", file=sys.stderr)
        raise typer.Exit(_STOPPED) from None
    print(json.dumps(summary.as_dict(), indent=1) if as_json else summary)
    if not summary.ok:
        raise typer.Exit(1)


def _code(stack: ExitStack, scheduler: str | None, *, contained: bool):
    """How students' code is run, and the cluster if there is one.

    The sandbox comes first: it gets ready while this process imports.
    """
    from course.grading import quick

    with quick.imports():
        from course.grading import code
    if scheduler is None:
        return stack.enter_context(code.ready(contained=contained)), None
    run = code.elsewhere(contained=contained)
    _imported()
    from course.grading.cluster import DaskPool

    pool = DaskPool(scheduler, limits=run.limits, contained=run.mode == code.CONTAINED)
    return run, stack.enter_context(pool)


def _imported():
    """What takes time to import."""
    from course.grading import quick

    with quick.imports():
        from course.grading import batch, preflight, progress
    return batch, progress, preflight


def _time(text: str | None) -> datetime | None:
    """A time as people type it, in this computer's time zone unless it names another."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except ValueError:
        raise CourseError(
            f"--since {text!r} is no time: write it as 2026-12-01 or 2026-12-01T18:00."
        ) from None
