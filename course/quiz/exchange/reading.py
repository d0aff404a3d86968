"""From a file of unknown kind to a draft: what it is, is seen from its first letters."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from course.errors import CourseError
from course.quiz import archive
from course.quiz.exchange import gift_read, moodle_read, notes, package, qti12, safe_xml
from course.quiz.exchange.draft import Draft
from course.quiz.exchange.found import Question
from course.quiz.exchange.losses import Losses

_BEFORE_XML = b"\xef\xbb\xbf \t\r\n"
_XML = (b"<", b"\xff\xfe<", b"\xfe\xff\x00<")
MOST_BYTES = safe_xml.MOST_BYTES


def read_draft(path: Path) -> tuple[str, list[str]]:
    """The text of a draft bank.toml, and what was lost; CourseError for what is no quiz."""
    try:
        data = archive.read_file(path, most=MOST_BYTES)
    except CourseError as error:
        raise CourseError(
            f"{error}; a quiz is a file of at most {MOST_BYTES / 1e6:g} MB."
        ) from None
    if data is None:
        raise CourseError(f"There is no file {path}.")
    losses = Losses()
    kept, found = _opened(data, path.name, losses)
    draft = Draft(path.name, losses, kept)
    for question in found:
        draft.add(question)
    if not draft.items:
        raise CourseError(
            " ".join([f"{path.name} holds no question that can be read.", *losses.told()[:3]])
        )
    return draft.toml(), losses.told()


def _opened(data: bytes, name: str, losses: Losses) -> tuple[dict[str, Any], Iterator[Question]]:
    """What the file says about the whole quiz, and its questions."""
    if data.startswith(b"PK"):
        return _packed(data, name, losses)
    if not data.lstrip(_BEFORE_XML).startswith(_XML):
        text = _decoded(data, name)
        return gift_read.about(text), gift_read.questions(text, name, losses)
    root = safe_xml.read(data, name)
    if root.name == "quiz":
        return notes.read(root.note), moodle_read.questions(root, name, losses)
    return {"title": qti12.title_of(root)}, qti12.questions(root, name, losses)


def _packed(data: bytes, name: str, losses: Losses) -> tuple[dict[str, Any], Iterator[Question]]:
    roots = [
        (f"{path} in {name}", safe_xml.read(content, f"{path} in {name}"))
        for path, content in package.files(data, name)
    ]
    quizzes = [(path, root) for path, root in roots if root.name == "questestinterop"]
    if not quizzes:
        raise CourseError(f"{name} holds no QTI 1.2 quiz (a file with <questestinterop>).")
    found = (qti12.questions(root, path, losses) for path, root in quizzes)
    return {"title": qti12.title_of(quizzes[0][1])}, itertools.chain.from_iterable(found)


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CourseError(f"{name}, line {line}: save the file as UTF-8.") from None
