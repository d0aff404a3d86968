import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal

import openai
import pytest
from filelock import FileLock
from scripted_service import Answer

from course import connect, meter
from course.budget import BudgetExceeded
from course.errors import CourseError
from course.throughput import batch_lines
from course.throughput.batch import batch
from course.throughput.batch_lines import lines_of, split

FAST = {"key": "of-this-test"}
SLOW = FAST | {"speed": 1, "clock": 60}
MODEL = "gpt-4o-mini"
CHAT = "/v1/chat/completions"


def ask(text="Hello!", **more):
    return {"model": MODEL, "messages": [{"role": "user", "content": text}]} | more


def quiet(client, requests, to, **options):
    return batch(client, requests, to=to, progress=False, **options)


@pytest.fixture
def client():
    with connect(simulate=FAST) as connected:
        yield connected


def started(client):
    return sum(1 for _ in client.batches.list(limit=100))


def test_a_list_becomes_a_table_of_answers_in_its_order(client, tmp_path):
    bad = ask(messages=[])
    with meter() as m:
        table = quiet(client, [ask(), bad, ask("What is 17 * 23?")], tmp_path / "new" / "folder")
    assert list(table.custom_id) == ["request-0", "request-1", "request-2"]
    assert list(table.answer)[1:] == [None, "391"]
    assert list(table.status) == [200, 400, 200]
    assert table.error[1].startswith("400: empty_array: Invalid 'messages': empty array")
    assert list(table.error)[::2] == ["", ""]
    assert set(table.source) == {"simulated"}
    assert list(table.model) == ["gpt-4o-mini-2024-07-18", MODEL, "gpt-4o-mini-2024-07-18"]
    assert table.reply[2]["choices"][0]["message"]["content"] == "391"
    # The Batch API takes half: 0.075 and 0.30 dollars for a million tokens.
    row = table.iloc[2]
    cost = (row.prompt_tokens * Decimal("0.075") + row.completion_tokens * Decimal("0.3")) / 10**6
    assert row.cost_usd == cost > 0
    assert sum(table.cost_usd) == m.cost_usd
    assert m.table().api.tolist() == ["batch"]


def test_the_same_call_again_reads_the_folder_and_asks_nobody(client, tmp_path):
    before = quiet(client, {"a": ask(), "b": ask("Bye!")}, tmp_path)
    number = started(client)
    with meter() as m:
        after = quiet(client, {"b": ask("Bye!"), "a": ask()}, tmp_path)
    assert m.calls == 0
    assert started(client) == number
    assert list(after.custom_id) == ["b", "a"]
    assert list(after.answer) == list(before.answer)[::-1]


def test_what_is_new_is_sent_and_what_was_answered_stays(client, tmp_path):
    quiet(client, [ask()], tmp_path)
    table = quiet(client, [ask(), ask("Bye!")], tmp_path)
    assert list(table.error) == ["", ""]
    assert table.batch_id.nunique() == 2
    with pytest.raises(CourseError, match="'request-0' differs from the one that was sent as"):
        quiet(client, [ask("Changed."), ask("Bye!")], tmp_path)


def test_only_what_has_no_answer_is_sent_again_and_only_when_asked_to(client, tmp_path):
    first = quiet(client, {"good": ask(), "bad": ask(messages=[])}, tmp_path)
    number = started(client)
    mended = {"good": ask(), "bad": ask("Hello?")}
    assert list(quiet(client, mended, tmp_path).error) == list(first.error)
    assert started(client) == number
    table = quiet(client, mended, tmp_path, again=True)
    assert list(table.error) == ["", ""]
    assert started(client) == number + 1
    assert (tmp_path / "part-002.jsonl").read_text().count("\n") == 1
    assert table.batch_id[0] == first.batch_id[0] != table.batch_id[1]


