"""Quiz 07: what learners write for its functions, wrong and right, and sums worked out by hand."""

from pathlib import Path

import nbformat
import pytest
from learners import item_of, told

QUIZ = "07_speed"
ROOT = Path(__file__).parents[1]
RELEASED = nbformat.read(ROOT / f"quizzes/{QUIZ}/{QUIZ}.ipynb", as_version=4)
GIVEN = "\n".join(
    cell.source for cell in RELEASED.cells if cell.id in ("07-speed-start", "07-speed-tokens")
)
NEVER_AWAITED = [
    "ignore:coroutine .* was never awaited:RuntimeWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
]


def refused(item, source, hint):
    heard = told(QUIZ, item, source)
    assert heard.share < 1, heard.said
    assert hint in heard.said, heard.said


def accepted(item, source):
    heard = told(QUIZ, item, source)
    assert heard.share == 1, heard.said


P95 = "import math\ndef p95_latency(calls):\n    "
LATENCIES = "waits = sorted(done - sent for sent, done in calls)\n    "


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        # the index one too high: of 20 times int(0.95 * 20) = 19 is the last one
        (f"{LATENCIES}return waits[int(0.95 * len(waits))]", "rank 95 x 20 / 100 = 19, which has"),
        (f"{LATENCIES}return waits[math.ceil(0.95 * len(waits))]", "stopped with: IndexError"),
        (f"{LATENCIES}return waits[max(int(0.95 * len(waits)), 1) - 1]", "9.5, which rounds up"),
        (f"{LATENCIES}return waits[-1]", "the two slower ones do not count"),
        (f"{LATENCIES}return sum(waits) / len(waits)", "The latencies are 1.0, 1.5, 4.0 and 0.5"),
        (f"{LATENCIES}return waits[math.ceil(len(waits) / 2) - 1]", "rounds up to 4, the slowest"),
        (f"{LATENCIES}return math.ceil(0.95 * len(waits))", "Of one call, each percentile"),
        (
            "waits = [done - sent for sent, done in calls]\n"
            "    return waits[math.ceil(0.95 * len(waits)) - 1]",
            "Rank 95 x 4 / 100 = 3.8 rounds up to 4",
        ),
        (
            "waits = sorted(done for sent, done in calls)\n"
            "    return waits[math.ceil(0.95 * len(waits)) - 1]",
            "The latencies are 1.0, 1.5, 4.0 and 0.5",
        ),
        (
            "import numpy\n    waits = [done - sent for sent, done in calls]\n"
            "    return numpy.percentile(waits, 95)",
            "expected: 4.0",
        ),
        (f"{LATENCIES}print(waits[math.ceil(0.95 * len(waits)) - 1])", "returned: None"),
    ],
)
def test_a_wrong_p95_is_refused_with_a_reason(body, hint):
    refused("07-speed-08", P95 + body, hint)


@pytest.mark.parametrize(
    "source",
    [
        f"{P95}{LATENCIES}return waits[math.ceil(0.95 * len(waits)) - 1]",
        f"{P95}{LATENCIES}return waits[-(-95 * len(waits) // 100) - 1]",
        "import numpy\ndef p95_latency(calls):\n    pairs = numpy.array(calls)\n"
        "    took = pairs[:, 1] - pairs[:, 0]\n"
        "    return float(numpy.quantile(took, 0.95, method='inverted_cdf'))",
        # the smallest time that 95 in 100 keep within
        "def p95_latency(calls):\n    times = [b - a for a, b in calls]\n"
        "    kept = lambda most: sum(time <= most for time in times)\n"
        "    return min(t for t in times if 100 * kept(t) >= 95 * len(times))",
    ],
)
def test_a_right_p95_is_accepted_however_it_is_written(source):
    accepted("07-speed-08", source)


REPORT = "def stream_report(sent, stamps):\n    "
GAPS = "gaps = [b - a for a, b in zip(stamps, stamps[1:])]\n    "


def report(ttft="stamps[0] - sent", latency="stamps[-1] - sent", gap="max(gaps, default=0)"):
    return f"return {{'ttft': {ttft}, 'latency': {latency}, 'longest_gap': {gap}}}"


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (GAPS + report(ttft="stamps[0]"), "take `sent` away"),
        (GAPS + report(latency="stamps[-1]"), "take `sent` away"),
        (GAPS + report(latency="stamps[-1] - stamps[0]"), "both count from sending"),
        (GAPS + report(ttft="stamps[1] - stamps[0]"), "both count from sending"),
        (
            "gaps = [b - a for a, b in zip([sent] + stamps, stamps)]\n    " + report(),
            "A gap lies between two pieces.",
        ),
        (GAPS + report(gap="max(gaps)"), "With one piece there is no gap"),
        (GAPS + report(gap="gaps[-1] if gaps else 0"), "also right after the first piece"),
        (GAPS + report(gap="sum(gaps) / max(len(gaps), 1)"), "longest_gap"),
        (
            GAPS + "return [stamps[0] - sent, stamps[-1] - sent, max(gaps, default=0)]",
            "returned: [",
        ),
    ],
)
def test_a_wrong_report_of_a_stream_is_refused_with_a_reason(body, hint):
    refused("07-speed-07", REPORT + body, hint)


