"""Clients that know nothing of the course run unchanged against the endpoint, on loopback.

openai-python is tested in this process; the others run in environments of their own, which
`tests/clients/install.sh FOLDER` fills and COURSE_CLIENTS=FOLDER names.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import openai
import pytest

HERE = Path(__file__).parent / "clients"
sys.path.insert(0, str(HERE))

import telling  # noqa: E402
import use_openai  # noqa: E402
import vocabulary  # noqa: E402

OPENAI = {
    "openai": (openai.OpenAI, openai.DefaultHttpxClient),
    "openai async": (openai.AsyncOpenAI, openai.DefaultAsyncHttpxClient),
    "openai aiohttp": (openai.AsyncOpenAI, openai.DefaultAioHttpClient),
}
ELSEWHERE = {
    "node": ("node", "use_node.mjs"),
    "litellm": ("litellm/bin/python", "use_litellm.py"),
    "langchain": ("langchain/bin/python", "use_langchain.py"),
}
EVERY = (*OPENAI, *ELSEWHERE)
QUIET = {
    # litellm would fetch its list of prices, and tell its makers
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_TELEMETRY": "False",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
}
HELLO = "Hello! How can I help you today?"


def _environment() -> dict[str, str]:
    """This one, without proxies (all is on loopback) and without keys."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not name.startswith("OPENAI_")
    }
    return kept | QUIET


@pytest.fixture(scope="module")
def address():
    """The base URL of an endpoint that never waits, in a process of its own."""
    line = [sys.executable, "-m", "course.endpoint", "--port", "0", "--speed", "0"]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=_environment())
    try:
        told = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/v1", told)
        assert found, f"the endpoint does not say where it is: {told!r}"
        yield found[0]
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """A folder with the vocabularies that clients would else fetch from the network."""
    folder = tmp_path_factory.mktemp("vocabularies")
    vocabulary.write(folder)
    return folder


@pytest.fixture(scope="module")
def look(address, words):
    """What a client saw, by its name; each one runs once."""
    seen = {}

    def seen_by(client: str) -> dict:
        if client not in seen and client in OPENAI:
            seen[client] = _in_process(client, address)
        elif client not in seen:
            seen[client] = _elsewhere(client, address, words)
        return seen[client]

    return seen_by


@pytest.fixture
def part(look):
    """One part of what a client saw; a part that failed fails the test with the client's words."""

    def of(client: str, name: str) -> dict:
        found = look(client)[name]
        assert "failed" not in found, f"{client}, {name}: {found['failed']}"
        return found

    return of


def _in_process(client: str, address: str) -> dict:
    make, transport = OPENAI[client]

    async def see() -> dict:
        # HTTP_PROXY, where it is set, would catch even calls to loopback
        made = make(
            base_url=address,
            api_key=telling.KEY,
            max_retries=0,
            http_client=transport(trust_env=False),
        )
        try:
            return await use_openai.see(made)
        finally:
            if (closing := made.close()) is not None:
                await closing

    return asyncio.run(see())


def _elsewhere(client: str, address: str, words: Path) -> dict:
    program, script = ELSEWHERE[client]
    home = os.environ.get("COURSE_CLIENTS")
    if not home:
        pytest.skip("COURSE_CLIENTS names no folder; tests/clients/install.sh FOLDER fills one")
    program = shutil.which(program) if "/" not in program else str(Path(home, program))
    if program is None or not Path(home, client).exists():
        pytest.skip(f"{client} is not installed; tests/clients/install.sh {home} does that")
    found = {"COURSE_CLIENTS": str(Path(home).resolve()), "TIKTOKEN_CACHE_DIR": str(words)}
    ran = subprocess.run(
        [program, str(HERE / script), address],
        capture_output=True,
        text=True,
        timeout=120,
        env=_environment() | found,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout.splitlines()[-1])


@pytest.mark.parametrize("client", EVERY)
def test_a_plain_reply_is_read_with_its_usage(part, client):
    seen = part(client, "plain")
    assert seen["text"] == HELLO
    assert seen["finish_reason"] == "stop"
    # 3 + 1 + 6 for the system's message, 3 + 1 + 2 for the user's, 3 for the reply
    assert seen["prompt_tokens"] == 19
    # "Hello", "!", " How", " can", " I", " help", " you", " today", "?"
    assert seen["completion_tokens"] == 9


@pytest.mark.parametrize("client", EVERY)
def test_a_stream_is_the_plain_reply_with_its_usage_at_the_end(part, client):
    seen = part(client, "stream")
    assert (seen["text"], seen["prompt_tokens"], seen["completion_tokens"]) == (HELLO, 19, 9)


@pytest.mark.parametrize("client", EVERY)
def test_a_tool_is_called_and_its_result_is_read(part, client):
    seen = part(client, "tool")
    assert seen["name"] == "get_weather"
    assert seen["arguments"].keys() == {"city", "unit"}
    assert isinstance(seen["arguments"]["city"], str)
    assert seen["arguments"]["unit"] in ("celsius", "fahrenheit")
    assert telling.ASKED["tool_result"] in seen["text"]


