"""The answers of a meeting as a table: a row for each that counts, of each closed round."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from course.live.rounds import Given, Meeting, Round
from course.live.store import About
from course.live.telling import Telling
from course.quiz.score import score

HEADS = (
    "meeting", "quiz", "item", "round", "vote", "who", "name", "response", "state", "points",
    "possible", "confidence", "seconds", "times", "at",
)  # fmt: skip
_STARTS_A_FORMULA = tuple("=+-@\t\r\n＝＋－＠")


def table(about: About, meeting: Meeting, tellings: dict[str, Telling]) -> str:
    """The answers as CSV (RFC 4180). No text in it starts as a formula of a spreadsheet.

    `seconds` go from the opening of the round to one's first answer, `times` counts one's
    answers in it, `at` is when the last came (UTC). An answer to an item that is not in
    `tellings` has no state and no points.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(HEADS)
    for one in (one for one in meeting.rounds if one.closed_at is not None):
        for who, given in meeting.counted(one).items():
            name = meeting.people[who].name
            row = [about.code, about.quiz, one.item, one.number, one.vote, who, name]
            writer.writerow(map(_cell, [*row, *_answer(one, given, tellings.get(one.item))]))
    return stream.getvalue()


def _answer(one: Round, given: Given, telling: Telling | None) -> Iterator[Any]:
    response = given.response
    yield response if isinstance(response, str) else json.dumps(response, ensure_ascii=False)
    if telling is None:
        yield from ("", "", "")
    else:
        found = score(telling.item, response)
        by_hand = found.state == "by-hand"
        yield from (found.state, "" if by_hand else f"{found.points:g}", f"{found.possible:g}")
    yield given.confidence or ""
    yield from (f"{given.first_at - one.opened_at:.2f}", given.times)
    at = datetime.fromtimestamp(given.at, UTC)
    yield at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _cell(value: object) -> str:
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_STARTS_A_FORMULA) else text
