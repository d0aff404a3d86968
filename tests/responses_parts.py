"""Requests of the Responses API and answers to them, made by hand for the tests."""

import json

from course import tokens
from course.endpoint.api.conversations import Conversations
from course.endpoint.api.responses import Reading
from course.endpoint.simulation import models
from course.endpoint.simulation.ask import Answer, Choice, Logprob, Piece, ToolCall, Usage
from course.endpoint.wire import WireError

HELLO = {"model": "gpt-4o-mini", "input": "Hello!"}
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
CALL = {
    "type": "function_call",
    "call_id": "call_1",
    "name": "get_weather",
    "arguments": '{"city":"Oslo"}',
}
RESULT = {"type": "function_call_output", "call_id": "call_1", "output": "Rain."}


class Played:
    """A simulator of which nothing is played but the models' profiles and the counting."""

    def __init__(self, answer=None):
        self.profiles, self._answer = models.profiles(), answer

    def profile(self, model):
        if model not in self.profiles:
            raise WireError(404, f"The model `{model}` does not exist.", code="model_not_found")
        return self.profiles[model]

    def count(self, messages, also, model):
        parts = (json.dumps(part, ensure_ascii=False) for part in also)
        return tokens.count_messages(messages, model) + sum(tokens.count(p, model) for p in parts)

    def answer(self, ask, *, owner, at_once=1):
        return self._answer(ask)


def body(**changes):
    """A request's JSON; a field given as ... is left out."""
    asked = HELLO | changes
    return json.dumps({name: value for name, value in asked.items() if value is not ...}).encode()


def read(key="key", conversations=None, **changes):
    kept = Conversations() if conversations is None else conversations
    return Reading(body(**changes), key, simulator=Played(), conversations=kept)


def pieces(*texts):
    return tuple(Piece(text, 1) for text in texts)


def said(*texts, reasoning=0, first_s=0.0, waits=(), **about):
    """An answer of these pieces, of one token each."""
    choice = Choice(pieces(*texts), **about)
    usage = Usage(9, 0, choice.tokens + reasoning, reasoning)
    return Answer((choice,), usage, first_s, waits)


def called(*names, finish_reason="tool_calls", texts=(), **times):
    """An answer that calls functions, each with the arguments {"city":"Oslo"} in three pieces."""
    arguments = pieces('{"city"', ':"Oslo', '"}')
    calls = tuple(ToolCall(f"call_{name}", name, arguments) for name in names)
    return said(*texts, calls=calls, finish_reason=finish_reason, **times)


def sure(token):
    return Logprob(token, -0.25, ((token, -0.25), ("…", -2.0)))


def written(asked, answer, owner="key"):
    """What is sent, as a dict."""
    return json.loads(asked.write(answer, owner=owner).body())


def events(writing):
    """The events of an answer as (due, event, data)."""
    told = []
    for due_s, sent in writing.events():
        for event in sent.decode().split("\n\n")[:-1]:
            name, data = event.split("\n")
            told.append((due_s, name.removeprefix("event: "), json.loads(data[len("data: ") :])))
    return told