@pytest.mark.parametrize("client", EVERY)
def test_an_answer_keeps_to_a_strict_schema(part, client):
    seen = part(client, "schema")
    assert seen.keys() == {"name", "day", "participants"}
    assert isinstance(seen["name"], str)
    assert seen["day"] in ("Thursday", "Friday")
    assert all(isinstance(one, str) for one in seen["participants"])


@pytest.mark.parametrize("client", EVERY)
def test_embeddings_have_the_length_asked_for(part, client):
    seen = part(client, "embeddings")
    assert seen["dimensions"] == [256, 256]
    assert seen["lengths"] == [pytest.approx(1, abs=0.001)] * 2
    # langchain does not tell; 6 tokens each in cl100k_base, by OpenAI's cookbook
    assert seen.get("prompt_tokens", 12) == 12


@pytest.mark.parametrize("client", EVERY)
def test_the_responses_api_answers_the_same(part, client):
    seen = part(client, "responses")
    assert (seen["text"], seen["status"]) == (HELLO, "completed")
    assert (seen["input_tokens"], seen["output_tokens"]) == (19, 9)


@pytest.mark.parametrize("client", EVERY)
def test_the_responses_api_streams_from_created_to_completed(part, client):
    seen = part(client, "responses_stream")
    assert (seen["text"], seen["input_tokens"]) == (HELLO, 19)
    # langchain hides the events
    assert seen.get("first", "response.created") == "response.created"
    assert seen.get("last", "response.completed") == "response.completed"


@pytest.mark.parametrize("client", [client for client in EVERY if client != "langchain"])
def test_a_batch_comes_back_with_every_line(part, client):
    assert part(client, "batch") == {
        "status": "completed",
        "ids": ["one", "two"],
        "codes": [200, 200],
        "prompt_tokens": [19, 19],
    }


@pytest.mark.parametrize("client", EVERY)
def test_an_unknown_model_is_the_client_s_own_not_found_error(part, client):
    seen = part(client, "error")
    # langchain's is a kind of openai's
    assert re.fullmatch(r"(OpenAIModel)?NotFoundError", seen["type"])
    assert seen["status"] == 404
    assert "The model `gpt-9` does not exist" in seen["told"]


@pytest.fixture(scope="module")
def curl(address, tmp_path_factory):
    """The body and the status of each call that curl made, by name."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed; apt-get install curl")
    folder = tmp_path_factory.mktemp("curl")
    (folder / "asked.jsonl").write_bytes(telling.batch_lines())
    line = ["sh", str(HERE / "use_curl.sh"), address, str(folder)]
    ran = subprocess.run(line, capture_output=True, text=True, timeout=120, env=_environment())
    assert ran.returncode == 0, ran.stderr
    named = (line.split(" ", 1) for line in ran.stdout.splitlines())
    return {name: tuple(rest.strip().rsplit(" ", 1)) for name, rest in named}


def test_curl_gets_a_reply(curl):
    body, status = curl["plain"]
    told = json.loads(body)
    assert (status, told["choices"][0]["message"]["content"]) == ("200", HELLO)
    assert told["usage"]["prompt_tokens"] == 19


def test_curl_gets_a_stream(curl):
    body, status = curl["stream"]
    *events, done = [part.strip() for part in body.split("data: ") if part.strip()]
    assert (status, done) == ("200", "[DONE]")
    chunks = [json.loads(event) for event in events]
    said = [chunk["choices"][0]["delta"].get("content") for chunk in chunks if chunk["choices"]]
    assert "".join(word or "" for word in said) == HELLO
    assert chunks[-1]["usage"]["completion_tokens"] == 9


def test_curl_gets_a_response(curl):
    body, status = curl["responses"]
    told = json.loads(body)
    said = [part["text"] for item in told["output"] for part in item["content"]]
    assert (status, said, told["usage"]["input_tokens"]) == ("200", [HELLO], 19)


def test_curl_gets_an_embedding(curl):
    body, status = curl["embeddings"]
    told = json.loads(body)
    # the length of text-embedding-3-small; 6 tokens, by OpenAI's cookbook
    assert (status, len(told["data"][0]["embedding"])) == ("200", 1536)
    assert told["usage"]["prompt_tokens"] == 6


def test_curl_uploads_a_file(curl):
    body, status = curl["file"]
    told = json.loads(body)
    assert (status, told["object"], told["purpose"]) == ("200", "file", "batch")
    assert told["bytes"] == len(telling.batch_lines())


def test_curl_gets_an_error_in_its_shape(curl):
    body, status = curl["error"]
    assert status == "404"
    assert json.loads(body)["error"] == {
        "message": "The model `gpt-9` does not exist or you do not have access to it.",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }
