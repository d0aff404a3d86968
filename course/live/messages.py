"""The protocol of a live class: JSON objects as text frames on the WebSocket at /live.

The client speaks first. Times in seconds; ids and keys are the client's own where it says so.

To the server
  hello    v: 1, role: "student", code, token, name      join, or come back: the same token is the
                                                         same student. `token` is the client's own
                                                         secret (16 to 128 of A-Z a-z 0-9 _ -),
                                                         made once and kept. `name` counts the
                                                         first time only; quiz, which may be left
                                                         out, is what the student expects
           v: 1, role: "instructor" or "screen", secret  what stands behind # in its address; the
                                                         screen (projector) only listens
  answer   key, round, item, response, confidence        `key` is new for each answer (8 to 64 of
                                                         the same signs), and the same when it is
                                                         sent again
  do       id, command, and what it is about             instructor: choose (item), open (seconds
                                                         or null), time (seconds or null), close,
                                                         show, hide, reveal, rename (who, name),
                                                         remove or readmit (who), lock, unlock, end
  ping     —                                             answered by pong; also where a proxy
                                                         hides that the connection is dead

To the client
  welcome  role, code, quiz, title, you, state           you: {who, name}, for students; items: to
                                                         choose from, and screen: the projector's
                                                         address, for the instructor; addresses
                                                         of the students' page, for both
  state    n, phase, item, round, vote, ends_in_s,       all that is to be drawn; the newest `n`
           histograms, moves, solution                   wins. private: for the instructor
  yours    round, key, response, confidence, heard       a student's own saved answer to the item
                                                         that is on; heard, once it is revealed
  you      name                                          to a student who was given another name
  saved    key, round                                    the answer is on the disk
  done     id                                            the command is on the disk
  refused  why, message, again; key or id                `again`: send the same once more, later
  counts   here, joined, answered                        instructor and screen; how many, not what
  people   people: [{who, name, here, removed}]          instructor: those that are new or changed
  pong     —

`phase` is lobby, asked, open, closed, revealed or ended. `item` is what the quiz's widget draws
(its `item` trait) with its `id`, null in the lobby. `histograms` are tallies (see tally.py), one a
vote, none while a round is open or before the instructor shows them; only after the reveal do
their rows say `right`. `solution` is {response, feedback, options: [{id, right, text, said}]}.
`heard` is the widget's `state`: {response, confidence, feedback, note}.

A connection is closed with 4000 (what was said makes no sense, or hello was refused: don't come
back by yourself), 4001 (the same student came from elsewhere: don't come back by yourself), 4002
(too much, too fast, or too slow to listen: come back later), or 4003 (removed). After any other
close come back by yourself, after 0.5 to 8 seconds drawn at random, longer each time; say hello
with the same token, and send again what was not acknowledged, under its key.
"""

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from course.errors import CourseError
from course.live.commands import LONGEST_S, SHORTEST_S
from course.live.names import LONGEST_NAME, plain_code

VERSION = 1
MOST_BYTES = 64 * 1024
NONSENSE, ELSEWHERE, TOO_MUCH, REMOVED = 4000, 4001, 4002, 4003
_SIGNS = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_ROLES = ("student", "instructor", "screen")


class Nonsense(CourseError):
    """A message that is none; `about` holds the key or id it came with, if any."""

    def __init__(self, sentence: str, **about: str):
        super().__init__(sentence)
        self.about = about


@dataclass(frozen=True, slots=True)
class Hello:
    """Who somebody is."""

    role: str
    secret: str
    """A student's token, or the meeting's secret."""
    code: str = ""
    name: str = ""
    quiz: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A student's answer; the response is read by the rules."""

    key: str
    round: int
    item: str
    response: Any
    confidence: Any = None


@dataclass(frozen=True, slots=True)
class Do:
    """A command of the instructor's."""

    id: str
    command: str
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ping:
    """Is anybody there?"""


Message = Hello | Answer | Do | Ping


def read(text: str | bytes | None) -> Message:
    """A message from a client, or Nonsense, which says in a sentence what is wrong with it."""
    if not isinstance(text, str):
        raise Nonsense("Send JSON as text, not bytes.")
    try:
        said = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise Nonsense("This message is no JSON.") from None
    if not isinstance(said, dict):
        raise Nonsense("A message is a JSON object with a type.")
    kind = said.pop("type", None)
    if not isinstance(kind, str) or kind not in _READ:
        raise Nonsense(f"A message's type is one of {', '.join(_READ)}.")
    return _READ[kind](said)


