import asyncio
import gc
import gzip
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx2
import openai
import pytest
from scripted_service import Answer, ScriptedService, completion, events

from course import connect, meter
from course.budget import Budget, BudgetExceeded
from course.errors import CourseError
from course.metering import Call, Terms
from course.reply import Reply

MESSAGES = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Hello!"},
]
ASK = {"model": "gpt-4o-mini", "messages": MESSAGES}
AT_ONCE = (("retry-after-ms", "1"),)  # tells openai's client not to wait before it tries again
USAGE = {
    "prompt_tokens": 1100,
    "completion_tokens": 50,
    "total_tokens": 1150,
    "prompt_tokens_details": {"cached_tokens": 1024},
    "completion_tokens_details": {"reasoning_tokens": 40},
}


@pytest.fixture
def client(service, capsys):
    with connect(max_retries=0) as client:
        yield client


def run(work, **settings):
    """What `work(client)` returns, with an asynchronous client of its own."""

    async def together():
        async with connect(asynchronous=True, **settings) as client:
            return await work(client)

    return asyncio.run(together())


def only(m):
    (record,) = m.records
    return record


def test_a_whole_reply_is_recorded_with_its_own_usage(service, client):
    service.answers.append(Answer(completion(usage=USAGE)))
    with meter() as m:
        reply = client.chat.completions.create(**ASK)
    assert reply.choices[0].message.content == "Hi!"
    record = only(m)
    assert (record.model, record.status, record.streamed) == ("gpt-4o-mini", 200, False)
    assert (record.prompt_tokens, record.cached_tokens) == (1100, 1024)
    assert (record.completion_tokens, record.reasoning_tokens) == (50, 40)
    assert not record.estimated
    # 76 * 0.15 + 1024 * 0.075 + 50 * 0.60 = 11.4 + 76.8 + 30 millionths.
    assert record.cost_usd == Decimal("0.0001182")


def test_a_stream_that_tells_its_usage_is_recorded_with_it(service, client):
    service.answers.append(Answer(events("Hel", "lo", usage=USAGE)))
    with meter() as m:
        chunks = list(client.chat.completions.create(**ASK, stream=True))
    assert "".join(c.choices[0].delta.content for c in chunks if c.choices) == "Hello"
    record = only(m)
    assert (record.prompt_tokens, record.completion_tokens) == (1100, 50)
    assert (record.streamed, record.estimated) == (True, False)


def test_a_stream_that_does_not_is_counted_by_us_and_marked(service, client):
    service.answers.append(Answer(events("tik", "token is", " great!")))
    with meter() as m:
        list(client.chat.completions.create(**ASK, stream=True))
    record = only(m)
    # The prompt is the hand-worked 19; "tiktoken is great!" has the published 6 tokens.
    assert (record.prompt_tokens, record.completion_tokens, record.estimated) == (19, 6, True)


def test_a_whole_reply_without_usage_is_counted_too(service, client):
    service.answers.append(Answer(completion("tiktoken is great!", usage=None)))
    with meter() as m:
        client.chat.completions.create(**ASK)
    record = only(m)
    assert (record.prompt_tokens, record.completion_tokens, record.estimated) == (19, 6, True)


@pytest.mark.parametrize("extra", [{}, {"stream": True}])
def test_the_request_is_sent_as_the_learner_wrote_it(service, client, extra):
    service.always = Answer(events("Hi") if extra else completion())
    reply = client.chat.completions.create(**ASK, **extra)
    list(reply)
    assert service.calls == [ASK | extra]


@pytest.mark.parametrize("stream", [False, True])
def test_the_reply_arrives_byte_for_byte(service, client, stream):
    body = events("ä", "👋") if stream else completion("ä👋")
    service.answers.append(Answer(body))
    api = client.chat.completions.with_streaming_response
    with meter() as m, api.create(**ASK, stream=stream) as raw:
        arrived = b"".join(raw.iter_bytes())
    assert arrived.decode() == ("".join(body) if stream else json.dumps(body))
    assert only(m).estimated is stream
    assert only(m).completion_tokens > 0


def test_a_packed_reply_is_read_as_well(service, client):
    packed = gzip.compress(json.dumps(completion()).encode())
    service.answers.append(Answer(packed, headers=(("content-encoding", "gzip"),)))
    with meter() as m:
        client.chat.completions.create(**ASK)
    assert (only(m).prompt_tokens, only(m).completion_tokens) == (19, 2)


