"""50,000 e-mails under the limits of tier 1: do they take as long as the limit that binds dictates?

    python tests/benchmarks/volume_tier1.py [--emails 50000] [--pack 20] [--mode each packed]

Once with one e-mail a request, once packed by 20. Days pass in minutes, since the endpoint's clock
runs faster, its limits with it; how fast is worked out so that this computer is not the limit.
"""

import argparse
import asyncio
import contextlib
import io
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pandas as pd  # here, so that no import is measured
import servers
from volume_plan import Plan, limits, plan, shown, told

from course import connect
from course.endpoint.truth import hide
from course.throughput import Pacer, pack, run

MODEL = "gpt-4o-mini"
KEY = "volume-benchmark"
LABELS = ("billing", "technical", "general")
ASKED = f"Sort the e-mail to a school shop. Answer {', '.join(LABELS[:2])} or {LABELS[2]}."
PACKED = f"Sort each e-mail to a school shop: {', '.join(LABELS[:2])} or {LABELS[2]}."
RATES = {"each": 50.0, "packed": 15.0}
"""So many requests in a real second are to be allowed on average: on a core of its own openai's
client does some 500 and 150 of them, so there is room for whatever else the computer does."""

MATTERS = (
    "I was charged twice for the same parcel, and both sums are on my bank statement of this week",
    "the invoice for my club names the wrong school, so our treasurer can't pay it as it is",
    "the app closes by itself as soon as I open the basket, on my telephone and on my tablet alike",
    "the page for the new password only shows an empty frame, whichever browser I try it with",
    "the blue gym bag that I would like to buy is not in the list any longer",
    "our class would like to know whether you print our own drawing on twenty-four shirts",
)
BEFORE = (
    "It was the same in the spring, and back then somebody of yours mended it within a day.",
    "My sister, who is in the parallel class, has met exactly the same thing with her own order.",
    "I have already read the answers on your help page and did not find this question there.",
    "A friend told me to write to you, because you had been of great help to him last year.",
)
DETAILS = (
    "You will find a picture of what I see at the end of this message, if that is of any use.",
    "I have kept the box, the slip and everything else that came with it, in case you need them.",
    "If it is easier for you, call me in the afternoon, for my lessons end at half past two.",
    "We would need to know by Thursday, as the trip begins on the Friday of the same week.",
)
CLOSINGS = ("Thank you very much for your help.", "I look forward to your answer. Many thanks.")


def emails(count: int, seed: int = 0) -> list[str]:
    """E-mails of some 108 tokens, no two alike."""
    draw = Random(seed)
    return [
        f"Dear team of the school shop, this is about order {number + 10_000:,}: "
        f"{draw.choice(MATTERS)}. {draw.choice(BEFORE)} "
        f"{' '.join(draw.sample(DETAILS, 2))} {draw.choice(CLOSINGS)}"
        for number in range(count)
    ]


@dataclass(frozen=True)
class Work:
    """What is to be done in one mode: inputs of `run`, the request for each, the answers in it."""

    name: str
    inputs: Sequence
    body: Callable[[object], dict]
    answers: Callable[[object, str], list[str | None]]


def each(texts: Sequence[str]) -> Work:
    """One e-mail a request."""

    def body(text: str) -> dict:
        messages = [{"role": "system", "content": ASKED}, {"role": "user", "content": text}]
        return {"model": MODEL, "messages": messages, "max_completion_tokens": 5}

    return Work("each", texts, body, lambda _, said: [said or None])


def packed(texts: Sequence[str], n: int) -> Work:
    """n e-mails a request."""

    def body(one) -> dict:
        return {
            "model": MODEL,
            "messages": one.prompt(PACKED),
            "max_completion_tokens": one.longest_answer(),
            "response_format": one.schema(),
        }

    def answers(one, said: str) -> list[str | None]:
        return [entry.answer for entry in one.parse(said)]

    return Work("packed", pack(texts, n, labels=LABELS), body, answers)


@dataclass(frozen=True)
class Outcome:
    """How it went: real seconds, our CPU time in them, and what the truth log counted.

    `left` is what the service had left, at the end, of the requests and tokens that its headers
    tell of: where the limit binds, next to nothing.
    """

    took_s: float
    cpu_s: float
    answered: int
    lacking: int
    statuses: Counter
    left: dict[str, int]