def test_requests_for_two_models_are_two_batches(client, tmp_path):
    table = quiet(client, [ask(), ask(model="gpt-4o"), ask("Bye!")], tmp_path)
    assert table.batch_id[0] == table.batch_id[2] != table.batch_id[1]
    assert list(table.error) == [""] * 3


def test_other_apis_have_their_own_answers(client, tmp_path):
    asked = [{"model": "text-embedding-3-small", "input": "e-mail"}]
    table = quiet(client, asked, tmp_path / "1", endpoint="/v1/embeddings")
    assert len(table.answer[0]) == 1536
    assert (table.completion_tokens[0], table.error[0]) == (0, "")
    asked = [{"model": MODEL, "input": "What is 17 * 23?"}]
    assert quiet(client, asked, tmp_path / "2", endpoint="/v1/responses").answer[0] == "391"


def test_an_asynchronous_client_is_awaited(tmp_path):
    async def work():
        async with connect(asynchronous=True, simulate=FAST) as connected:
            ticks = asyncio.create_task(asyncio.sleep(0))
            table = await quiet(connected, [ask("What is 17 * 23?")], tmp_path)
            assert ticks.done()
            return table

    assert list(asyncio.run(work()).answer) == ["391"]


def test_without_waiting_the_table_says_what_is_on_its_way(tmp_path, capsys):
    with connect(simulate=SLOW | {"clock": 1}) as slow:
        table = batch(slow, [ask()], to=tmp_path, wait=False)
        assert table.error[0].split(":")[0] in ("validating", "in_progress")
        assert "is not over" in table.error[0]
        assert "1 of 1 requests have no answer" in (told := capsys.readouterr().err)
        assert "call batch again later" in told
        slow.batches.cancel(table.batch_id[0])
        table = quiet(slow, [ask()], tmp_path)
    assert table.error[0].startswith(("cancelled: its batch", "batch_cancelled: This request"))


def test_a_budget_stops_a_batch_before_it_is_paid(tmp_path):
    asked = [ask(max_completion_tokens=1000)] * 50
    with connect(simulate=FAST, budget_usd="0.001") as poor, pytest.raises(BudgetExceeded):
        quiet(poor, asked, tmp_path)
    with connect(simulate=FAST, budget_usd="1") as rich:
        assert set(quiet(rich, asked, tmp_path).error) == {""}


# Bad input.


@pytest.mark.parametrize(
    ("told", "requests"),
    [
        ("There are no requests", []),
        ("There are no requests", {}),
        ("requests is str; give a list", "Hello!"),
        ("requests is int", 3),
        ("'request-1' is no dict with model and messages", [ask(), "Hello!"]),
        ("'request-0' is no dict with model and messages", [{"model": MODEL}]),
        ("names no model but None", [ask(model=None)]),
        ("asks for a stream; batches have none", [ask(stream=True)]),
        ("can't be written as JSON", [ask(temperature=float("nan"))]),
        ("can't be written as JSON", [ask(user={1, 2})]),
        ("A request is named 5; names are texts", {5: ask()}),
        ("A request is named 'xxx", {"x" * 65: ask()}),
        ("A request is named ''", {"": ask()}),
    ],
)
def test_what_is_no_request_is_one_sentence_before_anything_is_sent(
    client, tmp_path, told, requests
):
    number = started(client)
    with pytest.raises(CourseError, match=told):
        quiet(client, requests, tmp_path)
    assert started(client) == number
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("told", "options"),
    [
        ("endpoint is '/v1/images'", {"endpoint": "/v1/images"}),
        ("queue_tokens is 0", {"queue_tokens": 0}),
        ("queue_tokens is True", {"queue_tokens": True}),
    ],
)
def test_options_that_cannot_be_are_one_sentence(client, tmp_path, told, options):
    with pytest.raises(CourseError, match=told):
        quiet(client, [ask()], tmp_path, **options)
    with pytest.raises(CourseError, match="client is str; give the one that"):
        quiet("client", [ask()], tmp_path)


