"""What the simulator answers to a request, and why that.

In this order: what was authored for it; the answer to a task with a reference, right or wrong by
a stated draw; the calls of tools that it must make; a refusal of what moderation flags; an
instance of the schema asked for; the calls of tools that fit; and else a sentence that it is the
simulator. No answer comes from a language model.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from course.endpoint.simulation import choosing, filling, flagging, given, history, replies, schema
from course.endpoint.simulation.abilities import Abilities
from course.endpoint.simulation.ask import Ask, Tool
from course.endpoint.simulation.given import Given
from course.endpoint.simulation.logprobs import Sure
from course.endpoint.simulation.reference import Found
from course.endpoint.simulation.replies import Book, Conversation, Entry
from course.endpoint.simulation.tasks import Tasks
from course.endpoint.wire import dumps

REFUSAL = "I'm sorry, but the simulator refuses what its moderation rule calls {}."


@dataclass(slots=True)
class Said:
    """What is said in one choice, before it is cut: a text, or calls of tools.

    `sure` tells the confidence in answers that have a reference, `right` whether they were all
    given right (None: there is no reference).
    """

    text: str = ""
    refusal: bool = False
    calls: tuple[tuple[str, Mapping], ...] = ()
    sure: tuple[Sure, ...] = ()
    right: bool | None = None


class Mind:
    """Decides what is said, from the book, the tasks and the abilities of the models."""

    def __init__(self, book: Book, known: Tasks, abilities: Abilities, *, seed: int):
        self._book, self._tasks, self._abilities, self._seed = book, known, abilities, seed
        self._chance = random.Random(seed)

    def say(self, ask: Ask) -> list[Said]:
        """What is said in each choice of the answer."""
        talk = Conversation.of(ask.messages)
        entry = self._book.find(talk)
        if talk.results and not (entry is not None and entry.then):
            return self._unauthored(ask, talk)
        if talk.results:
            one = Said(self._formed(ask, entry.then))
        elif entry is not None:
            one = self._authored(ask, entry)
        else:
            return self._unauthored(ask, talk)
        return [one] * ask.choices

    def draw(self, ask: Ask) -> random.Random:
        """Chance for this request: the same for the same messages, model, seed and endpoint."""
        told = f"{self._seed} {ask.model} {ask.seed} {dumps(ask.messages)}"
        return random.Random(blake2b(told.encode(errors="replace"), digest_size=8).digest())

    def _authored(self, ask: Ask, entry: Entry) -> Said:
        wanted = {tool.name for tool in ask.tools} if ask.tool_choice != "none" else set()
        calls = tuple((call.name, call.arguments) for call in entry.calls if call.name in wanted)
        if calls:
            return Said(calls=calls if ask.parallel else calls[:1])
        if _must_call(ask):
            return self._calls(ask, entry.user)
        text = entry.words((ask.model, ask.profile.id))
        return Said(text, refusal=True) if entry.refusal else Said(self._formed(ask, text))

    def _unauthored(self, ask: Ask, talk: Conversation) -> list[Said]:
        callable_now = () if ask.tool_choice == "none" else [tool.name for tool in ask.tools]
        schema = ask.format.schema if ask.format else None
        if found := self._tasks.find(ask.messages, tools=callable_now, schema=schema):
            return [self._task(ask, talk, found, callable_now) for _ in range(ask.choices)]
        return [self._unknown(ask, talk)] * ask.choices

    def _unknown(self, ask: Ask, talk: Conversation) -> Said:
        """What is said to a request that nobody has written an answer for."""
        if talk.results:
            return Said(self._formed(ask, _read_out(ask)))
        if _must_call(ask):
            return self._calls(ask, talk.last)
        if flagged := flagging.flagged(talk.last):
            return Said(REFUSAL.format(flagged), refusal=True)
        if ask.format is not None:
            return Said(self._formed(ask, ""))
        if ask.tools and (said := self._calls(ask, talk.last)).calls:
            return said
        return Said(self._fallback(ask, talk))

    def _task(
        self, ask: Ask, talk: Conversation, found: Sequence[Found], callable_now: Sequence[str]
    ) -> Said:
        settled = ask.temperature == 0 or ask.seed is not None
        givens = given.answer(
            found,
            ask.profile.id,
            abilities=self._abilities,
            draw=None if settled else self._chance,
            tools=callable_now,
        )
        told = [one.right for one in givens if one.right is not None]
        right = all(told) if told else None
        if any(one.item.kind == "tools" for one in givens):
            return self._task_calls(ask, talk, given.calls(givens), right=right)
        sure = tuple(
            Sure(one.text, one.confidence, tuple(str(other) for other, _ in one.alternatives[1:]))
            for one in givens
        )
        return Said(self._written(ask, givens), sure=sure, right=right)

    def _task_calls(
        self, ask: Ask, talk: Conversation, asked: Sequence[tuple], *, right: bool | None
    ) -> Said:
        if asked:
            return Said(calls=tuple(asked if ask.parallel else asked[:1]), right=right)
        if _must_call(ask):
            return replace(self._calls(ask, talk.last), right=right)
        return Said(self._formed(ask, self._fallback(ask, talk)), right=right)

    def _written(self, ask: Ask, givens: Sequence[Given]) -> str:
        if ask.format is None:
            return given.written(givens)
        if ask.format.schema is None:
            return given.written(givens, as_json=True)
        values = filling.values_for(ask.format.schema, givens)
        made = schema.instance(ask.format.schema, values=values, draw=self.draw(ask))
        return dumps(made)

    def _calls(self, ask: Ask, text: str) -> Said:
        chosen = choosing.choose(
            ask.tools,
            ask.tool_choice,
            parallel=ask.parallel,
            text=text,
            values={},
            draw=self.draw(ask),
        )
        return Said(calls=tuple((tool.name, values) for tool, values in chosen))

    def _fallback(self, ask: Ask, talk: Conversation) -> str:
        return replies.fallback(
            talk, model=ask.profile.id, prompt_tokens=ask.prompt, fields=ask.ignored
        )

    def _formed(self, ask: Ask, text: str) -> str:
        """The text in the format that was asked for."""
        if ask.format is None or _is_object(text):
            return text
        if ask.format.schema is None:
            note = text or "No answer was written for this request."
            return dumps({"source": "simulated", "text": note})
        return dumps(schema.instance(ask.format.schema, draw=self.draw(ask)))


def _must_call(ask: Ask) -> bool:
    return ask.tool_choice == "required" or isinstance(ask.tool_choice, Tool)


def _read_out(ask: Ask) -> str:
    results = history.results(ask.messages)
    told = "; ".join(f"{name} answered {str(content)[:200]}" for name, _, content in results)
    return f"The simulator has read what the tools answered: {told}"


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
