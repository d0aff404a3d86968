import asyncio
import io
import json
from decimal import Decimal

import openai
import pytest
from scripted_service import Answer

from course import connect, meter
from course.budget import Budget, BudgetExceeded

HELLO = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Hello!"},
]
# 19 tokens in and at most 10 out: (19 * 0.15 + 10 * 0.60) / 2 = 4.425 millionths in a batch.
CHAT = {"model": "gpt-4o-mini", "messages": HELLO, "max_completion_tokens": 10}
WORST = Decimal("0.000004425")
USAGE = {
    "input_tokens": 38,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 8,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 46,
}
# (38 * 0.15 + 8 * 0.60) / 2 = 5.25 millionths.
COST = Decimal("0.00000525")


def line(number=1, body=CHAT, url="/v1/chat/completions"):
    return json.dumps({"custom_id": f"{number}", "method": "POST", "url": url, "body": body})


def lines(count, **about):
    return "".join(line(number, **about) + "\n" for number in range(count)).encode()


def batch(status, name, **about):
    return Answer(
        {
            "id": name,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "model": "gpt-4o-mini-2024-07-18",
            "input_file_id": "file-1",
            "completion_window": "24h",
            "status": status,
            "created_at": 1,
            "request_counts": {"total": 2, "completed": 0, "failed": 0},
            "usage": None,
        }
        | about
    )


def done(status, name):
    counts = {"total": 2, "completed": 2, "failed": 0}
    return batch(status, name, usage=USAGE, request_counts=counts)


@pytest.fixture
def names(request):
    """Ids of a file and a batch that no other test has."""
    return f"file-{request.node.name}", f"batch-{request.node.name}"


def upload(service, client, name, content, **about):
    service.answers.append(Answer({"id": name, "object": "file"}))
    return client.files.create(file=content, purpose="batch", **about)


def create(client, file):
    return client.batches.create(
        completion_window="24h", endpoint="/v1/chat/completions", input_file_id=file
    )


def test_a_batch_holds_its_worst_case_until_it_is_over(service, names):
    file, name = names
    money = Budget("1")
    with connect(budget_usd=money) as client, meter() as m:
        upload(service, client, file, lines(2))
        service.answers += [batch("validating", name), batch("in_progress", name)]
        create(client, file)
        client.batches.retrieve(name)
        assert (money.reserved_usd, money.spent_usd, m.calls) == (2 * WORST, 0, 0)
        service.answers += [done("completed", name)] * 2
        client.batches.retrieve(name)
        client.batches.retrieve(name)
        assert (money.reserved_usd, money.spent_usd) == (0, COST)
    (record,) = m.records
    assert (record.api, record.model, record.source) == ("batch", "gpt-4o-mini-2024-07-18", "live")
    assert (record.prompt_tokens, record.completion_tokens, record.reasoning_tokens) == (38, 8, 3)
    assert (record.cost_usd, record.status, record.estimated) == (COST, 200, False)
    assert repr(m).startswith("1 call (1 in a batch) · 38 prompt tokens")


def test_a_batch_that_could_pass_the_budget_is_not_asked_for(service, names):
    file, _ = names
    with connect(budget_usd="0.00001") as client:
        upload(service, client, file, lines(3))
        sent = len(service.requests)
        # 3 * 4.425 = 13.275 millionths.
        told = r"this batch could cost up to \$0\.000013, .*; put fewer requests into its file, or"
        with pytest.raises(BudgetExceeded, match=told):
            create(client, file)
        assert len(service.requests) == sent


def test_a_batch_of_an_unknown_file_is_not_asked_for(service, names):
    with connect(budget_usd="1") as client, pytest.raises(BudgetExceeded, match="upload it with"):
        create(client, "file-of-another-day")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (line().encode() + b"\nno json\n", "Line 2 of its file is not a request"),
        (b"[1]\n", "Line 1 of its file is not a request"),
        (b'{"body": {"model": "gpt-4o-mini"}}', "Line 1 of its file is not a request"),
        (lines(1, body={"model": "ours"}), "Line 1 of its file: How long an answer of ours"),
        (lines(1, body={"messages": []}), "Line 1 of its file: The request names no model"),
    ],
)
def test_a_file_that_cannot_be_priced_is_uploaded_but_not_run(service, names, content, told):
    file, _ = names
    with connect(budget_usd="1") as client:
        assert upload(service, client, file, content).id == file
        with pytest.raises(BudgetExceeded, match=told):
            create(client, file)


@pytest.mark.parametrize(
    "content",
    [
        lines(2),
        lines(2).replace(b"\n", b"\r\n"),
        b"\n" + lines(2).rstrip() + b"\n\n",
        io.BytesIO(lines(2)),
        ('odd "name; x=".jsonl', lines(2)),
    ],
)
def test_the_file_may_come_in_any_form(service, names, content):
    file, name = names
    money = Budget("1")
    with connect(budget_usd=money) as client:
        upload(service, client, file, content)
        service.answers.append(batch("validating", name))
        create(client, file)
    assert money.reserved_usd == 2 * WORST
    body = next(sent for path, _, sent in service.requests if path == "/v1/files")
    assert b'"max_completion_tokens": 10' in body


