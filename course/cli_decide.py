"""`course decide`: results held against a rule."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from course.errors import CourseError


def decide(
    results: Annotated[
        Path,
        typer.Argument(help="A CSV file: item, model, correct, cost_usd; a row an item and model."),
    ],
    rule: Annotated[
        Path, typer.Option(help="A TOML file: baseline, candidate, error_worth_usd and limits.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    memo: Annotated[
        Path | None, typer.Option(help="Also write a page to sign, .md or .html.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Also draw cost against accuracy, .png, .svg or .pdf.")
    ] = None,
):
    """Say whether to stay, upgrade, cascade or measure more, and why."""
    from course import upgrade

    kind = _kind_of_memo(memo, plot)
    made = upgrade.decide(results, rule)
    print(made.as_json() if as_json else made)
    if memo:
        _write(memo, made.memo(kind).encode())
    if plot:
        made.plot().save(plot)
        print(f"{plot} is written.", file=sys.stderr)


def _kind_of_memo(memo: Path | None, plot: Path | None) -> str:
    """What kind of memo to write, if any; files that can't be are told before the reckoning."""
    kind = ""
    if memo:
        from course.upgrade.memo import kind_of

        kind = kind_of(memo)
    if plot:
        from course.plots.picture import check_file

        check_file(plot)
    for path in filter(None, (memo, plot)):
        if not path.parent.is_dir():
            raise CourseError(f"{path} can't be written: there is no folder {path.parent}.")
    return kind


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise CourseError(f"{path} can't be written ({error.strerror}); name another.") from None
    print(f"{path} is written.", file=sys.stderr)
