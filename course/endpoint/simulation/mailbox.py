"""The e-mails of the course's mailbox: what they are known by, and what is right for each.

Their texts stand in one place, lessons/data/mailbox.csv; here is a digest of each, so that the
endpoint finds one in a prompt without a copy of it. All begin with `Subject: `, so a prompt
without these words has none, and the references are not even read before the first that has.

Each e-mail is up to three tasks, told apart by the words of the request (its schema included):
its fields (order, sentiment, product) where "extract", or "order" or "product" in quotation
marks, is among them; else its sentiment where that word is; else its label. Where all labels are
named in a request for one of the others, the label is asked for as well.
"""

import csv
from collections.abc import Callable, Iterator
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from course.endpoint.simulation.reference import LEAST, Item

REFERENCES = Path(__file__).with_name("references") / "mailbox.csv"
OPENS = "Subject: "
"""The first words of each e-mail."""
FIELDS = ("order", "sentiment", "product")
ASKS_FIELDS = 'extract|"order"|"product"|order_number'
ASKS_SENTIMENT = "sentiment"


class Mailbox:
    """Finds e-mails in prompts by their beginnings, lengths and digests."""

    def __init__(self, path: Path = REFERENCES):
        self._path = path
        self._made: dict[str, list[Item]] = {}

    def may_be_in(self, text: str) -> bool:
        """Whether an e-mail of the mailbox can be in the text."""
        return OPENS in text

    def alone(self, folded: str) -> list[Item]:
        """The tasks about the e-mail that the text (with its white space folded) is; or none."""
        found = self.at(folded, 0, lambda end: end == len(folded))
        return found[0] if found else []

    def at(
        self, whole: str, start: int, may_end: Callable[[int], object]
    ) -> tuple[list[Item], int] | None:
        """The tasks about the longest e-mail that begins at `start`, and its length; or None."""
        if not whole.startswith(OPENS, start):
            return None
        for row in self._rows.get(whole[start : start + LEAST], ()):
            end = start + row["length"]
            if end <= len(whole) and may_end(end) and _digest(whole[start:end]) == row["digest"]:
                return self._items(row), row["length"]
        return None

    def items(self) -> Iterator[Item]:
        """All tasks about all e-mails."""
        for rows in self._rows.values():
            for row in rows:
                yield from self._items(row)

    @cached_property
    def _rows(self) -> dict[str, list[dict]]:
        """The references by the first characters of the e-mails, long e-mails first."""
        rows: dict[str, list[dict]] = {}
        with self._path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                row["length"] = int(row["length"])
                rows.setdefault(row["start"], []).append(row)
        for alike in rows.values():
            alike.sort(key=lambda row: -row["length"])
        return rows

    def _items(self, row: dict) -> list[Item]:
        name = row["item"]
        if name not in self._made:
            self._made[name] = [_fields(row), _sentiment(row), _label(row)]
        return self._made[name]


def _label(row: dict) -> Item:
    return Item(
        id=row["item"],
        kind="classification",
        answer=row["label"],
        wrong=row["wrong"].split(),
        injected=row["injected"] or None,
        difficulty=float(row["difficulty"]),
        group=row["hard"],
        language=row["language"],
    )


def _fields(row: dict) -> Item:
    wrong = [{name: row[f"other_{name}"]} for name in FIELDS if row[f"other_{name}"] != row[name]]
    return Item(
        id=f"{row['item']}-fields",
        kind="extraction",
        answer={name: row[name] for name in FIELDS},
        wrong=wrong,
        difficulty=float(row["fields_difficulty"]),
        when=ASKS_FIELDS,
        group=row["hard"],
        language=row["language"],
    )


def _sentiment(row: dict) -> Item:
    return Item(
        id=f"{row['item']}-sentiment",
        kind="classification",
        answer=row["sentiment"],
        wrong=[row["other_sentiment"]],
        difficulty=float(row["fields_difficulty"]),
        when=ASKS_SENTIMENT,
        group=row["hard"],
        language=row["language"],
    )


def _digest(folded: str) -> str:
    return sha256(folded.encode(errors="replace")).hexdigest()[:16]