def test_streams_are_asked_for_unpacked(service, client):
    service.answers.append(Answer(events("Hi")))
    list(client.chat.completions.create(**ASK, stream=True))
    headers = {name.lower(): value for name, value in service.requests[-1][1].items()}
    assert headers["accept-encoding"] == "identity"


def test_a_stream_dropped_half_way_is_counted_when_it_is_dropped(service, client):
    service.answers.append(Answer(events(*["tiktoken is great!"] * 50)))
    with meter() as m:
        stream = client.chat.completions.create(**ASK, stream=True)
        next(stream)
    assert "0 calls (1 still running)" in repr(m)
    del stream
    gc.collect()
    assert m.calls == 1
    assert only(m).estimated
    assert only(m).completion_tokens >= 6


def test_a_stream_that_is_closed_is_counted_then(service, client):
    service.answers.append(Answer(events(*["Hi"] * 50)))
    with meter() as m, client.chat.completions.create(**ASK, stream=True) as stream:
        next(iter(stream))
    assert m.calls == 1


def test_a_stream_that_breaks_off_is_counted_with_what_came(service, client):
    service.answers.append(Answer(events("tiktoken is great!", done=False), cut=True))
    with meter() as m, pytest.raises(openai.APIConnectionError):
        list(client.chat.completions.create(**ASK, stream=True))
    assert (only(m).completion_tokens, only(m).estimated) == (6, True)


def test_a_refused_call_is_recorded_with_its_status_and_costs_nothing(service, client):
    error = {"error": {"message": "no", "type": "invalid_request_error", "code": None}}
    for status in (400, 401, 404, 429, 500):
        service.answers.append(Answer(error, status=status))
        with meter() as m, pytest.raises(openai.APIStatusError):
            client.chat.completions.create(**ASK)
        assert (only(m).status, only(m).cost_usd, only(m).prompt_tokens) == (status, 0, 0)
    assert "1 call (1 failed)" in repr(m)


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_that_is_tried_again_costs_once(service, stream, capsys):
    service.answers += [
        Answer({"error": {}}, status=500, headers=AT_ONCE),
        Answer({"error": {}}, status=429, headers=AT_ONCE),
        Answer(events("Hi", usage=USAGE) if stream else completion(usage=USAGE)),
    ]
    money = Budget("1")
    with meter() as m, connect(max_retries=2, budget_usd=money) as client:
        list(client.chat.completions.create(**ASK, stream=stream))
        assert [record.status for record in m.records] == [500, 429, 200]
        assert m.cost_usd == Decimal("0.0001182")
        assert (money.spent_usd, money.reserved_usd) == (m.cost_usd, 0)


def test_a_call_without_reply_has_an_unknown_cost(service, client):
    service.answers.append(Answer(None, status=0))
    with meter() as m, pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(**ASK)
    assert (only(m).status, only(m).cost_usd, only(m).estimated) == (0, None, True)


def test_a_call_that_could_not_be_sent_costs_nothing(monkeypatch):
    with ScriptedService() as gone:
        monkeypatch.setenv("OPENAI_BASE_URL", gone.url)
        client = connect(max_retries=0)
    with client, meter() as m, pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(**ASK)
    assert (only(m).status, only(m).cost_usd) == (0, 0)


def test_an_unknown_model_has_an_unknown_price(service, client):
    with meter() as m:
        client.chat.completions.create(model="our-own-model", messages=MESSAGES)
    assert m.cost_usd is None
    assert "price unknown" in repr(m)


def test_another_service_tier_has_another_price_or_an_unknown_one(service, client):
    service.answers.append(Answer(completion(service_tier="priority")))
    with meter() as m:
        client.chat.completions.create(**ASK)
    # 19 * 0.25 + 2 * 1.00 millionths.
    assert m.cost_usd == Decimal("0.00000675")
    service.answers.append(Answer(completion(service_tier="flex")))
    with meter() as m:
        client.chat.completions.create(**ASK)
    assert m.cost_usd is None


