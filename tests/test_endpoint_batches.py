"""The Batch API of the endpoint: what makes a batch fail, what it leaves, and how it ends early."""

import asyncio
import contextlib
import json
from types import SimpleNamespace

import pytest
from openai.types import Batch

from course.endpoint.api import batch_lines, batches
from course.endpoint.api.batches import FASTEST, Batches, BatchPace
from course.endpoint.api.files import Files
from course.endpoint.clock import Clock
from course.endpoint.limits import Limits, Tier
from course.endpoint.wire import WireError

CHAT = "/v1/chat/completions"
NOW = 1_790_000_000
WANTED = {"endpoint": CHAT, "completion_window": "24h"}


def request(custom_id, *, url=CHAT, **body):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]} | body
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": body}


def lines(*requests):
    return b"".join(json.dumps(one).encode() + b"\n" for one in requests)


def without(name, holder):
    return {key: value for key, value in holder.items() if key != name}


async def say(path, body, key):
    """10 tokens in, 4 of them cached, and 3 out; whoever is asked to fail does."""
    if body.get("user") == "fail":
        error = WireError(400, "No.", code="context_length_exceeded", param="messages")
        return 400, {"error": error.about()}, "req_bad"
    usage = {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}
    usage |= {"prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens_details": None}
    return 200, {"object": "chat.completion", "usage": usage}, "req_good"


def weigh(path, body):
    if body["model"] == "none":
        raise WireError(404, "There is none.", code="model_not_found", param="model")
    if body.get("user") == "odd":
        raise WireError(400, "How odd.", param="user")
    return 100


class Time:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Endpoint:
    """Batches with all they need, and what tests do with them."""

    def __init__(self, *, answer=say, weigh=weigh, time=None, speed=1.0, pace=FASTEST, queue=None):
        self.clock = Clock(speed, **({"now": time} if time else {}))
        self.files = Files(clock=self.clock, now=lambda: NOW)
        self.limits = Limits(self.clock)
        self.batches = Batches(
            self.files,
            answer,
            weigh=weigh,
            limits=self.limits,
            tier=lambda key, model: Tier("1", batch_queue_tokens=queue),
            clock=self.clock,
            pace=pace,
            now=lambda: NOW,
        )

    def put(self, content, *, key="ann", purpose="batch"):
        path = self.files.fresh()
        path.write_bytes(content)
        return self.files.keep(key, path, filename="i.jsonl", purpose=purpose, seconds=None)["id"]

    def start(self, content, *, key="ann", **settings):
        wanted = WANTED | {"input_file_id": self.put(content, key=key)} | settings
        return self.batches.create(key, wanted)["id"]

    async def until(self, batch_id, *statuses, key="ann"):
        ends = statuses or ("completed", "failed", "expired", "cancelled")
        async with asyncio.timeout(120):
            while (told := self.batches.get(key, batch_id))["status"] not in ends:
                await asyncio.sleep(0.001)
        return told

    async def run(self, content, **settings):
        return await self.until(self.start(content, **settings))

    def read(self, file_id, *, key="ann"):
        path = self.files.content(key, file_id)
        return [json.loads(line) for line in path.read_bytes().splitlines()]


@contextlib.asynccontextmanager
async def endpoint(**settings):
    made = Endpoint(**settings)
    try:
        yield made
    finally:
        await made.batches.close()
        made.files.close()


def ran(content, *, read=(), **settings):
    """A batch that has ended, and what is in those files of it."""
    wanted = {name: settings.pop(name) for name in ("endpoint",) if name in settings}

    async def run():
        async with endpoint(**settings) as made:
            told = await made.run(content, **wanted)
            return told, *(made.read(told[name]) for name in read)

    return asyncio.run(run())


def test_a_batch_leaves_answers_and_errors_in_openais_shape():
    content = lines(request("a"), request("b", user="fail"), request("c"))
    told, good, bad = ran(content, read=("output_file_id", "error_file_id"))
    assert Batch.model_validate(told, strict=True).model_dump() == told
    assert told["status"] == "completed"
    assert told["model"] == "gpt-4o-mini"
    assert told["request_counts"] == {"total": 3, "completed": 2, "failed": 1}
    assert told["usage"] == {
        "input_tokens": 20,
        "input_tokens_details": {"cached_tokens": 8},
        "output_tokens": 6,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 26,
    }
    assert told["expires_at"] == NOW + 86_400
    for name in ("created_at", "in_progress_at", "finalizing_at", "completed_at"):
        assert told[name] == NOW
    for name in ("errors", "failed_at", "expired_at", "cancelling_at", "cancelled_at"):
        assert told[name] is None
    assert [line["custom_id"] for line in good] == ["a", "c"]
    assert good[0]["id"].startswith("batch_req_")
    assert good[0]["id"] != good[1]["id"]
    assert good[0]["response"]["status_code"] == 200
    assert good[0]["response"]["request_id"] == "req_good"
    assert good[0]["response"]["body"]["object"] == "chat.completion"
    assert good[0]["error"] is None
    assert without("id", bad[0]) == {
        "custom_id": "b",
        "response": {
            "status_code": 400,
            "request_id": "req_bad",
            "body": {
                "error": {
                    "message": "No.",
                    "type": "invalid_request_error",
                    "param": "messages",
                    "code": "context_length_exceeded",
                }
            },
        },
        "error": None,
    }


def test_a_file_that_would_be_empty_is_not_made():
    told, _ = ran(lines(request("a")), read=("output_file_id",))
    assert told["error_file_id"] is None
    told, _ = ran(lines(request("a", user="fail")), read=("error_file_id",))
    assert (told["status"], told["output_file_id"]) == ("completed", None)


def test_the_files_of_a_batch_are_named_for_it_and_expire_as_asked():
    async def run():
        async with endpoint() as made:
            terms = {"anchor": "created_at", "seconds": 7200}
            told = await made.run(lines(request("a")), output_expires_after=terms)
            return told, made.files.get("ann", told["output_file_id"])

    told, file = asyncio.run(run())
    assert file["filename"] == f"{told['id']}_output.jsonl"
    assert (file["purpose"], file["expires_at"]) == ("batch_output", NOW + 7200)


def test_usage_of_responses_and_embeddings_counts_as_well():
    replies = {
        "/v1/responses": {
            "input_tokens": 7,
            "input_tokens_details": {"cached_tokens": 1},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 2},
            "total_tokens": 12,
        },
        "/v1/embeddings": {"prompt_tokens": 9, "total_tokens": 9},
    }

    async def answer(path, body, key):
        return 200, {"usage": replies[path]}, "req"

    def used(path):
        told, _ = ran(
            lines(request("a", url=path, input="Hi")),
            endpoint=path,
            answer=answer,
            read=("output_file_id",),
        )
        used = told["usage"]
        details = (used["input_tokens_details"], used["output_tokens_details"])
        return used["input_tokens"], used["output_tokens"], used["total_tokens"], *details

    assert used("/v1/responses") == (7, 5, 12, {"cached_tokens": 1}, {"reasoning_tokens": 2})
    assert used("/v1/embeddings") == (9, 0, 9, {"cached_tokens": 0}, {"reasoning_tokens": 0})


GOOD = request("a")
MANY = "The input file has more than"