@pytest.mark.parametrize(
    "source",
    [
        REPORT + GAPS + report(),
        "from itertools import pairwise\n" + REPORT + "gaps = [b - a for a, b in pairwise(stamps)]"
        "\n    return dict(ttft=stamps[0] - sent, latency=max(stamps) - sent, "
        "longest_gap=max([0, *gaps]))",
        REPORT + "longest, before = 0, stamps[0]\n    for stamp in stamps[1:]:\n"
        "        if stamp - before > longest:\n            longest = stamp - before\n"
        "        before = stamp\n    " + report(gap="longest"),
        "import numpy\n" + REPORT + "since = numpy.array(stamps) - sent\n"
        "    gaps = numpy.diff(since)\n"
        "    return {'ttft': float(since[0]), 'latency': float(since[-1]), "
        "'longest_gap': float(gaps.max()) if gaps.size else 0}",
    ],
)
def test_a_right_report_of_a_stream_is_accepted_however_it_is_written(source):
    accepted("07-speed-07", source)


COUNT_ALL = f"{GIVEN}\n\nasync def count_all(texts):\n    "
SEATED = (
    "seats = asyncio.Semaphore({seats})\n    async def seated(text):\n"
    "        async with seats:\n            return await tokens(text)\n    "
)


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("return [await tokens(text) for text in texts]", "1 call at once used; at least 3"),
        ("return await asyncio.gather(*[tokens(t) for t in texts])", "at most 3 may be"),
        (
            "async def seated(text):\n        async with asyncio.Semaphore(3):\n"
            "            return await tokens(text)\n"
            "    return await asyncio.gather(*[seated(t) for t in texts])",
            "calls at once used; at most 3 may be",
        ),
        (
            SEATED.format(seats=2) + "return await asyncio.gather(*[seated(t) for t in texts])",
            "2 calls at once used; at least 3 must be",
        ),
        (
            SEATED.format(seats=3)
            + "return sorted(await asyncio.gather(*[seated(t) for t in texts]))",
            "in the order of the texts",
        ),
        (
            SEATED.format(seats=3) + "return await asyncio.gather(*[seated(t) for t in texts * 2])",
            "20 calls used; at most 10 may be",
        ),
        (
            SEATED.format(seats=3) + "await asyncio.gather(*[seated(t) for t in texts])",
            "returned: None",
        ),
        (
            "found = []\n    for at in range(0, len(texts), 3):\n"
            "        found += await asyncio.gather(*[tokens(t) for t in texts[at:at + 3]])\n"
            "        time.sleep(2)\n    return found",
            "seconds used; at most 5 may be",
        ),
        ("return asyncio.gather(*[tokens(t) for t in texts[:3]])", "could not be used: a "),
    ],
)
def test_a_wrong_count_of_all_is_refused_with_a_reason(body, hint):
    refused("07-speed-04", "import time\n" + COUNT_ALL + body, hint)


@pytest.mark.filterwarnings(*NEVER_AWAITED)
def test_jobs_that_nobody_awaited_are_no_counts():
    refused("07-speed-04", COUNT_ALL + "return [tokens(t) for t in texts]", "a coroutine came back")


@pytest.mark.parametrize(
    "body",
    [
        SEATED.format(seats=3) + "return await asyncio.gather(*[seated(text) for text in texts])",
        SEATED.format(seats=3) + "async with asyncio.TaskGroup() as group:\n"
        "        jobs = [group.create_task(seated(text)) for text in texts]\n"
        "    return [job.result() for job in jobs]",
        # three workers, each of which takes the next text when it is free
        "found, left = [0] * len(texts), iter(enumerate(texts))\n"
        "    async def work():\n        for at, text in left:\n"
        "            found[at] = await tokens(text)\n"
        "    await asyncio.gather(work(), work(), work())\n    return found",
    ],
)
def test_a_right_count_of_all_is_accepted_however_it_is_written(body):
    accepted("07-speed-04", COUNT_ALL + body)


@pytest.mark.parametrize(
    ("item", "sums"),
    [
        # n e-mails at half a second each
        ("07-speed-01", {40: 20, 60: 30, 90: 45}),
        # n places, each of which gives 60 / 1.5 = 40 answers a minute
        ("07-speed-06", {12: 480, 24: 960, 30: 1200}),
    ],
)
def test_each_students_own_number_leads_to_the_sum_by_hand(item, sums):
    found = {}
    for variant in item_of(QUIZ, item).drawn:
        given = next(n for n in sums if f" {n} " in variant.stem)
        found[given] = variant.key
    assert found == sums


def test_the_price_of_a_streamed_call_is_the_sum_by_hand():
    # 400 x 0.15 + 120 x 0.60 = 60 + 72 millionths of a dollar
    assert float(item_of(QUIZ, "07-speed-11").key) == pytest.approx(0.000132)


def test_no_solution_is_in_the_students_edition():
    text = (ROOT / f"quizzes/{QUIZ}/{QUIZ}.ipynb").read_text(encoding="utf-8")
    for telling in ("Semaphore(3)", "math.ceil(95", "stamps[0] - sent", "worked-answer"):
        assert telling not in text
