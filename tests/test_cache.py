import asyncio
import contextlib
import gc
import json
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import openai
import pytest
from scripted_service import Answer, ScriptedService, completion, events

from course import connect, meter
from course.budget import Budget, BudgetExceeded
from course.cache import Cache, Kept
from course.errors import CourseError

HELLO = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Hello!"},
]
ASK = {"model": "gpt-4o-mini", "messages": HELLO}
USAGE = {"prompt_tokens": 19, "completion_tokens": 2, "total_tokens": 21}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "model": "gpt-4o-mini",
    "output": [],
    "usage": {"input_tokens": 30, "output_tokens": 4, "total_tokens": 34},
}
KEPT = Kept("application/json", b'{"a": 1}\nand a line')


def last_event(kind="completed", **about):
    response = RESPONSE | {"status": kind} | about
    told = {"type": f"response.{kind}", "sequence_number": 1, "response": response}
    return f"event: response.{kind}\ndata: {json.dumps(told)}\n\n"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "replies"


@pytest.fixture
def client(service, folder):
    with connect(cache=folder, max_retries=0) as client:
        yield client


def run(work, **settings):
    async def together():
        async with connect(asynchronous=True, **settings) as client:
            return await work(client)

    return asyncio.run(together())


def place_in(folder, body=ASK):
    return Cache(folder).place("simulated", "/v1/chat/completions", body)


def test_what_is_kept_is_found_again_byte_for_byte(folder):
    cache = Cache(folder)
    place = place_in(folder)
    assert cache.find(place) is None
    cache.keep(place, KEPT)
    assert cache.find(place) == Kept("application/json", b'{"a": 1}\nand a line')


def test_only_its_owner_can_read_it(folder):
    cache = Cache(folder)
    cache.keep(place_in(folder), KEPT)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_identical_is_the_same_body_whatever_the_order_of_its_fields(folder):
    cache = Cache(folder)
    place = cache.place("simulated", "/v1/chat/completions", ASK)
    turned = dict(reversed(ASK.items()))
    assert cache.place("simulated", "/v1/chat/completions", turned) == place
    others = [
        ("https://api.openai.com/v1", "/v1/chat/completions", ASK),
        ("simulated", "/v1/responses", ASK),
        ("simulated", "/v1/chat/completions", ASK | {"seed": 1}),
        ("simulated", "/v1/chat/completions", ASK | {"stream": True}),
        ("simulated", "/v1/chat/completions", ASK | {"messages": HELLO[::-1]}),
    ]
    assert len({cache.place(*other) for other in others} | {place}) == 6


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: b"nothing of ours",
        lambda content: content[:-1],
        lambda content: content + b"x",
        lambda content: content.replace(b'"a": 1', b'"a": 2'),
        lambda content: b"[1]\n" + content,
        lambda content: b'{"content_type": 3}\nx',
        lambda content: b"\xff\xfe" + content,
    ],
)
def test_a_spoilt_file_is_passed_over_and_written_anew(folder, spoil):
    cache, place = Cache(folder), place_in(folder)
    cache.keep(place, KEPT)
    place.write_bytes(spoil(place.read_bytes()))
    assert cache.find(place) is None
    cache.keep(place, KEPT)
    assert cache.find(place) == KEPT


def test_a_file_under_anothers_name_is_passed_over(folder):
    cache, place, other = Cache(folder), place_in(folder), place_in(folder, {"model": "x"})
    cache.keep(place, KEPT)
    place.rename(other)
    assert cache.find(other) is None


def test_a_folder_in_place_of_a_file_breaks_nothing(folder):
    cache, place = Cache(folder), place_in(folder)
    place.mkdir()
    cache.keep(place, KEPT)
    assert cache.find(place) is None
    assert list(folder.iterdir()) == [place]


def test_a_folder_that_went_away_is_made_again(folder):
    cache, place = Cache(folder), place_in(folder)
    folder.rmdir()
    cache.keep(place, KEPT)
    assert cache.find(place) == KEPT