@pytest.mark.parametrize(
    ("content", "code", "message", "param", "line"),
    [
        (b"", "empty_file", "The input file is empty.", "input_file_id", None),
        (b" \n\n", "empty_file", "The input file is empty.", "input_file_id", None),
        (
            lines(GOOD) + b"{nonsense\n",
            "invalid_json_line",
            "This line is not parseable as valid JSON.",
            None,
            2,
        ),
        (b"\xef\xbb\xbf" + lines(GOOD), "invalid_json_line", "This line is not", None, 1),
        (b"\n" + lines(GOOD) + b"[1]", "invalid_request", "must be a JSON object.", None, 3),
        *(
            (
                lines(without(name, GOOD)),
                "missing_required_parameter",
                f"Missing required parameter: '{name}'.",
                name,
                1,
            )
            for name in ("custom_id", "method", "url", "body")
        ),
        (lines(GOOD | {"body": []}), "invalid_type", "'body': expected an object", "body", 1),
        (lines(GOOD | {"custom_id": 7}), "invalid_type", "'custom_id'", "custom_id", 1),
        (lines(GOOD | {"method": "GET"}), "invalid_value", "Invalid value: 'GET'", "method", 1),
        (
            lines(GOOD | {"url": "/v1/embeddings"}),
            "invalid_url",
            "The URL provided for this request does not match the batch endpoint.",
            "url",
            1,
        ),
        (
            lines(GOOD | {"body": without("model", GOOD["body"])}),
            "invalid_request",
            "Model parameter is required.",
            "body.model",
            1,
        ),
        (
            lines(GOOD | {"body": without("messages", GOOD["body"])}),
            "invalid_request",
            "Messages parameter is required.",
            "body.messages",
            1,
        ),
        (lines(request("a", model=5)), "invalid_request", "must be a string", "body.model", 1),
        (
            lines(request("a", stream=True)),
            "streaming_unsupported",
            "Chat Completions: Streaming is not supported in the Batch API.",
            "body.stream",
            1,
        ),
        (
            lines(GOOD, request("b"), GOOD),
            "duplicate_custom_id",
            "The custom_id for this request is a duplicate of another request.",
            "custom_id",
            3,
        ),
        (
            lines(GOOD, request("b", model="gpt-4o")),
            "mismatched_model",
            "The model 'gpt-4o' for this request does not match the rest of the batch.",
            "body.model",
            2,
        ),
        (
            lines(request("a", model="none")),
            "model_not_found",
            "The provided model 'none' is not supported by the Batch API.",
            "body.model",
            1,
        ),
        (lines(request("a", user="odd")), "invalid_request", "How odd.", "body.user", 1),
    ],
)
def test_a_bad_line_makes_the_batch_fail_and_is_named(content, code, message, param, line):
    (told,) = ran(content)
    assert told["status"] == "failed"
    assert told["failed_at"] == NOW
    assert told["in_progress_at"] is told["output_file_id"] is told["error_file_id"] is None
    assert told["errors"]["object"] == "list"
    (found,) = told["errors"]["data"]
    assert message in found.pop("message")
    assert found == {"code": code, "param": param, "line": line}


def test_every_bad_line_is_told_up_to_a_hundred():
    (told,) = ran(lines(GOOD, {}, GOOD))
    codes = [(found["code"], found["line"]) for found in told["errors"]["data"]]
    assert codes == [("missing_required_parameter", 2)] * 4 + [("duplicate_custom_id", 3)]
    (told,) = ran(b"x\n" * 150)
    assert [found["line"] for found in told["errors"]["data"]] == list(range(1, 101))


def test_a_file_of_too_much_makes_the_batch_fail(monkeypatch):
    monkeypatch.setattr(batch_lines, "MOST_LINES", 3)
    (told,) = ran(lines(*(request(f"{number}") for number in range(3))))
    assert told["status"] == "completed"
    (told,) = ran(lines(*(request(f"{number}") for number in range(4))))
    assert [found["code"] for found in told["errors"]["data"]] == ["too_many_tasks"]
    monkeypatch.setattr(batch_lines, "MOST_INPUTS", 5)
    path = "/v1/embeddings"
    for texts, status in ((["x"] * 5, "completed"), ([5] * 9, "completed"), (["x"] * 6, "failed")):
        (told,) = ran(lines(request("a", url=path, input=texts)), endpoint=path)
        assert told["status"] == status
    monkeypatch.setattr(batch_lines, "MOST_BLANKS", 9)
    (told,) = ran(b"\n" * 9 + lines(GOOD))
    assert told["status"] == "completed"
    (told,) = ran(b"\n" * 10 + lines(GOOD))
    assert "more than 9 blank lines" in told["errors"]["data"][0]["message"]
    monkeypatch.setattr(batch_lines, "LINE_BYTES", 300)
    long = lines(request("long", user="x" * 900))
    (told,) = ran(lines(request("a")) + long + lines(request("a")))
    found = [(found["code"], found["line"]) for found in told["errors"]["data"]]
    assert found == [("line_too_long", 2), ("duplicate_custom_id", 3)]


