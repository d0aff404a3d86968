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

    kinds = _kinds(memo, plot)
    made = upgrade.decide(results, rule)
    print(made.as_json() if as_json else made)
    if memo:
        _write(memo, made.memo(kinds["memo"]).encode())
    if plot:
        _write(plot, _drawn(made.plot(), kinds["plot"]))


def _kinds(memo: Path | None, plot: Path | None) -> dict[str, str]:
    """What the files to write are, by their endings; known before anything is reckoned."""
    from course.upgrade.memo import kind_of

    found = {"memo": kind_of(memo)} if memo else {}
    if plot:
        found["plot"] = plot.suffix.lower().removeprefix(".")
        if found["plot"] not in ("png", "svg", "pdf"):
            raise CourseError(f"A plot ends in .png, .svg or .pdf, not {plot.name!r}.")
    return found


def _drawn(picture, kind: str) -> bytes:
    import io

    store = io.BytesIO()
    picture.figure.savefig(store, format=kind, dpi=150)
    return store.getvalue()


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise CourseError(f"{path} can't be written ({error.strerror}); name another.") from None
    print(f"{path} is written.", file=sys.stderr)