def measure(work: Work, clock: float, tier: str, concurrency: int) -> Outcome:
    """Do the work against an endpoint of its own, which begins with full buckets."""
    with tempfile.TemporaryDirectory() as folder:
        log, to = Path(folder, "truth.jsonl"), Path(folder, "answers.jsonl")
        line = servers.endpoint(["--tier", tier, "--clock", f"{clock}", "--log", str(log)])
        with servers.running("endpoint", line, core=servers.cores()[0]) as server:
            os.environ["OPENAI_BASE_URL"] = f"http://127.0.0.1:{server.port}/v1"
            os.environ["OPENAI_API_KEY"] = KEY
            cpu_s = time.process_time()
            took_s, table = asyncio.run(_measure(work, to, concurrency))
            cpu_s = time.process_time() - cpu_s
        calls = [json.loads(line) for line in log.read_text().splitlines()]
    calls = [call for call in calls if call["key"] == hide(KEY)]
    kept = [answer for answers in table.answer if answers for answer in answers]
    lacking = sum(answer is None for answer in kept)
    last = max(calls, key=lambda call: call["arrived"])
    left = {"requests": last["remaining_requests"], "tokens": last["remaining_tokens"]}
    statuses = Counter(call["status"] for call in calls)
    return Outcome(took_s, cpu_s, len(kept) - lacking, lacking, statuses, left)


async def _measure(work: Work, to: Path, concurrency: int) -> tuple[float, pd.DataFrame]:
    with contextlib.redirect_stdout(io.StringIO()):
        client = connect(asynchronous=True, pacer=Pacer(), max_retries=5)

    async def call(one) -> list[str | None]:
        reply = await client.chat.completions.create(**work.body(one))
        answers = work.answers(one, reply.choices[0].message.content)
        if None in answers:
            raise ValueError("an e-mail without an answer")
        return answers

    async with client:
        start = time.perf_counter()
        table = await run(call, work.inputs, to=to, concurrency=concurrency)
        if (table.error != "").any():
            table = await run(call, work.inputs, to=to, concurrency=concurrency)
        return time.perf_counter() - start, table


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--emails", type=int, default=50_000)
    reader.add_argument("--pack", type=int, default=20, help="e-mails a request when packed")
    reader.add_argument("--mode", nargs="+", choices=list(RATES), default=list(RATES))
    reader.add_argument("--tier", default="1")
    reader.add_argument("--concurrency", type=int, default=64)
    reader.add_argument("--rate", type=float, help="requests in a real second, on average")
    reader.add_argument("--clock", type=float, help="instead of the one that follows from it")
    asked = reader.parse_args()
    servers.needs("taskset")
    print(servers.machine())
    texts, known = emails(asked.emails), limits(asked.tier, MODEL)
    failed = False
    for mode in asked.mode:
        work = each(texts) if mode == "each" else packed(texts, asked.pack)
        planned = plan(map(work.body, work.inputs), known)
        clock = asked.clock or float(f"{planned.clock(asked.rate or RATES[mode]):.3g}")
        print(f"\n{len(texts):,} e-mails, {mode}:")
        told(planned, known)
        if not planned.dictated_s:
            raise SystemExit("All of it fits into full buckets, so no limit binds: more --emails.")
        due_s = planned.dictated_s / clock
        print(f"  clock {clock:g}: {due_s:.1f} s here, {planned.requests / due_s:.0f} requests/s")
        outcome = measure(work, clock, asked.tier, asked.concurrency)
        failed |= not report(outcome, planned, due_s, clock, len(texts))
    raise SystemExit(failed)


def report(outcome: Outcome, planned: Plan, due_s: float, clock: float, count: int) -> bool:
    """Print how it went; whether it was within 5 % and every e-mail was answered once."""
    ratio = outcome.took_s / due_s
    once = outcome.answered == count and outcome.statuses[200] == planned.requests
    others = {status: n for status, n in outcome.statuses.items() if status not in (200, 429)}
    print(
        f"  took {outcome.took_s:.1f} s here, {shown(outcome.took_s * clock)} there: "
        f"{ratio:.4f} of what is dictated; our CPU time {outcome.cpu_s:.1f} s"
    )
    print(f"  left at the service in the end: {outcome.left}; next to nothing if the limit binds")
    print(
        f"  truth log: {outcome.statuses[200]:,} answered, {outcome.statuses[429]:,} refused (429)"
        f"{f', others {others}' if others else ''}; {outcome.answered:,} e-mails answered, "
        f"{outcome.lacking:,} not; each once: {'yes' if once else 'NO'}"
    )
    return once and abs(ratio - 1) <= 0.05


if __name__ == "__main__":
    main()