@pytest.mark.parametrize(
    ("change", "status", "message", "param"),
    [
        ({"endpoint": None}, 400, "Missing required parameter: 'endpoint'.", "endpoint"),
        ({"input_file_id": None}, 400, "Missing required parameter", "input_file_id"),
        ({"input_file_id": 5}, 400, "expected a string, but got an integer", "input_file_id"),
        (
            {"endpoint": "/v1/images"},
            400,
            "Invalid value: '/v1/images'. Supported values are: '/v1/chat/completions', "
            "'/v1/embeddings', and '/v1/responses'.",
            "endpoint",
        ),
        (
            {"completion_window": "1h"},
            400,
            "Invalid value: '1h'. Supported values are: '24h'.",
            "completion_window",
        ),
        (
            {"metadata": {"tags": ["a"]}},
            400,
            "Invalid type for 'metadata.tags': expected a string, but got an array instead.",
            "metadata.tags",
        ),
        ({"metadata": []}, 400, "expected a metadata object", "metadata"),
        ({"metadata": {f"{n}": "" for n in range(17)}}, 400, "at most 16 properties", "metadata"),
        ({"metadata": {"x" * 65: ""}}, 400, "'xxx...xxx' is too long", f"metadata.{'x' * 65}"),
        ({"metadata": {"a": "x" * 513}}, 400, "string too long", "metadata.a"),
        ({"output_expires_after": 5}, 400, "expected an object", "output_expires_after"),
        (
            {"output_expires_after": {"anchor": "created_at", "seconds": True}},
            400,
            "expected an integer",
            "output_expires_after.seconds",
        ),
        (
            {"output_expires_after": {"anchor": "created_at", "seconds": 2_592_001}},
            400,
            "Expected a value <= 2592000, but got 2592001",
            "output_expires_after.seconds",
        ),
    ],
)
def test_a_bad_request_for_a_batch_is_refused_by_name(change, status, message, param):
    body = WANTED | {"input_file_id": "file-a"} | change
    body = {name: value for name, value in body.items() if value is not None}
    with pytest.raises(WireError) as caught:
        batches.read_wanted(body)
    assert (caught.value.status, caught.value.param) == (status, param)
    assert message in caught.value.message
    with pytest.raises(WireError, match="must be a JSON object"):
        batches.read_wanted([body])


def test_a_batch_needs_a_file_of_its_own_key_for_batches():
    async def run():
        async with endpoint() as made:
            wanted = (
                "file-none",
                made.put(lines(GOOD), key="bob"),
                made.put(lines(GOOD), purpose="evals"),
            )
            ids = [made.start(b"", input_file_id=file_id) for file_id in wanted]
            return [await made.until(batch_id) for batch_id in ids]

    none, bobs, evals = asyncio.run(run())
    assert [told["status"] for told in (none, bobs, evals)] == ["failed"] * 3
    assert none["errors"]["data"] == [
        {
            "code": "invalid_request",
            "message": "Cannot find file file-none, or organization org-simulated does not have "
            "access to it.",
            "param": "file_id",
            "line": None,
        }
    ]
    assert "Cannot find file" in bobs["errors"]["data"][0]["message"]
    assert "'evals'" in evals["errors"]["data"][0]["message"]


def test_the_queue_holds_a_batch_until_it_ends():
    gate = asyncio.Event()

    async def wait(path, body, key):
        await gate.wait()
        return await say(path, body, key)

    async def run():
        async with endpoint(answer=wait, queue=250) as made:
            # Two lines of 100 tokens each fit into 250, another beside them does not.
            first = made.start(lines(request("a"), request("b")))
            await made.until(first, "in_progress")
            full = await made.run(lines(request("a")))
            gate.set()
            await made.until(first)
            return full, await made.run(lines(request("a")))

    full, later = asyncio.run(run())
    assert full["status"] == "failed"
    (found,) = full["errors"]["data"]
    assert found["code"] == "token_limit_exceeded"
    assert found["message"].startswith("Enqueued token limit reached for gpt-4o-mini in org")
    assert "Limit: 250 enqueued tokens" in found["message"]
    assert later["status"] == "completed"


def test_a_cancelled_batch_keeps_what_is_finished():
    async def run():
        async def answer(path, body, key):
            if body["user"] == "3":
                assert made.batches.cancel("ann", batch_id)["status"] == "cancelling"
                assert made.batches.cancel("ann", batch_id)["cancelling_at"] == NOW
            return await say(path, body, key)

        async with endpoint(answer=answer) as made:
            batch_id = made.start(lines(*(request(f"{n}", user=f"{n}") for n in range(1, 7))))
            told = await made.until(batch_id)
            again = made.batches.cancel("ann", batch_id)
            return told, again, made.read(told["output_file_id"]), made.read(told["error_file_id"])

    told, again, good, rest = asyncio.run(run())
    assert again == told
    assert (told["status"], told["cancelled_at"], told["completed_at"]) == ("cancelled", NOW, None)
    assert told["request_counts"] == {"total": 6, "completed": 3, "failed": 0}
    assert [line["custom_id"] for line in good] == ["1", "2", "3"]
    assert [line["custom_id"] for line in rest] == ["4", "5", "6"]
    assert without("id", rest[0]) == {
        "custom_id": "4",
        "response": None,
        "error": {
            "code": "batch_cancelled",
            "message": "This request was not executed because the batch was cancelled.",
        },
    }


