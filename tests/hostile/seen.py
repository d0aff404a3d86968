"""What came of a grading: marks from the gradebook, and what students read."""

import html
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from course.grading import gradebook

_RUNS = re.compile(
    r"<script|<iframe|<object|<embed|<form|<base|<meta[^>]+refresh|<link|<svg|<math|<template"
    r"|<video|<audio|<textarea|<xmp|<noscript|<img(?![^>]+src=.data:image/(?:png|jpeg);base64,)"
    r"|<[a-z][^>]*\son[a-z]+\s*=|<[^>]*(?:href|src|action|data)\s*=\s*[\"']?\s*"
    r"(?:javascript|vbscript|data:text|//|https?://evil)",
    re.IGNORECASE,
)
"""What a browser would run or fetch."""


@dataclass(frozen=True)
class Graded:
    """One student's graded submission; `page` is the feedback, `notebook` the graded file."""

    marks: dict[str, float | None]
    waits: dict[str, bool]
    notebook: str
    outputs: str
    remarks: str
    page: str

    @property
    def read(self) -> str:
        """All that the grader says to the student, on the page and in the notebook."""
        return f"{self.remarks}\n{self.outputs}\n{self.page}"

    def dangers(self) -> list[str]:
        """What would run or be loaded on the feedback page."""
        return sorted({found[0][:60] for found in _RUNS.finditer(self.page)})


def says(graded: Graded, pattern: str) -> bool:
    """Whether the student reads what happened."""
    words = html.unescape(graded.read)
    return not pattern or re.search(pattern, words, re.IGNORECASE) is not None


def marks(root: Path, quiz: str) -> dict[str, tuple[dict, dict]]:
    """The automatic marks by student and item, and what waits for a person."""
    found = {}
    with gradebook.opened(root) as book:
        for submission in book.find_assignment(quiz).submissions:
            grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
            found[submission.student.id] = (
                {grade.name: grade.auto_score for grade in grades},
                {grade.name: bool(grade.needs_manual_grade) for grade in grades},
            )
    return found


def graded(root: Path, quiz: str) -> dict[str, Graded]:
    """Every student whose submission is graded."""
    found = {}
    for student, (points, waits) in marks(root, quiz).items():
        path = root / "autograded" / student / quiz / f"{quiz}.ipynb"
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        notebook = nbformat.reads(text, as_version=4)
        page = root / "feedback" / student / quiz / f"{quiz}.html"
        first = notebook.cells[0]
        found[student] = Graded(
            points,
            waits,
            text,
            "\n".join(str(cell.get("outputs", "")) for cell in notebook.cells),
            first.source if first.get("id") == "remarks" else "",
            page.read_text(encoding="utf-8") if page.is_file() else "",
        )
    return found