@pytest.mark.parametrize("name", ["", 5, "a\0b", "file/below", "/proc/nowhere"])
def test_a_folder_that_cannot_be_is_told_at_once(tmp_path, monkeypatch, capsys, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(CourseError, match=r"^cache is .* folder") as error:
        connect(cache=name)
    assert "\n" not in str(error.value)
    assert capsys.readouterr().out == ""


def test_the_folder_stays_where_it_was_when_the_program_moves_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cache = Cache("replies")
    monkeypatch.chdir("/")
    cache.keep(place_in(tmp_path / "replies"), KEPT)
    assert len(list((tmp_path / "replies").iterdir())) == 1


def test_many_threads_and_processes_never_tear_a_file(folder):
    Cache(folder)
    code = (
        "import sys; from course.cache import Cache, Kept; cache = Cache(sys.argv[1]); "
        "place = cache.place('s', '/p', {});\n"
        "for n in range(300):\n"
        "    cache.keep(place, Kept('t', b'%d ' % n * 20_000)); found = cache.find(place)\n"
        "    assert len(set(found.content.split())) == 1, found"
    )
    asked = [sys.executable, "-c", code, str(folder)]
    others = [subprocess.Popen(asked) for _ in range(2)]
    cache = Cache(folder)
    place = cache.place("s", "/p", {})

    def work(number):
        cache.keep(place, Kept("t", b"%d " % number * 20_000))
        return cache.find(place)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(300)))
    assert [other.wait() for other in others] == [0, 0]
    assert all(len(set(kept.content.split())) == 1 for kept in found)
    assert [file.suffix for file in folder.iterdir()] == [".reply"]


def test_a_repeated_call_is_answered_from_the_folder_and_costs_nothing(service, client):
    with meter() as m:
        first = client.chat.completions.create(**ASK)
        second = client.chat.completions.create(**ASK)
    assert first == second
    assert len(service.calls) == 1
    # 19 * 0.15 + 2 * 0.60 millionths, once.
    assert [record.cost_usd for record in m.records] == [Decimal("0.00000405"), 0]
    assert [record.from_cache for record in m.records] == [False, True]
    assert [record.completion_tokens for record in m.records] == [2, 2]
    assert repr(m).startswith("2 calls (1 from cache) · 38 prompt tokens (0 cached) + 4 completion")
    assert list(m.table().from_cache) == [False, True]


def test_the_temperature_does_not_matter_but_belongs_to_the_body(service, client):
    for temperature in (1.5, 1.5, 0.5):
        client.chat.completions.create(**ASK, temperature=temperature)
    assert len(service.calls) == 2


def test_another_process_and_the_asynchronous_client_find_it_too(service, client, folder):
    client.chat.completions.create(**ASK)

    async def ask(client):
        return await client.chat.completions.create(**ASK)

    assert run(ask, cache=folder).choices[0].message.content == "Hi!"
    code = (
        "import json, sys; from course import connect; client = connect(cache=sys.argv[1]); "
        "print(client.chat.completions.create(**json.loads(sys.argv[2])).id)"
    )
    asked = [sys.executable, "-c", code, str(folder), json.dumps(ASK)]
    ran = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    assert ran.stdout.endswith("chatcmpl-1\n"), ran.stderr
    assert len(service.calls) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_the_bytes_and_their_type_are_those_that_came(service, client, stream):
    service.always = Answer(events("ä", "👋", usage=USAGE) if stream else completion("ä👋"))

    def ask():
        api = client.chat.completions.with_streaming_response
        with api.create(**ASK, stream=stream) as raw:
            return raw.headers["content-type"], b"".join(raw.iter_bytes())

    assert ask() == ask()
    assert len(service.calls) == 1


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_stream_is_replayed_as_a_stream(service, folder, asynchronous):
    service.always = Answer(events("Hel", "lo", usage=USAGE))

    async def ask_async(client):
        stream = await client.chat.completions.create(**ASK, stream=True)
        return [chunk async for chunk in stream]

    def ask():
        if asynchronous:
            return run(ask_async, cache=folder)
        with connect(cache=folder) as client:
            return list(client.chat.completions.create(**ASK, stream=True))

    with meter() as m:
        first, second = ask(), ask()
    assert first == second
    assert [chunk.choices[0].delta.content for chunk in first if chunk.choices] == ["Hel", "lo"]
    assert len(service.calls) == 1
    assert [(r.streamed, r.from_cache, r.completion_tokens) for r in m.records] == [
        (True, False, 2),
        (True, True, 2),
    ]


def test_a_replay_can_be_dropped_half_way(service, client):
    service.always = Answer(events(*["Hi"] * 9, usage=USAGE))
    list(client.chat.completions.create(**ASK, stream=True))
    with meter() as m:
        next(client.chat.completions.create(**ASK, stream=True))
        gc.collect()
    assert [(record.from_cache, record.completion_tokens) for record in m.records] == [(True, 2)]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(events("Hi", done=False), cut=True),
        Answer(events("Hi", done=False)),
        Answer([*events("Hi", done=False), 'data: {"error": {"message": "no"}}\n\n']),
    ],
)
def test_a_stream_that_breaks_off_is_not_kept(service, client, folder, answer):
    service.answers.append(answer)
    with contextlib.suppress(openai.APIError):
        list(client.chat.completions.create(**ASK, stream=True))
    assert list(folder.iterdir()) == []