def test_a_waiting_batch_stops_at_once_when_cancelled():
    async def run():
        # On this clock a batch of two lines would take 60 seconds.
        async with endpoint(pace=BatchPace(validating_s=0.02)) as made:
            batch_id = made.start(lines(request("a"), request("b")))
            assert made.batches.get("ann", batch_id)["status"] == "validating"
            await made.until(batch_id, "in_progress")
            made.batches.cancel("ann", batch_id)
            early = made.start(lines(GOOD))
            made.batches.cancel("ann", early)
            return await made.until(batch_id), await made.until(early)

    told, early = asyncio.run(run())
    assert told["request_counts"] == {"total": 2, "completed": 0, "failed": 0}
    assert (early["status"], early["error_file_id"]) == ("cancelled", None)
    assert early["request_counts"]["total"] == 0


@pytest.mark.parametrize(("content", "status"), [(lines(GOOD), "completed"), (b"", "failed")])
def test_what_has_ended_can_not_be_cancelled(content, status):
    async def run():
        async with endpoint() as made:
            told = await made.run(content)
            with pytest.raises(WireError) as caught:
                made.batches.cancel("ann", told["id"])
            return caught.value

    error = asyncio.run(run())
    assert error.status == 409
    assert error.message == f"Cannot cancel a batch with status '{status}'."


def test_after_24_hours_a_batch_expires_with_what_it_has():
    time = Time()

    async def answer(path, body, key):
        time.seconds += 6 * 3600
        return await say(path, body, key)

    content = lines(*(request(f"{number}") for number in range(1, 7)))
    told, good, rest = ran(
        content, answer=answer, time=time, read=("output_file_id", "error_file_id")
    )
    # Six hours a line: after four of them the day is over.
    assert (told["status"], told["expired_at"], told["completed_at"]) == ("expired", NOW, None)
    assert told["request_counts"] == {"total": 6, "completed": 4, "failed": 0}
    assert [line["custom_id"] for line in good] == ["1", "2", "3", "4"]
    assert [line["custom_id"] for line in rest] == ["5", "6"]
    assert rest[0]["error"] == {
        "code": "batch_expired",
        "message": "This request could not be executed before the completion window expired.",
    }


def test_a_fast_clock_can_outrun_a_slow_batch():
    # A day passes in 0.1 s; at one line in 12 hours and 8 minutes, only one of three is in time.
    slow = BatchPace(validating_s=0, least_s=0, lines_per_s=1 / 43_680, finalizing_s=0)
    (told,) = ran(lines(*map(request, "abc")), speed=864_000, pace=slow)
    assert told["status"] == "expired"
    assert told["request_counts"] == {"total": 3, "completed": 1, "failed": 0}


def test_a_batch_takes_its_time_on_the_clock_of_the_endpoint():
    async def run():
        async with endpoint(speed=200, pace=BatchPace()) as made:
            started = made.clock()
            told = await made.run(lines(*map(request, "abcd")))
            return told, made.clock() - started

    told, seconds = asyncio.run(run())
    assert told["status"] == "completed"
    # 5 s of checking, 60 s of answering and 2 s of putting away, of which every wait may be left
    # out that is shorter than a hundredth of a real second (2 s on this clock).
    assert seconds > 60


def test_a_big_line_is_checked_and_answered_like_any_other():
    content = lines(request("a", user="x" * 200_000), request("a"), request("b", user="fail"))
    (told,) = ran(content)
    found = [(found["code"], found["line"]) for found in told["errors"]["data"]]
    assert found == [("duplicate_custom_id", 2)]
    (told,) = ran(lines(request("a", user="x" * 200_000), request("b")))
    assert told["request_counts"] == {"total": 2, "completed": 2, "failed": 0}


def test_two_keys_do_not_see_each_other():
    async def run():
        async with endpoint() as made:
            told = await made.run(lines(GOOD))
            assert made.batches.list("bob", {})["data"] == []
            for ask in (made.batches.get, made.batches.cancel):
                with pytest.raises(WireError) as caught:
                    ask("bob", told["id"])
                assert caught.value.status == 404
                assert caught.value.message == f"No batch found with id '{told['id']}'."
            with pytest.raises(WireError, match="No such File object"):
                made.files.content("bob", told["output_file_id"])

    asyncio.run(run())


def test_batches_are_listed_newest_first_in_pages():
    async def run():
        async with endpoint() as made:
            ids = [made.start(lines(GOOD), metadata={"n": f"{n}"}) for n in range(3)]
            one = made.batches.list("ann", {"limit": "2"})
            two = made.batches.list("ann", {"limit": "2", "after": one["last_id"]})
            with pytest.raises(WireError, match="<= 100"):
                made.batches.list("ann", {"limit": "101"})
            with pytest.raises(WireError, match="No batch found with id 'batch_x'"):
                made.batches.list("ann", {"after": "batch_x"})
            return ids, one, two

    ids, one, two = asyncio.run(run())
    assert [row["id"] for row in one["data"]] == [ids[2], ids[1]]
    assert one["data"][0]["metadata"] == {"n": "2"}
    assert (one["has_more"], two["has_more"]) == (True, False)
    assert [row["id"] for row in two["data"]] == [ids[0]]


def test_a_key_has_only_so_many_batches_at_once_and_on_record(monkeypatch):
    monkeypatch.setattr(batches, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(batches, "MOST_KEPT", 3)

    async def run():
        async with endpoint() as made:
            ids = [made.start(lines(GOOD)) for _ in range(2)]
            with pytest.raises(WireError) as caught:
                made.start(lines(GOOD))
            assert (caught.value.status, caught.value.code) == (429, "rate_limit_exceeded")
            made.start(lines(GOOD), key="bob")
            for batch_id in ids:
                await made.until(batch_id)
            ids += [(await made.run(lines(GOOD)))["id"] for _ in range(2)]
            return ids, [row["id"] for row in made.batches.list("ann", {})["data"]]

    ids, kept = asyncio.run(run())
    assert kept == ids[:0:-1]


def test_a_mistake_of_ours_fails_the_batch_and_gives_its_tokens_back(caplog):
    async def broken(path, body, key):
        if body["user"] == "break":
            raise KeyError("ours")
        return await say(path, body, key)

    async def run():
        content = lines(request("a", user="fine"), request("b", user="break"))
        async with endpoint(answer=broken, queue=200) as made:
            told = [await made.run(content) for _ in range(2)]
            return told, sorted(path.name for path in made.files.fresh().parent.iterdir())

    told, left = asyncio.run(run())
    assert [one["errors"]["data"][0]["code"] for one in told] == ["server_error"] * 2
    assert len(left) == 2  # the two inputs; the half-written outputs are gone
    assert "batch_" in caplog.text


def test_closing_stops_a_batch_in_the_middle():
    async def run():
        made = Endpoint(pace=BatchPace(validating_s=0, least_s=1e6))
        batch_id = made.start(lines(GOOD), key="ann")
        await made.until(batch_id, "in_progress")
        await made.batches.close()
        made.files.close()
        assert made.batches.get("ann", batch_id)["status"] == "in_progress"
        return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    assert asyncio.run(run()) == []


def test_thousands_of_lines_never_hold_up_others():
    counts = SimpleNamespace(ticks=0, since=0, most=0)

    def work():
        counts.since += 1
        counts.most = max(counts.most, counts.since)

    def heavy(path, body):
        work()
        return 1

    async def answer(path, body, key):
        work()
        return await say(path, body, key)

    async def tick():
        while True:
            counts.ticks, counts.since = counts.ticks + 1, 0
            await asyncio.sleep(0)

    async def run():
        async with endpoint(answer=answer, weigh=heavy) as made:
            ticker = asyncio.create_task(tick())
            content = lines(*(request(f"{number}") for number in range(5000)))
            ids = [made.start(content, key=key) for key in ("ann", "bob")]
            told = [
                await made.until(batch_id, key=key)
                for batch_id, key in zip(ids, ("ann", "bob"), strict=True)
            ]
            ticker.cancel()
            return told

    told = asyncio.run(run())
    assert [one["request_counts"]["completed"] for one in told] == [5000, 5000]
    # Two batches of 5,000 lines, each checked and answered: 20,000 steps. Between any two of
    # them everyone else had a turn, whose step may fall on either side of theirs.
    assert counts.ticks > 10_000
    assert counts.most <= 2