@pytest.mark.parametrize(("mark", "source"), [("fp_simulated", "simulated"), ("fp_1", "live")])
@pytest.mark.parametrize("stream", [False, True])
def test_a_reply_says_whether_it_is_simulated(service, client, mark, source, stream):
    body = events("Hi", system_fingerprint=mark) if stream else completion(system_fingerprint=mark)
    service.always = Answer(body)
    with meter() as m:
        list(client.chat.completions.create(**ASK, stream=stream))
    assert only(m).source == source


def test_other_routes_are_metered_by_the_usage_they_tell(service, client):
    embeddings = {"object": "list", "data": [], "model": "e", "usage": {"prompt_tokens": 8}}
    responses = {"id": "r", "output": [], "usage": {"input_tokens": 30, "output_tokens": 4}}
    done = {"type": "response.completed", "response": responses, "sequence_number": 1}
    with meter() as m:
        service.answers.append(Answer(embeddings))
        client.embeddings.create(model="gpt-4o-mini", input="Hello!", encoding_format="float")
        service.answers.append(Answer(responses))
        client.responses.create(model="gpt-4o-mini", input="Hello!")
        service.answers.append(Answer([f"data: {json.dumps(done)}\n\n"]))
        list(client.responses.create(model="gpt-4o-mini", input="Hello!", stream=True))
        client.models.list()
    used = [(record.prompt_tokens, record.completion_tokens) for record in m.records]
    assert used == [(8, 0), (30, 4), (30, 4)]


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"",
        b"[1, 2]",
        {"choices": 3},
        {"choices": [{"message": "text"}]},
        {"choices": [{"index": [], "message": {"content": 4}}]},
        {"usage": {"prompt_tokens": "many", "completion_tokens": 1}},
        {"usage": {"prompt_tokens": 5, "completion_tokens": -1}},
        {"usage": {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": [1]}},
    ],
)
def test_a_reply_out_of_shape_never_breaks_the_call(service, client, body):
    service.answers.append(Answer(body))
    with meter() as m:
        raw = client.chat.completions.with_raw_response.create(**ASK)
    assert raw.status_code == 200
    assert only(m).prompt_tokens in (5, 19)


def test_a_stream_out_of_shape_never_breaks_the_call():
    reply = Reply()
    for piece in (b": ping\n\ndata: {", b'}\r\ndata: [1]\ndata: "x"\n', b"data:[DO", b"NE]\n\n"):
        reply.take_bytes(piece)
    assert reply.ended
    assert reply.usage is None


def test_a_named_tool_call_counts_by_its_name_and_arguments():
    reply = Reply()
    function = {"name": "weather", "arguments": '{"city":"Oslo"}'}
    message = {"content": None, "tool_calls": [{"function": function}]}
    reply.take(json.dumps({"choices": [{"index": 0, "message": message}]}).encode())
    assert reply.count_completion("gpt-4o-mini") > 4


def test_a_budget_refuses_before_anything_is_sent(service):
    money = Budget("0.001")
    with connect(budget_usd=money) as client, meter() as m:
        sent = len(service.requests)
        # 19 tokens in and up to 16,384 out: $0.00983325 at worst.
        with pytest.raises(BudgetExceeded, match=r"up to \$0\.009833.*max_completion_tokens"):
            client.chat.completions.create(**ASK)
        assert (len(service.requests), m.calls) == (sent, 0)
        client.chat.completions.create(**ASK, max_completion_tokens=100)
        # 19 * 0.15 + 2 * 0.60 millionths.
        assert money.spent_usd == Decimal("0.00000405")


def test_a_budget_refuses_what_it_cannot_price(service):
    with connect(budget_usd="1") as client:
        sent = len(service.requests)
        with pytest.raises(BudgetExceeded, match=r"and batches, not /v1/images/generations; use"):
            client.images.generate(model="gpt-image-1", prompt="A cat")
        with pytest.raises(BudgetExceeded, match="/v1/responses names no model"):
            client.responses.create(input="Hello!")
        with pytest.raises(CourseError, match="No price is known"):
            client.chat.completions.create(model="ours", messages=[], max_completion_tokens=1)
        assert len(service.requests) == sent


