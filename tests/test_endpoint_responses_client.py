"""The stock client of OpenAI takes what the Responses API of the endpoint sends."""

import asyncio
import json
import socket
import threading
from urllib.parse import parse_qsl

import openai
import pytest
import uvicorn
from pydantic import BaseModel
from pydantic_core import to_json
from responses_parts import RESULT, WEATHER, Played, called, said

from course.endpoint.api.conversations import Conversations
from course.endpoint.api.responses import Reading, count_tokens
from course.endpoint.wire import WireError


class City(BaseModel):
    city: str


def reply(ask):
    """What is answered depends on what was asked for, as little as it can."""
    if ask.format is not None:
        return said('{"city"', ':"Oslo', '"}')
    if ask.tools and ask.messages[-1]["role"] == "user":
        return called("get_weather", texts=("Let me", " look."))
    if ask.messages[-1]["content"] == "Refuse.":
        return said("I", " won't.", refusal=True)
    if ask.cap == 16:
        return said("Cut", finish_reason="length")
    return said("Hello", " there", reasoning=100 if ask.effort else 0)


class App:
    """Serves the Responses API alone."""

    def __init__(self):
        self.parts = {"simulator": Played(reply), "conversations": Conversations()}

    async def __call__(self, scope, receive, send):
        data, more = b"", True
        while more:
            message = await receive()
            data, more = data + message.get("body", b""), message.get("more_body", False)
        status, kind = 200, b"application/json"
        try:
            sent = self.answer(scope, data)
            if not isinstance(sent, bytes):
                kind = b"text/event-stream"
                sent = b"".join(event for _, event in sent)
        except WireError as error:
            status, sent = error.status, error.json()
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(sent))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": sent})

    def answer(self, scope, data):
        kept, steps = self.parts["conversations"], scope["path"].split("/")[3:]
        query = dict(parse_qsl(scope["query_string"].decode()))
        match scope["method"], steps:
            case "POST", []:
                reading = Reading(data, "key", **self.parts)
                writing = reading.answer("key", 1)
                return writing.events() if reading.stream else writing.body()
            case "POST", ["input_tokens"]:
                return to_json(count_tokens(data, "key", **self.parts))
            case "GET", [name]:
                return to_json(kept.get("key", name))
            case "DELETE", [name]:
                return to_json(kept.delete("key", name))
            case "GET", [name, "input_items"]:
                return to_json(kept.items("key", name, query))
            case "POST", [name, "cancel"]:
                return to_json(kept.cancel("key", name))


@pytest.fixture(scope="module")
def url():
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(App(), log_level="error", lifespan="off", http="httptools")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def client(url):
    with openai.OpenAI(
        base_url=url,
        api_key="any-key",
        max_retries=0,
        http_client=openai.DefaultHttpxClient(trust_env=False),
    ) as client:
        yield client


def ask(**changes):
    return {"model": "gpt-4o-mini", "input": "Hello!"} | changes


def test_a_text_is_answered(client):
    response = client.responses.create(**ask())
    assert response.output_text == "Hello there"
    assert response.usage.total_tokens == 11
    assert response.source == "simulated"


def test_a_conversation_goes_on(client):
    first = client.responses.create(**ask())
    second = client.responses.create(**ask(previous_response_id=first.id))
    assert second.previous_response_id == first.id
    listed = client.responses.input_items.list(second.id, order="asc", limit=2)
    assert [item.role for item in listed] == ["user", "assistant", "user"]


def test_functions_are_called_and_their_results_taken(client):
    asked = ask(tools=[WEATHER], input="Weather in Oslo?")
    first = client.responses.create(**asked)
    call = first.output[1]
    assert json.loads(call.arguments) == {"city": "Oslo"}
    result = RESULT | {"call_id": call.call_id}
    second = client.responses.create(**asked | {"input": [result]}, previous_response_id=first.id)
    assert second.output_text == "Hello there"
    again = [{"role": "user", "content": "Weather in Oslo?"}, *first.output, result]
    third = client.responses.create(**asked | {"input": again})
    assert third.output_text == "Hello there"


def test_a_stream_is_read_event_by_event(client):
    with client.responses.create(**ask(stream=True)) as stream:
        told = list(stream)
    assert "".join(e.delta for e in told if e.type == "response.output_text.delta") == "Hello there"
    assert told[-1].type == "response.completed"
    assert [event.sequence_number for event in told] == list(range(len(told)))


@pytest.mark.parametrize(
    ("changes", "last"),
    [
        ({}, "message"),
        ({"model": "gpt-5-mini"}, "message"),
        ({"input": "Refuse."}, "message"),
        ({"tools": [WEATHER]}, "function_call"),
    ],
)
def test_the_clients_own_stream_puts_the_answer_together(client, changes, last):
    with client.responses.stream(**ask(**changes)) as stream:
        response = stream.get_final_response()
    assert response.output[-1].type == last
    kept = client.responses.retrieve(response.id)
    assert (response.output_text, response.usage) == (kept.output_text, kept.usage)


def test_a_stream_that_is_cut_ends_as_incomplete(client):
    with client.responses.stream(**ask(max_output_tokens=16)) as stream:
        told = list(stream)
    assert told[-1].type == "response.incomplete"
    assert told[-1].response.incomplete_details.reason == "max_output_tokens"


def test_an_answer_is_parsed_into_a_class(client):
    response = client.responses.parse(**ask(), text_format=City)
    assert response.output_parsed == City(city="Oslo")
    with client.responses.stream(**ask(), text_format=City) as stream:
        assert stream.get_final_response().output_parsed == City(city="Oslo")


def test_arguments_are_parsed_into_a_class(client):
    tool = openai.pydantic_function_tool(City, name="get_weather")
    flat = {"type": "function", "strict": True} | {
        name: tool["function"][name] for name in ("name", "parameters")
    }
    response = client.responses.parse(**ask(tools=[flat]))
    assert response.output[-1].parsed_arguments == {"city": "Oslo"}


def test_an_answer_is_kept_until_it_is_deleted(client):
    response = client.responses.create(**ask())
    assert client.responses.retrieve(response.id) == response
    client.responses.delete(response.id)
    with pytest.raises(openai.NotFoundError, match="not found"):
        client.responses.retrieve(response.id)


def test_a_finished_answer_cannot_be_cancelled(client):
    response = client.responses.create(**ask())
    with pytest.raises(openai.BadRequestError, match="Cannot cancel"):
        client.responses.cancel(response.id)


def test_tokens_are_counted(client):
    assert client.responses.input_tokens.count(**ask()).input_tokens == 9


def test_a_refusal_names_the_field(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(**ask(tools=[{"type": "web_search"}]))
    assert (caught.value.param, caught.value.code) == ("tools[0].type", "unsupported_value")


def test_the_async_client_streams_too(url):
    async def read():
        async with openai.AsyncOpenAI(
            base_url=url,
            api_key="any-key",
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(trust_env=False),
        ) as client:
            stream = await client.responses.create(**ask(stream=True))
            return [event.type async for event in stream]

    assert asyncio.run(read())[-1] == "response.completed"
