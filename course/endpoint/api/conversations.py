"""Answers of the Responses API that are kept, so that a later request can go on from one.

They are kept in memory and for one key each. The real service keeps them for 30 days; here the
ones longest unused are forgotten when there are too many or they are too large.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from pydantic_core import from_json

from course.endpoint.api.queries import newest_first, page
from course.endpoint.wire import WireError

MOST, MOST_BYTES = 4096, 64 * 1024**2
PAGE, LONGEST_PAGE = 20, 100


@dataclass(frozen=True, slots=True)
class Stored:
    """One answer: its JSON, the JSON of the input items that came with its request, its links.

    `previous` is the id of the answer before it, `names` are the ids of all items in it.
    """

    id: str
    previous: str | None
    items: bytes
    body: bytes
    names: tuple[str, ...]

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(self.items) + len(self.body) + 256 + 128 * len(self.names)

    def all_items(self) -> list[dict]:
        """What went in with its request, and what came out."""
        return from_json(self.items) + from_json(self.body)["output"]


class Conversations:
    """The kept answers of an endpoint, at most so many and so many bytes of them."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES):
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[tuple[str, str], Stored] = OrderedDict()
        self._holders: dict[tuple[str, str], str] = {}
        self._bytes = 0
        self._lock = Lock()

    def keep(self, key: str, stored: Stored) -> None:
        """Keep an answer, and forget the ones longest unused where there is no room."""
        with self._lock:
            self._kept[key, stored.id] = stored
            self._holders |= {(key, name): stored.id for name in stored.names}
            self._bytes += stored.size
            while self._kept and (len(self._kept) > self._most or self._bytes > self._most_bytes):
                self._forget(*next(iter(self._kept)))

    def get(self, key: str, response_id: str) -> dict:
        """An answer; raises WireError 404 where this key has none of that id."""
        return from_json(self._find(key, response_id).body)

    def delete(self, key: str, response_id: str) -> dict:
        """Forget an answer; raises WireError 404 where this key has none of that id."""
        self._find(key, response_id)
        with self._lock:
            self._forget(key, response_id)
        return {"id": response_id, "object": "response", "deleted": True}

    def cancel(self, key: str, response_id: str) -> None:
        """Always raises WireError: no answer is worked on in the background here."""
        self._find(key, response_id)
        raise WireError(400, "Cannot cancel a synchronous response.")

    def items(self, key: str, response_id: str, query: Mapping[str, str]) -> dict:
        """The items that led to an answer, those of the answers before it too, in pages."""
        stored = self._find(key, response_id)
        newest = newest_first(query)
        items = self.chain(key, stored.previous) if stored.previous else []
        items += from_json(stored.items)
        if newest:
            items.reverse()
        return page(items, query, most=LONGEST_PAGE, usual=PAGE, missing=_no_such_item)

    def chain(self, key: str, response_id: str) -> list[dict]:
        """All items of a conversation up to an answer, in order.

        Raises WireError 400 where that answer, or one before it, is not kept (any more).
        """
        links = []
        step: str | None = response_id
        while step is not None:
            stored = self._kept.get((key, step))
            if stored is None:
                told = f"Previous response with id '{step:.100}' not found."
                raise WireError(
                    400, told, code="previous_response_not_found", param="previous_response_id"
                )
            links.append(stored)
            step = stored.previous
        with self._lock:
            # Oldest first, so that the first answers are forgotten before those that need them.
            for stored in reversed(links):
                if (key, stored.id) in self._kept:
                    self._kept.move_to_end((key, stored.id))
        return [item for stored in reversed(links) for item in stored.all_items()]

    def item(self, key: str, item_id: str) -> dict:
        """A kept item by its own id; raises WireError 404 where this key has none of that id."""
        stored = self._kept.get((key, self._holders.get((key, item_id), "")))
        for item in stored.all_items() if stored else ():
            if item["id"] == item_id:
                return item
        raise _no_such_item(item_id)

    def _find(self, key: str, response_id: str) -> Stored:
        stored = self._kept.get((key, response_id))
        if stored is None:
            raise WireError(404, f"Response with id '{response_id:.100}' not found.")
        return stored

    def _forget(self, key: str, response_id: str) -> None:
        stored = self._kept.pop((key, response_id), None)
        if stored is None:
            return
        self._bytes -= stored.size
        for name in stored.names:
            if self._holders.get((key, name)) == response_id:
                del self._holders[key, name]


def _no_such_item(item_id: str) -> WireError:
    told = (
        f"Item with id '{item_id:.100}' not found. Items are not persisted when `store` is set to "
        "false. Try again with `store` set to true, or remove this item from your input."
    )
    return WireError(404, told, param="input")