def _hello(said: dict[str, Any]) -> Hello:
    if said.get("v") != VERSION or isinstance(said["v"], bool):
        raise Nonsense("This page speaks another version; load it again.")
    role = _one_of(said, "role", _ROLES)
    if role != "student":
        _only(said, "v", "role", "secret")
        return Hello(role, _text(said, "secret", 200))
    _only(said, "v", "role", "code", "token", "name", "quiz")
    code, token = plain_code(_text(said, "code", 40)), _signs(said, "token", 16, 128)
    name = _text(said, "name", 4 * LONGEST_NAME, least=0)
    return Hello(role, token, code, name, _text(said, "quiz", 200) if "quiz" in said else "")


def _answer(said: dict[str, Any]) -> Answer:
    key = _signs(said, "key", 8, 64)
    try:
        _only(said, "key", "round", "item", "response", "confidence")
        number = said.get("round")
        if type(number) is not int or not 1 <= number < 1_000_000:
            raise Nonsense("An answer's round is a whole number from 1.")
        if "response" not in said:
            raise Nonsense("An answer has a response.")
        item = _words(said, "item")
    except Nonsense as error:
        raise Nonsense(str(error), key=key) from None
    return Answer(key, number, item, said["response"], said.get("confidence"))


def _do(said: dict[str, Any]) -> Do:
    name = _signs(said, "id", 1, 64)
    try:
        command = _one_of(said, "command", tuple(_ABOUT))
        wanted = _ABOUT[command]
        _only(said, "id", "command", *wanted)
        told = {field: read(said, field) for field, read in wanted.items()}
    except Nonsense as error:
        raise Nonsense(str(error), id=name) from None
    return Do(name, command, told)


def _only(said: dict[str, Any], *known: str) -> None:
    strange = sorted(said.keys() - set(known))
    if strange:
        raise Nonsense(f"The field {strange[0][:20]!r} is not known here.")


def _text(said: dict[str, Any], name: str, most: int, *, least: int = 1) -> str:
    found = said.get(name)
    if not isinstance(found, str) or not least <= len(found) <= most:
        raise Nonsense(f"The field {name!r} is a text of {least} to {most} signs.")
    return found


def _signs(said: dict[str, Any], name: str, least: int, most: int) -> str:
    found = said.get(name)
    if not isinstance(found, str) or not least <= len(found) <= most or not _SIGNS.fullmatch(found):
        raise Nonsense(f"The field {name!r} is {least} to {most} of A-Z, a-z, 0-9, _ and -.")
    return found


def _one_of(said: dict[str, Any], name: str, known: tuple[str, ...]) -> str:
    found = said.get(name)
    if not isinstance(found, str) or found not in known:
        raise Nonsense(f"The field {name!r} is one of {', '.join(known)}.")
    return found


def _seconds(said: dict[str, Any], name: str) -> float | None:
    found = said.get(name)
    if found is None:
        return None
    if type(found) not in (int, float) or not SHORTEST_S <= found <= LONGEST_S:
        raise Nonsense(f"The field {name!r} is {SHORTEST_S} to {LONGEST_S:,}, or null: no timer.")
    return float(found)


def _words(said: dict[str, Any], name: str) -> str:
    return _text(said, name, 4 * LONGEST_NAME)


_ABOUT: dict[str, dict[str, Callable[[dict[str, Any], str], Any]]] = {
    "choose": {"item": _words},
    "open": {"seconds": _seconds},
    "time": {"seconds": _seconds},
    "close": {},
    "show": {},
    "hide": {},
    "reveal": {},
    "rename": {"who": _words, "name": _words},
    "remove": {"who": _words},
    "readmit": {"who": _words},
    "lock": {},
    "unlock": {},
    "end": {},
}
_READ = {"hello": _hello, "answer": _answer, "do": _do, "ping": lambda said: _only(said) or Ping()}


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def write(kind: str, **body: Any) -> str:
    """A message to a client."""
    return _ENCODER.encode({"type": kind, **body})


_DECODER = json.JSONDecoder(parse_constant=_finite, parse_float=_finite)
_ENCODER = json.JSONEncoder(separators=(",", ":"))  # json.dumps would make one for each message