def test_a_budget_lets_pass_what_is_free(service):
    service.always = Answer({"object": "list", "data": [], "id": "file-1"})
    money = Budget("0.000001")
    with connect(budget_usd=money) as client:
        client.models.list()
        client.files.list()
        client.files.create(file=b"notes", purpose="user_data")
        client.responses.cancel("resp_1")
        client.responses.input_tokens.count(model="gpt-4o-mini", input="Hello!")
        client.moderations.create(input="Hello!")
        client.moderations.create(model="omni-moderation-latest", input="Hello!")
    assert (money.spent_usd, money.reserved_usd) == (0, 0)


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_goes_on_under_a_budget_too_small_for_the_longest_prompt(service, stream):
    said = {"type": "message", "role": "assistant", "content": [], "id": "msg_1"}
    usage = {"input_tokens": 30, "output_tokens": 4, "total_tokens": 34}
    about = {"id": f"resp_of_{stream}", "object": "response", "status": "completed"}
    response = about | {"output": [said], "usage": usage}
    done = {"type": "response.completed", "response": response, "sequence_number": 1}
    service.always = Answer([f"data: {json.dumps(done)}\n\n"] if stream else response)
    asked = {"model": "gpt-4o-mini", "input": "Hello!", "max_output_tokens": 100, "stream": stream}
    # The longest prompt would cost 128,000 * 0.15 = 19,200 millionths.
    with connect(budget_usd="0.001") as client:
        with pytest.raises(
            BudgetExceeded, match=r"up to \$0\.01926, .*a smaller max_output_tokens"
        ):
            client.responses.create(**asked, previous_response_id="resp_of_another_day")
        list(client.responses.create(**asked))
        client.responses.create(**asked, previous_response_id=about["id"])
    assert len(service.calls) == 2


def test_a_response_still_to_be_written_has_an_unknown_cost(service):
    response = {"id": "resp_1", "object": "response", "status": "queued", "output": []}
    service.always = Answer(response | {"usage": None})
    money = Budget("1")
    asked = {"model": "gpt-4o-mini", "input": "Hello!", "max_output_tokens": 10}
    with connect(budget_usd=money) as client, meter() as m:
        client.responses.create(**asked, background=True)
    assert only(m).cost_usd is None
    # 3 + 1 + 3 that are around it and 2 of text at 0.15, 10 at 0.60.
    assert money.spent_usd == Decimal("0.00000735")


def test_a_response_dropped_half_way_is_counted_by_what_came(service, client):
    delta = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0}
    begun = {"type": "response.created", "response": {"id": "resp_1", "usage": None}}
    told = [begun, *[delta | {"delta": "tiktoken is great!"}] * 50]
    service.answers.append(Answer([f"event: x\ndata: {json.dumps(event)}\n\n" for event in told]))
    asked = {"model": "gpt-4o-mini", "instructions": "You are a helpful assistant."}
    with meter() as m:
        stream = client.responses.create(**asked, input="Hello!", stream=True)
        next(stream), next(stream)
        stream.close()
    # The prompt is the hand-worked 19 of the same chat.
    assert (only(m).prompt_tokens, only(m).estimated, only(m).api) == (19, True, "responses")
    assert 6 <= only(m).completion_tokens <= 300
    assert only(m).cost_usd > 0


def test_a_budget_keeps_the_worst_case_of_a_call_without_reply(service):
    service.answers.append(Answer(None, status=0))
    money = Budget("1")
    with connect(budget_usd=money, max_retries=0) as client:
        with pytest.raises(openai.APIConnectionError):
            client.chat.completions.create(**ASK, max_completion_tokens=10)
        # 19 * 0.15 + 10 * 0.60 millionths.
        assert money.spent_usd == Decimal("0.00000885")


def test_a_budget_settles_a_stream_that_is_dropped(service):
    service.always = Answer(events(*["Hi"] * 20))
    money = Budget("1")
    with connect(budget_usd=money) as client:
        stream = client.chat.completions.create(**ASK, stream=True)
        next(stream)
        assert money.reserved_usd == Decimal("0.00983325")
        del stream
        gc.collect()
        assert money.reserved_usd == 0


# 19 tokens in and at most 10 out are 8.85 millionths at worst; 19 and 2 are 4.05 in fact. Of a
# budget of 200 millionths at least 22 calls fit at once, and in all not more than 49.
LIMIT, WORST, REAL = "0.0002", Decimal("0.00000885"), Decimal("0.00000405")


