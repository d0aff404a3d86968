"""The ways to get packs answered that packed_volume.py compares; each gives answers by position."""

import asyncio
import contextlib
import io
import json
import os
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

from mails import LABELS, MODEL, SORT

from course.throughput.packing import Pack, run_packed

KEY = "benchmark"


def request(one: Pack) -> dict:
    return {
        "model": MODEL,
        "messages": one.prompt(SORT),
        "response_format": one.schema(),
        "temperature": 0,
    }


def _numbered(one: Pack, text: str) -> dict[int, str]:
    answers = json.loads(text)
    return {at: answers[str(number)] for number, at in enumerate(one.positions, 1)}


async def _all(packs: Sequence[Pack], in_flight: int, one: Callable[[Pack], Awaitable]) -> dict:
    """The loop that everybody writes: all at once, a semaphore before each."""
    room = asyncio.Semaphore(in_flight)

    async def held(each: Pack) -> dict[int, str]:
        async with room:
            return await one(each)

    answers = {}
    for some in await asyncio.gather(*map(held, packs)):
        answers |= some
    return answers


async def _with_run_packed(url: str, packs: Sequence[Pack], in_flight: int) -> dict[int, str]:
    from course import connect

    os.environ |= {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY}
    with contextlib.redirect_stdout(io.StringIO()):
        client = connect(asynchronous=True)

    async def ask(one: Pack) -> object:
        return await client.chat.completions.create(**request(one))

    texts = [text for one in packs for text in one.texts]
    with tempfile.TemporaryDirectory() as folder:
        options = {"labels": LABELS, "concurrency": in_flight, "progress": False}
        to = Path(folder) / "answers.jsonl"
        async with client:
            table = await run_packed(ask, texts, len(packs[0]), to=to, **options)
    return {at: said for at, said in enumerate(table.answer) if said}


async def _with_sdk(
    url: str, packs: Sequence[Pack], in_flight: int, *, on_aiohttp: bool = False
) -> dict[int, str]:
    import openai

    async def one(each: Pack) -> dict[int, str]:
        reply = await client.chat.completions.create(**request(each))
        return _numbered(each, reply.choices[0].message.content)

    http = openai.DefaultAioHttpClient() if on_aiohttp else None
    async with openai.AsyncOpenAI(base_url=url, api_key=KEY, http_client=http) as client:
        return await _all(packs, in_flight, one)


async def _with_aiohttp(url: str, packs: Sequence[Pack], in_flight: int) -> dict[int, str]:
    import aiohttp

    async def one(each: Pack) -> dict[int, str]:
        async with session.post(f"{url}/chat/completions", json=request(each)) as reply:
            told = await reply.json()
        return _numbered(each, told["choices"][0]["message"]["content"])

    room = aiohttp.TCPConnector(limit=0)
    headers = {"Authorization": f"Bearer {KEY}"}
    async with aiohttp.ClientSession(connector=room, headers=headers) as session:
        return await _all(packs, in_flight, one)


WAYS = {
    "run_packed": _with_run_packed,
    "SDK": _with_sdk,
    "SDK on aiohttp": partial(_with_sdk, on_aiohttp=True),
    "aiohttp": _with_aiohttp,
}