def test_a_folder_of_something_else_or_in_use_is_left_alone(client, tmp_path):
    (tmp_path / "part-001.jsonl").write_text("mine")
    with pytest.raises(CourseError, match="has files of something else"):
        quiet(client, [ask()], tmp_path)
    assert (tmp_path / "part-001.jsonl").read_text() == "mine"
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match="can't be a folder"):
        quiet(client, [ask()], tmp_path / "file")
    (tmp_path / "used").mkdir()
    with (
        FileLock(tmp_path / "used" / ".lock"),
        pytest.raises(CourseError, match="Another program is at work in"),
    ):
        quiet(client, [ask()], tmp_path / "used")


@pytest.mark.parametrize(
    "content", ["", "{", '{"course-batch": 5}', '{"course-batch": [{"a": 1}]}']
)
def test_a_damaged_state_is_never_taken_for_an_empty_one(client, tmp_path, content):
    quiet(client, [ask()], tmp_path)
    (tmp_path / "state.json").write_text(content)
    with pytest.raises(CourseError, match=r"state\.json is not a batch's state any more"):
        quiet(client, [ask()], tmp_path)


@pytest.mark.parametrize("name", ["part-001.jsonl", "part-001.output.jsonl"])
@pytest.mark.parametrize("content", ['{"custom_id": "requ', "[]", '{"custom_id": 5}'])
def test_a_half_written_file_is_told(client, tmp_path, name, content):
    quiet(client, [ask()], tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(CourseError, match="is damaged; take it back from a copy"):
        quiet(client, [ask()], tmp_path)


def test_a_full_disk_is_told_and_nothing_is_sent(client, tmp_path, monkeypatch):
    def full(number):
        raise OSError(28, "No space left on device")

    number = started(client)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        CourseError, match=r"can't be written \(No space left on device\); make room"
    ):
        quiet(client, [ask()], tmp_path)
    monkeypatch.undo()
    assert started(client) == number
    assert list(quiet(client, [ask()], tmp_path).error) == [""]


# How many fit into one file.


def sizes(parts):
    return [len(part) for part in parts]


def test_a_file_has_at_most_50_000_lines():
    lines = lines_of([ask()] * 100_001, CHAT).values()
    assert sizes(split(lines)) == [50_000, 50_000, 1]


def test_a_file_has_at_most_200_megabytes(monkeypatch):
    lines = list(lines_of([ask("x" * 1000)] * 10, CHAT).values())
    assert batch_lines.MOST_BYTES == 200_000_000
    # Each line ends in one byte more.
    monkeypatch.setattr(batch_lines, "MOST_BYTES", 3 * (len(lines[0].data) + 1))
    assert sizes(split(lines)) == [3, 3, 3, 1]
    monkeypatch.setattr(batch_lines, "MOST_BYTES", 3 * (len(lines[0].data) + 1) - 1)
    assert sizes(split(lines)) == [2] * 5


def test_the_texts_of_embeddings_are_counted_too():
    texts = {"model": "text-embedding-3-small", "input": ["a"] * 20_000}
    numbers = texts | {"input": [1, 2, 3]}
    lines = lines_of([texts, texts, texts, numbers], "/v1/embeddings").values()
    assert sizes(split(lines)) == [2, 2]


def test_a_queue_is_never_filled_above_its_limit(client, tmp_path):
    # "Hello!" is 2 tokens, its role 1, with 3 around it, and 3 that start the reply.
    lines = lines_of([ask()] * 10, CHAT).values()
    assert {line.tokens() for line in lines} == {9}
    assert sizes(split(lines, 45)) == [5, 5]
    assert sizes(split(lines, 44)) == [4, 4, 2]
    assert sizes(split(lines, 1)) == [1] * 10
    table = quiet(client, [ask()] * 10, tmp_path, queue_tokens=50)
    assert list(table.error) == [""] * 10
    one, two = (client.batches.retrieve(name) for name in table.batch_id.unique())
    assert one.completed_at <= two.created_at


# Killed.


class Killed(BaseException):
    """As by Ctrl-C, at the worst moment."""


def kill_at(client, reply):
    """Let the client die with so many requests sent, when the service has answered the last."""
    send, left = client._client.send, [reply]

    def dying(request, **options):
        response = send(request, **options)
        left[0] -= 1
        if not left[0]:
            raise Killed
        return response

    client._client.send = dying


def test_whenever_it_is_killed_it_goes_on_and_nothing_is_sent_twice(tmp_path):
    asked = {"one": ask(), "two": ask("Bye!"), "other": ask(model="gpt-4o")}
    for reply in range(1, 100):
        folder = tmp_path / str(reply)
        with connect(simulate=FAST) as whole, connect(simulate=FAST) as dying:
            number = started(whole)
            kill_at(dying, reply)
            try:
                quiet(dying, asked, folder)
                break
            except Killed:
                table = quiet(whole, asked, folder)
            assert list(table.error) == [""] * 3
            assert started(whole) == number + 2
    assert reply > 6


CHILD = """
from course import connect
from course.throughput.batch import batch
hello = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]}
batch(connect(simulate={"key": "of-this-test", "speed": 1, "clock": 60}), [hello] * 5, to="job")
"""


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_process_that_was_killed_is_followed_by_another(tmp_path):
    job, state = tmp_path / "job", tmp_path / "job" / "state.json"
    with connect(simulate=SLOW) as client:
        number = started(client)
        child = subprocess.Popen([sys.executable, "-c", CHILD], cwd=tmp_path)
        try:
            end = time.monotonic() + 60
            while not (state.exists() and '"batch_id": "batch_' in state.read_text()):
                assert time.monotonic() < end and child.poll() is None
                time.sleep(0.02)
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
        table = quiet(client, [ask()] * 5, job)
        assert list(table.error) == [""] * 5
        assert started(client) == number + 1


# What the service may say.


def told(name="batch_1", status="completed", **about):
    return {
        "id": name,
        "object": "batch",
        "endpoint": CHAT,
        "input_file_id": "file-1",
        "completion_window": "24h",
        "status": status,
        "created_at": 1,
        "request_counts": {"total": 2, "completed": 2, "failed": 0},
    } | about


FILE = Answer({"id": "file-1", "object": "file"})
NONE = Answer({"object": "list", "data": [], "has_more": False})
LOST = Answer(None, status=0)


def creations(service):
    return sum(1 for path, _, sent in service.requests if path == "/v1/batches" and sent)


def scripted(service, tmp_path, *answers, requests=None):
    service.answers += answers
    with connect() as client:
        client.max_retries = 0
        return quiet(client, requests or [ask(), ask()], tmp_path, longest_pause_s=0.01)


@pytest.mark.parametrize("lost", [LOST, Answer({"error": {"message": "oh"}}, status=500)])
def test_a_batch_whose_start_went_unheard_is_looked_for_before_it_is_sent_again(
    service, tmp_path, lost
):
    service.answers += [FILE, lost]
    with connect() as client:
        quiet(client, [ask()], tmp_path, wait=False)
        mark = json.loads((tmp_path / "state.json").read_text())["course-batch"][0]["mark"]
    ours = told(metadata={"course_batch": mark}, status="failed")
    other = told("batch_0", metadata={"course_batch": "another"})
    pages = [{"object": "list", "has_more": True, "data": [other, told("batch_2")]}]
    pages += [{"object": "list", "has_more": False, "data": [ours]}]
    table = scripted(service, tmp_path, *map(Answer, pages), Answer(ours), requests=[ask()])
    assert list(table.batch_id) == ["batch_1"]
    assert creations(service) == 1


def test_a_batch_that_never_started_is_sent_again(service, tmp_path):
    over = Answer(told(status="failed"))
    table = scripted(service, tmp_path, FILE, LOST, NONE, FILE, over, over)
    assert list(table.batch_id) == ["batch_1"] * 2
    assert creations(service) == 2


