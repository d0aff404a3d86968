"""A decision for the terminal: the verdict first, then why, then what would flip it."""

import textwrap
from typing import TYPE_CHECKING

from course.upgrade.values import counted

if TYPE_CHECKING:
    from course.upgrade.decide import Decision

WIDTH = 88


def report(d: "Decision") -> str:
    """The verdict, reasons, flips and notes as text, no line wider than a narrow terminal."""
    parts = [
        f"Verdict: {d.verdict}\n{d.headline}",
        _listed("Why", d.reasons),
        _listed("What would flip it", d.flips),
        _listed("About the data", (f"{counted(d.n, 'item')}, source: {d.source}.", *d.notes)),
    ]
    return "\n\n".join(part for part in parts if part)


def _listed(title: str, sentences: tuple[str, ...]) -> str:
    lines = [
        textwrap.fill(
            one, WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False
        )
        for one in sentences
    ]
    return "\n".join([title, *lines]) if lines else ""