def test_a_budget_holds_under_two_hundred_threads(service):
    money = Budget(LIMIT)
    with connect(budget_usd=money) as client, meter() as m:

        def ask(_):
            try:
                return client.chat.completions.create(**ASK, max_completion_tokens=10)
            except BudgetExceeded:
                return None

        with ThreadPoolExecutor(200) as pool:
            answered = sum(reply is not None for reply in pool.map(ask, range(200)))
    assert 22 <= answered <= 49
    assert (m.calls, m.cost_usd) == (answered, answered * REAL)
    assert (money.spent_usd, money.reserved_usd) == (answered * REAL, 0)
    assert len(service.calls) == answered


def test_a_budget_holds_under_two_hundred_tasks(service):
    async def ask_often(client):
        asked = (
            client.chat.completions.create(**ASK, max_completion_tokens=10) for _ in range(200)
        )
        return await asyncio.gather(*asked, return_exceptions=True)

    money = Budget(LIMIT)
    with meter() as m:
        replies = run(ask_often, budget_usd=money)
    answered = [reply for reply in replies if not isinstance(reply, Exception)]
    refused = [reply for reply in replies if isinstance(reply, BudgetExceeded)]
    assert len(answered) + len(refused) == 200
    assert 22 <= len(answered) <= 49
    assert (money.spent_usd, money.reserved_usd, m.cost_usd) == (
        len(answered) * REAL,
        0,
        len(answered) * REAL,
    )
    assert len(service.calls) == len(answered)


@pytest.mark.parametrize("stream", [False, True])
def test_asynchronous_calls_are_recorded_alike(service, stream):
    service.always = Answer(events("Hi", usage=USAGE) if stream else completion(usage=USAGE))

    async def ask(client):
        reply = await client.chat.completions.create(**ASK, stream=stream)
        if stream:
            assert "Hi" in [c.choices[0].delta.content async for c in reply if c.choices]

    with meter() as m:
        run(ask)
    assert (only(m).prompt_tokens, only(m).streamed, only(m).estimated) == (1100, stream, False)


def test_an_asynchronous_stream_dropped_half_way_is_counted(service):
    service.always = Answer(events(*["tiktoken is great!"] * 50))

    async def drop(client):
        stream = await client.chat.completions.create(**ASK, stream=True)
        async for _ in stream:
            break
        await stream.close()
        await client.chat.completions.create(**ASK, stream=True)  # never looked at
        gc.collect()

    with meter() as m:
        run(drop)
    gc.collect()
    assert m.calls == 2
    assert [record.estimated for record in m.records] == [True, True]


def test_a_cancelled_call_is_recorded_with_an_unknown_cost(service):
    async def cancel(client):
        task = asyncio.create_task(client.chat.completions.create(**ASK))
        while len(m._open) == 0:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with meter() as m:
        run(cancel)
    assert (only(m).status, only(m).cost_usd) == (0, None)


@pytest.mark.parametrize(("reached", "cost"), [(True, None), (False, 0)])
def test_an_asynchronous_call_without_reply_is_free_only_if_it_never_arrived(
    service, reached, cost
):
    service.always = Answer(None, status=0)

    async def ask(client):
        if not reached:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                client.base_url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(openai.APIConnectionError):
            await client.chat.completions.create(**ASK)

    with meter() as m:
        run(ask, max_retries=0)
    assert (only(m).status, only(m).cost_usd) == (0, cost)


def test_a_failed_asynchronous_call_is_recorded(service):
    service.always = Answer({"error": {}}, status=404)

    async def ask(client):
        with pytest.raises(openai.NotFoundError):
            await client.chat.completions.create(**ASK)

    with meter() as m:
        run(ask)
    assert (only(m).status, only(m).cost_usd) == (404, 0)


@pytest.mark.parametrize(
    ("error", "cost"),
    [
        (httpx2.ConnectError("refused"), 0),
        (httpx2.PoolTimeout("full"), 0),
        (httpx2.ReadTimeout("slow"), None),
        (KeyboardInterrupt(), None),
    ],
)
def test_only_what_was_surely_not_sent_is_free(error, cost):
    with meter() as m:
        Call(ASK, "chat", Terms("https://gateway.example/v1")).fail(error)
    assert only(m).cost_usd == cost