def test_a_stream_that_is_dropped_is_not_kept(service, client, folder):
    service.answers.append(Answer(events(*["Hi"] * 50)))
    with client.chat.completions.create(**ASK, stream=True) as stream:
        next(iter(stream))
    assert list(folder.iterdir()) == []


def test_a_whole_reply_that_is_read_in_part_is_not_kept(service, client, folder):
    service.answers.append(Answer(completion("Hi! " * 100_000)))
    with client.chat.completions.with_streaming_response.create(**ASK) as raw:
        next(raw.iter_bytes())
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("status", [400, 404, 429, 500])
def test_a_refusal_is_not_kept(service, client, folder, status):
    service.answers.append(Answer({"error": {"message": "no"}}, status=status))
    with pytest.raises(openai.APIStatusError):
        client.chat.completions.create(**ASK)
    assert list(folder.iterdir()) == []
    assert client.chat.completions.create(**ASK).id == "chatcmpl-1"


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"", {"error": {"message": "no"}}])
def test_what_is_no_reply_is_not_kept(service, client, folder, body):
    service.answers.append(Answer(body))
    client.chat.completions.with_raw_response.create(**ASK)
    assert list(folder.iterdir()) == []


def test_responses_and_embeddings_are_kept_as_well(service, client):
    embeddings = {"object": "list", "data": [], "model": "e", "usage": {"prompt_tokens": 8}}
    asked = {"model": "gpt-4o-mini", "input": "Hello!"}
    service.answers += [Answer(RESPONSE), Answer([last_event()]), Answer(embeddings)]
    with meter() as m:
        for _ in range(2):
            client.responses.create(**asked)
            list(client.responses.create(**asked, stream=True))
            client.embeddings.create(**asked, encoding_format="float")
    assert len(service.calls) == 3
    assert [record.api for record in m.records] == ["responses", "responses", "embeddings"] * 2
    assert [record.prompt_tokens for record in m.records] == [30, 30, 8] * 2
    assert [record.from_cache for record in m.records] == [False] * 3 + [True] * 3


def test_a_response_that_failed_or_is_not_finished_is_not_kept(service, client, folder):
    asked = {"model": "gpt-4o-mini", "input": "Hello!"}
    error = {"code": "server_error", "message": "no"}
    service.answers += [
        Answer(RESPONSE | {"status": "failed", "error": error}),
        Answer(RESPONSE | {"status": "queued", "usage": None}),
        Answer([last_event("failed", error=error)]),
    ]
    client.responses.create(**asked)
    client.responses.create(**asked, background=True)
    list(client.responses.create(**asked, stream=True))
    assert list(folder.iterdir()) == []


def test_other_requests_are_never_answered_from_the_folder(service, client, folder):
    client.moderations.create(model="omni-moderation-latest", input="Hello!")
    client.models.list()
    client.chat.completions.create(**ASK, extra_query={"api-key": "hunter2"})
    assert list(folder.iterdir()) == []


def test_a_hit_needs_no_budget(service, folder):
    with connect(cache=folder) as client:
        client.chat.completions.create(**ASK)
    money = Budget("0.0000001")
    with connect(cache=folder, budget_usd=money) as client:
        assert client.chat.completions.create(**ASK).id == "chatcmpl-1"
        with pytest.raises(BudgetExceeded):
            client.chat.completions.create(**ASK, seed=1)
    assert (money.spent_usd, money.reserved_usd) == (0, 0)


def test_another_service_gives_its_own_answers(service, client, folder, monkeypatch):
    client.chat.completions.create(**ASK)
    with ScriptedService() as another:
        monkeypatch.setenv("OPENAI_BASE_URL", another.url)
        with connect(cache=folder) as other:
            other.chat.completions.create(**ASK)
        assert len(another.calls) == 1


def test_the_same_call_in_many_threads_at_once_leaves_one_whole_file(service, client, folder):
    together = threading.Barrier(20)

    def ask(_):
        together.wait()
        return client.chat.completions.create(**ASK).id

    with ThreadPoolExecutor(20) as pool, meter() as m:
        assert set(pool.map(ask, range(20))) == {"chatcmpl-1"}
    assert len(list(folder.iterdir())) == 1
    assert sum(record.from_cache for record in m.records) == 20 - len(service.calls)


def test_a_reply_that_repeats_the_key_is_not_kept(service, client, folder):
    service.always = Answer(completion("Your key is sk-of-a-test, is it not?"))
    client.chat.completions.create(**ASK)
    assert list(folder.iterdir()) == []