def test_lines_for_other_apis_are_priced_by_their_path(service, names):
    file, name = names
    asked = {"model": "gpt-4o-mini", "input": "tiktoken is great!", "max_output_tokens": 10}
    money = Budget("1")
    with connect(budget_usd=money) as client:
        upload(service, client, file, lines(1, body=asked, url="/v1/responses"))
        service.answers.append(batch("validating", name))
        create(client, file)
    # 6 tokens of text and 7 around them: (13 * 0.15 + 10 * 0.60) / 2 = 3.975 millionths.
    assert money.reserved_usd == Decimal("0.000003975")


def test_asynchronous_uploads_and_batches_are_held_alike(service, names):
    file, name = names
    money = Budget("1")

    async def work():
        async with connect(asynchronous=True, budget_usd=money) as client:
            service.answers.append(Answer({"id": file, "object": "file"}))
            await client.files.create(file=lines(2), purpose="batch")
            service.answers.append(batch("validating", name))
            await create(client, file)
            assert money.reserved_usd == 2 * WORST
            service.answers.append(done("cancelled", name))
            await client.batches.cancel(name)

    with meter() as m:
        asyncio.run(work())
    assert (money.reserved_usd, money.spent_usd, m.cost_usd) == (0, COST, COST)


@pytest.mark.parametrize(
    ("end", "spent"),
    [
        # Some of it was done before it ended: that costs.
        ({"status": "cancelled", "usage": USAGE}, COST),
        ({"status": "expired", "usage": USAGE}, COST),
        # None of it was begun.
        ({"status": "failed"}, 0),
        ({"status": "failed", "request_counts": None}, 0),
        ({"status": "cancelled"}, 0),
        ({"status": "expired", "usage": USAGE | {"input_tokens": 0, "output_tokens": 0}}, 0),
        # Some of it was done, and nobody tells what it cost.
        ({"status": "completed", "request_counts": {"completed": 2}}, 2 * WORST),
        ({"status": "expired", "request_counts": None}, 2 * WORST),
        ({"status": "completed", "usage": USAGE, "model": None}, 2 * WORST),
    ],
)
def test_a_batch_that_ends_early_costs_what_was_done(service, names, end, spent):
    file, name = names
    money = Budget("1")
    with connect(budget_usd=money) as client:
        upload(service, client, file, lines(2))
        service.answers += [batch("validating", name), batch(**{"name": name} | end)]
        create(client, file)
        client.batches.retrieve(name)
    assert (money.reserved_usd, money.spent_usd) == (0, spent)


def test_a_refused_batch_holds_nothing_and_one_without_reply_is_spent(service, names):
    file, _ = names
    money = Budget("1")
    with connect(budget_usd=money, max_retries=0) as client:
        upload(service, client, file, lines(2))
        service.answers.append(Answer({"error": {"message": "no"}}, status=400))
        with pytest.raises(openai.BadRequestError):
            create(client, file)
        assert (money.reserved_usd, money.spent_usd) == (0, 0)
        service.answers.append(Answer(None, status=0))
        with pytest.raises(openai.APIConnectionError):
            create(client, file)
        assert (money.reserved_usd, money.spent_usd) == (0, 2 * WORST)


def test_without_a_budget_a_batch_is_recorded_once_it_is_over(service, names):
    file, name = names
    with connect() as client, meter() as m:
        upload(service, client, file, lines(2))
        service.answers += [batch("validating", name), *[done("completed", name)] * 3]
        create(client, file)
        for _ in range(3):
            client.batches.retrieve(name)
    assert (m.calls, m.cost_usd, list(m.table().api)) == (1, COST, ["batch"])


def test_a_batch_can_say_that_it_is_simulated(service, names):
    _, name = names
    service.answers.append(Answer(done("completed", name).body | {"source": "simulated"}))
    with connect() as client, meter() as m:
        client.batches.retrieve(name)
    assert m.records[0].source == "simulated"


def test_a_list_tells_of_the_batches_made_here_but_not_of_older_ones(service, names):
    file, name = names
    with connect() as client, meter() as m:
        service.answers.append(batch("validating", name))
        create(client, file)
        old, new = done("completed", f"{name}-old").body, done("completed", name).body
        told = {"object": "list", "data": [old, new], "has_more": False}
        service.answers.append(Answer(told))
        assert len(client.batches.list().data) == 2
        assert (m.calls, m.cost_usd) == (1, COST)
        service.answers.append(Answer(old))
        client.batches.retrieve(f"{name}-old")
        assert m.calls == 2


def test_batches_with_and_without_reading_their_bytes_are_seen(service, names):
    _, name = names
    service.answers.append(done("completed", name))
    with connect() as client, meter() as m:
        with client.batches.with_streaming_response.retrieve(name) as raw:
            raw.read()
        assert m.calls == 1


@pytest.mark.parametrize("body", [b"no json", b"[1]", {"data": 5}, {"object": "batch"}, b""])
def test_a_reply_out_of_shape_breaks_nothing(service, names, body):
    service.answers.append(Answer(body))
    with connect() as client, meter() as m:
        client.batches.with_raw_response.retrieve("batch_1")
    assert m.calls == 0