def test_a_refusal_for_now_is_waited_for(service, tmp_path):
    busy = Answer({"error": {"message": "Wait."}}, status=429)
    over = Answer(told(status="failed"))
    assert len(scripted(service, tmp_path, FILE, busy, NONE, FILE, over, busy, busy, over)) == 2


def test_a_service_that_stays_away_is_told_and_the_next_call_goes_on(service, tmp_path):
    service.answers += [FILE, Answer(told(status="in_progress"))]
    service.always = LOST
    with pytest.raises(CourseError, match=r"can't be asked about the batch \(APIConnectionError"):
        scripted(service, tmp_path)
    over = Answer(told(status="failed"))
    assert list(scripted(service, tmp_path, over).batch_id) == ["batch_1"] * 2
    assert creations(service) == 1


def test_a_key_that_is_refused_is_told_as_ever(service, tmp_path):
    with pytest.raises(openai.AuthenticationError):
        scripted(service, tmp_path, Answer({"error": {"message": "no"}}, status=401))


def test_a_batch_that_failed_says_why_for_each_of_its_requests(service, tmp_path):
    findings = [
        {"code": "token_limit_exceeded", "message": "Too many tokens.", "line": None},
        {"code": "other", "message": "And more.", "line": 2},
    ]
    over = Answer(told(status="failed", errors={"object": "list", "data": findings}))
    table = scripted(service, tmp_path, FILE, over, over)
    why = "failed: token_limit_exceeded: Too many tokens. (and 1 more)"
    assert list(table.error) == [why] * 2
    assert list(table.status) == [0, 0]


def line(custom_id, content, **about):
    body = {
        "model": MODEL,
        "choices": [{"message": {"content": content}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2},
    }
    response = {"status_code": 200, "request_id": "1", "body": body}
    return {"custom_id": custom_id, "response": response, "error": None} | about


def test_output_and_errors_are_joined_by_name_whatever_their_order(service, tmp_path):
    expired = {"code": "batch_expired", "message": "This request could not be executed."}
    output = [line("request-3", "fourth"), line("request-0", "first"), line("unknown", "?")]
    refused = {"status_code": 400, "body": {"error": {"code": "bad", "message": "No."}}}
    errors = [
        line("request-1", "", response=None, error=expired),
        line("request-4", "", response=refused),
    ]
    files = ["\n".join(map(json.dumps, lines)).encode() for lines in (output, errors)]
    over = told(status="expired", output_file_id="file-2", error_file_id="file-3")
    script = (FILE, Answer(over), Answer(over), Answer(files[0]), Answer(files[1]))
    table = scripted(service, tmp_path, *script, requests=[ask()] * 5)
    assert list(table.answer) == ["first", None, None, "fourth", None]
    assert list(table.error) == [
        "",
        "batch_expired: This request could not be executed.",
        "expired: its batch's files have no line for it",
        "",
        "400: bad: No.",
    ]
    assert list(table.status) == [200, 0, 0, 200, 400]
    # (9 * 0.075 + 2 * 0.30) / 1,000,000
    assert list(table.cost_usd) == [
        Decimal(cost) for cost in ("0.000001275", 0, 0, "0.000001275", 0)
    ]
    assert set(table.source) == {"live"}


def test_a_batch_or_a_file_that_is_gone_is_one_sentence(service, tmp_path):
    gone = Answer({"error": {"message": "gone"}}, status=404)
    running = Answer(told(status="in_progress"))
    with pytest.raises(CourseError, match="knows no batch batch_1, which part-001"):
        scripted(service, tmp_path, FILE, running, gone)
    over = Answer(told(output_file_id="file-2"))
    with pytest.raises(CourseError, match=r"is gone from the service \(file-2\)"):
        scripted(service, tmp_path, over, gone)
