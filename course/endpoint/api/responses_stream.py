"""The events of a streamed answer of the Responses API, each with the time when it is due."""

from collections.abc import Iterator, Sequence

from pydantic_core import to_json

from course.endpoint.api.responses_output import Output
from course.endpoint.simulation.ask import Piece

Events = Iterator[tuple[float, bytes]]


class Stream:
    """Writes the events of one answer.

    Events are numbered from 0. What does not change from delta to delta is written once.
    `due` is when each token is to be sent, in seconds after the request.
    """

    def __init__(self, output: Output, due: Sequence[float]):
        self._output, self._due = output, due
        self._number = self._sent = 0

    def events(self, opened: bytes, closed: bytes) -> Events:
        """All events; `opened` and `closed` are the JSON of the response at start and end."""
        first = self._lifecycle("created", opened) + self._lifecycle("in_progress", opened)
        yield 0.0, first
        for place, item in enumerate(self._output.items):
            if item["type"] == "reasoning":
                yield from self._reasoning(place, item)
            elif item["type"] == "message":
                yield from self._message(place, item)
            else:
                yield from self._call(place, item)
        end = "incomplete" if self._output.why_incomplete else "completed"
        yield self._due[-1], self._lifecycle(end, closed)

    def _reasoning(self, place: int, item: dict) -> Events:
        yield 0.0, self._item("added", place, item)
        yield self._due[0], self._item("done", place, item)

    def _message(self, place: int, item: dict) -> Events:
        part = item["content"][0]
        kind = part["type"]
        field = "text" if kind == "output_text" else "refusal"
        at = {"item_id": item["id"], "output_index": place, "content_index": 0}
        empty = part | ({"text": "", "logprobs": []} if field == "text" else {"refusal": ""})
        opening = self._item("added", place, item | {"status": "in_progress", "content": []})
        yield self._now, opening + self._event("content_part.added", at | {"part": empty})
        yield from self._deltas(kind, at, self._output.pieces[place])
        said = at | {field: part[field]}
        if field == "text":
            said["logprobs"] = part["logprobs"]
        yield (
            self._now,
            self._event(f"{kind}.done", said)
            + self._event("content_part.done", at | {"part": part})
            + self._item("done", place, item),
        )

    def _call(self, place: int, item: dict) -> Events:
        at = {"item_id": item["id"], "output_index": place}
        yield (
            self._now,
            self._item("added", place, item | {"status": "in_progress", "arguments": ""}),
        )
        yield from self._deltas("function_call_arguments", at, self._output.pieces[place])
        said = at | {"arguments": item["arguments"], "name": item["name"]}
        ending = self._event("function_call_arguments.done", said)
        yield self._now, ending + self._item("done", place, item)

    def _deltas(self, kind: str, at: dict, pieces: Sequence[Piece]) -> Events:
        name = f"response.{kind}.delta".encode()
        head = b'event: %b\ndata: {"type":"%b","sequence_number":' % (name, name)
        middle = b"," + to_json(at)[1:-1] + b',"delta":'
        probable, told = self._output.logprobs, 0
        for piece in pieces:
            tail = b"}\n\n"
            if kind == "output_text":
                part = probable[told : told + piece.tokens]
                told += piece.tokens
                tail = b',"logprobs":%b}\n\n' % (to_json(part) if part else b"[]")
            self._sent += piece.tokens
            event = b"%b%d%b%b%b" % (head, self._number, middle, to_json(piece.text), tail)
            self._number += 1
            yield self._now, event

    @property
    def _now(self) -> float:
        """When what was sent so far is due."""
        return self._due[min(max(self._sent, 1), len(self._due)) - 1]

    def _item(self, what: str, place: int, item: dict) -> bytes:
        return self._event(f"output_item.{what}", {"output_index": place, "item": item})

    def _lifecycle(self, what: str, response: bytes) -> bytes:
        return self._write(what, b'"response":' + response)

    def _event(self, what: str, about: dict) -> bytes:
        return self._write(what, to_json(about)[1:-1])

    def _write(self, what: str, rest: bytes) -> bytes:
        name, number = f"response.{what}".encode(), self._number
        self._number += 1
        told = b'event: %b\ndata: {"type":"%b","sequence_number":%d,%b}\n\n'
        return told % (name, name, number, rest)
