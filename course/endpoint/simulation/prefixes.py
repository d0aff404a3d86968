"""Which part of a prompt was seen before: the rule by which the real service bills cached tokens.

A prompt of at least 1,024 tokens is cached from its start, in steps of 128 (OpenAI's
prompt-caching guide). The real service forgets after minutes; this one only when it is full.
"""

import json
from array import array
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from threading import Lock

from course import tokens
from course.endpoint.wire import dumps
from course.facts import fact

STEP = 128
BOUND = 65_536
"""So many prefixes are remembered, in memory only; the oldest are forgotten first."""


class PromptCache:
    """Remembers prefixes of prompts as hashes; the prompts themselves are not kept."""

    def __init__(self, bound: int = BOUND):
        self.minimum = int(fact("tokens.cache_minimum"))
        self._bound = bound
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._lock = Lock()

    def look_up(self, owner: str, ids: Sequence[int]) -> int:
        """How many of a prompt's tokens this owner has sent before; and remember this prompt."""
        marks = self._marks(owner, ids)
        with self._lock:
            known = next((at for at in reversed(range(len(marks))) if marks[at] in self._seen), -1)
            # Long prefixes first: the short ones, of use to more prompts, are forgotten last.
            for mark in reversed(marks):
                self._seen[mark] = None
                self._seen.move_to_end(mark)
            while len(self._seen) > self._bound:
                self._seen.popitem(last=False)
        return 0 if known < 0 else self.minimum + known * STEP

    def _marks(self, owner: str, ids: Sequence[int]) -> list[bytes]:
        numbers = array("i", ids)
        running, start, marks = blake2b(owner.encode(), digest_size=16), 0, []
        for end in range(self.minimum, len(numbers) + 1, STEP):
            running.update(numbers[start:end].tobytes())
            marks.append(running.digest())
            start = end
        return marks


def prompt_ids(messages: Sequence[Mapping], also: Sequence[object], model: str) -> list[int]:
    """A number for each token of the prompt, in order, so that equal starts are equal lists.

    Tools and the answer's format (`also`) come before the messages. The tokens that the service
    adds to a message (3, and 3 before the reply) have no published numbers: negative ones stand
    for them.
    """
    ids: list[int] = []
    for part in also:
        ids += tokens.encode(dumps(part), model)
    for message in messages:
        ids += (-1, -2, -3, *tokens.encode(message["role"], model))
        if message.get("name"):
            ids += (-4, *tokens.encode(message["name"], model))
        content = message.get("content")
        for part in content if isinstance(content, list) else [content]:
            ids += _part_ids(part, model)
        if message.get("tool_calls"):
            ids += tokens.encode(json.dumps(message["tool_calls"]), model)
    return [*ids, -5, -6, -7]


def _part_ids(part: object, model: str) -> list[int]:
    if isinstance(part, str):
        return tokens.encode(part, model)
    if not isinstance(part, dict):
        return []
    if part["type"] == "text":
        return tokens.encode(part["text"], model)
    size = tokens.count_messages([{"content": [part]}], model) - tokens.count_messages([{}], model)
    stamp = blake2b(json.dumps(part, sort_keys=True).encode(), digest_size=3).digest()
    return [int.from_bytes(stamp)] * size
