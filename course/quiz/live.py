"""Joining a live class from a notebook: `quiz("01_first_call").live("ABCDEF", server="http://…")`.

    live_line      the connection, in a thread
    live_answers   one's own answers, sent until they are saved
    live_widget    what is seen

The journal is not touched. Beside it, live.json holds the secret by which the class knows the
learner again, so that a notebook whose kernel died goes on as the same person.
"""

import json
import os
import secrets
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.errors import CourseError
from course.quiz.live_line import ELSEWHERE, Status, address_of
from course.quiz.place import execution

if TYPE_CHECKING:
    from course.quiz import Quiz
    from course.quiz.live_widget import LiveWidget

SERVER = "COURSE_LIVE"
FILE = "live.json"
GUEST = "Guest"
FIRST_S = 8.0
"""So long the cell waits for the first word of the class; after that the widget waits alone."""
_MOST_KEPT = 50
_AGAIN = "The cell ran again: go on in its newest output."

_joined: dict[tuple[Path, str], "LiveWidget"] = {}
_tokens: dict[tuple[Path, str], str] = {}


def join(
    quiz: "Quiz", code: str, *, server: str | None = None, name: str | None = None
) -> "LiveWidget | None":
    """The widget of the class with this code; see Quiz.live."""
    if execution():
        print("A live class is no part of grading.")
        return None
    plain, address = _plain(code), address_of(server or _server(quiz.name, code))
    from course.quiz.live_widget import LiveWidget

    token, is_known = token_for(quiz.place.journal_path, plain)
    server = server or os.environ[SERVER]
    if name is not None and not any(sign.isalnum() for sign in str(name)):
        raise CourseError("Give a name with at least one letter or digit, or leave it out.")
    hello = {"role": "student", "code": plain, "token": token, "name": str(name or GUEST)}
    hello["quiz"] = quiz.name
    before = _joined.pop((quiz.place.journal_path, plain), None)
    if before:
        before.leave(_AGAIN)
    widget, first = LiveWidget(plain), _First()
    widget.join(address, hello, first=first.welcome, told=first.told)
    try:
        _check(first.wait(), is_known=is_known, server=server)
    except BaseException:
        widget.leave("This did not work.")
        raise
    _keep(quiz.place.journal_path, plain, token)
    _joined[quiz.place.journal_path, plain] = widget
    if name and is_known and first.name and first.name != name:
        print(f"You joined as {first.name}, and stay so; your teacher can rename you.")
    return widget


class _First:
    """Waits for the first word of the class."""

    def __init__(self):
        self._event, self._status = threading.Event(), Status("connecting")
        self.name = ""

    def welcome(self, message: Mapping[str, Any]) -> None:
        self.name = message["you"]["name"]

    def told(self, status: Status) -> None:
        if status.kind != "connecting" and not self._event.is_set():
            self._status = status
            self._event.set()

    def wait(self) -> Status:
        self._event.wait(FIRST_S)
        return self._status


def _check(status: Status, *, is_known: bool, server: str) -> None:
    """CourseError where there is nothing to wait for."""
    if status.kind == "over" and status.code != ELSEWHERE:
        if status.why == "nonsense":
            raise CourseError(
                f"The class at {server} speaks another version of this course: get the version "
                "that your teacher has, then run this cell again."
            )
        raise CourseError(f"The class at {server} says: {status.words or 'no.'}")
    if status.kind != "lost" or is_known:
        return
    if status.why == "other":
        raise CourseError(
            f"At {server} something answers, but no live class: look at the address on the screen."
        )
    raise CourseError(
        f"No live class answers at {server}: look at the address on the screen and at your "
        "network, then run this cell again."
        if not status.words
        else f"The class at {server} says: {status.words}"
    )


def _plain(code: object) -> str:
    plain = "".join(code.split()).replace("-", "").upper() if isinstance(code, str) else ""
    if len(plain) != 6 or not plain.isascii() or not plain.isalpha():
        raise CourseError(f"A class's code is six letters, as on the screen; {code!r} is none.")
    return plain


def _server(quiz: str, code: object) -> str:
    found = os.environ.get(SERVER, "").strip()
    if not found:
        raise CourseError(
            f'Say where the class is: quiz("{quiz}").live("{code}", server="http://…"), with the '
            f"address on the screen; or set {SERVER} to it."
        )
    return found


def token_for(journal_path: Path, code: str) -> tuple[str, bool]:
    """The secret of this learner in that meeting, and whether the class knows it."""
    kept = _read(journal_path.with_name(FILE)).get(code) or _tokens.get((journal_path, code))
    return kept or secrets.token_urlsafe(16), bool(kept)


def _keep(journal_path: Path, code: str, token: str) -> None:
    """Where live.json can't be written, a token lasts as long as this process."""
    _tokens[journal_path, code] = token
    path = journal_path.with_name(FILE)
    kept = _read(path)
    if kept.get(code) != token:
        _write(path, dict([*kept.items()][-_MOST_KEPT:]) | {code: token})


def _read(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    fits = (pair for pair in found.items() if isinstance(pair[1], str) and 16 <= len(pair[1]) < 129)
    return dict(fits)


def _write(path: Path, kept: dict[str, str]) -> None:
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=".live-", delete=False, encoding="utf-8"
        ) as file:  # only its owner may read it
            json.dump(kept, file, indent=1)
        Path(file.name).replace(path)
    except OSError:
        return
