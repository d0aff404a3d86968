"""What nbval cannot compare in lesson 08: the error on purpose, the plots, the exercises, times."""

import ast
import asyncio
import contextlib
import inspect
import io
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
LESSON = nbformat.read(ROOT / "lessons/08_volume.ipynb", as_version=4)
WORKED = nbformat.read(ROOT / "solutions/08_volume/08_volume.ipynb", as_version=4)
DEFINE = (  # what the exercises need of the lesson, without its minute of calls
    "def verdict(",
    "def bucket(",
    "def waits_of(",
    "def longest_wait(",
    "class Refused(",
    "async def play(",
    "async def verdict_retry(",
    "async def verdict_waits(",
)


def tagged(notebook, tag):
    return next(cell for cell in notebook.cells if tag in cell.metadata.get("tags", []))


def with_words(words):
    return next(cell for cell in LESSON.cells if cell.cell_type == "code" and words in cell.source)


def stored(cell):
    """The text of the last output as it is stored."""
    output = cell.outputs[-1]
    return output.text if output.output_type == "stream" else output.data["text/plain"]


def play(source, names):
    """Run a cell as a notebook runs it, await and all; return what it printed."""
    code = compile(ast.parse(source), "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        waiting = eval(code, names)
        if inspect.iscoroutine(waiting):
            asyncio.run(waiting)
    return printed.getvalue()


@pytest.fixture(scope="module")
def lesson():
    """The names that the exercises need."""
    names = {"asyncio": asyncio}
    for words in ("import asyncio", *DEFINE):
        source = with_words(words).source
        play(source.partition("\nMINI")[0] if words == "import asyncio" else source, names)
    return names


def told(lesson, exercise, learners_code):
    """What the check says to a learner's code, with the rest of the lesson as it is."""
    names = dict(lesson)
    play(learners_code, names)
    return play(tagged(LESSON, f"check-{exercise}").source, names)


def test_the_error_on_purpose_is_a_refusal_for_a_cap_that_counts_as_used():
    refusal = tagged(LESSON, "raises-exception").outputs[-1]
    assert refusal.ename == "RateLimitError"
    assert "Error code: 429" in refusal.evalue
    # 12 x 16,000 = 192,000 of 200,000 are used, so the 13th request does not fit
    assert "on tokens per min (TPM): Limit 200000" in refusal.evalue
    assert "Requested 16000" in refusal.evalue


@pytest.mark.parametrize(
    ("words", "alt"),
    [
        ("plot_refusals(burst", r"\d+ of 120 calls \(\d+ %\) were refused, the first after "),
        ("steps.plot()", r"Two curves by calls in flight, answers a second and p95 latency: at 1:"),
        ("plot_cost_by_thousand(costs", r"packs of 20, batch \$0\.0088\. Source: list prices; "),
    ],
)
def test_a_stored_picture_has_words_for_who_cannot_see_it(words, alt):
    html = with_words(words).outputs[-1].data["text/html"]
    shown = re.search(r'<img alt="([^"]*)"', html)[1]
    assert re.search(alt, shown), shown
    assert "imulated" in shown


def test_there_are_three_plots_and_three_and_more_guesses():
    sources = [cell.source for cell in LESSON.cells if cell.cell_type == "code"]
    pictures = [
        cell
        for cell in LESSON.cells
        if any("<img" in str(output.get("data")) for output in cell.get("outputs", []))
    ]
    assert len(pictures) == 3
    guessed = [source for source in sources if source.startswith("my_guess = ")]
    shown = [source for source in sources if 'print("your guess:", my_guess)' in source]
    assert len(guessed) == len(shown) >= 3


def test_the_hours_on_paper_are_the_sums_by_hand():
    # 50,000 / 500 / 60; 50,000 x 168 / 200,000 / 60; 50,000 / 10,000 x 24
    found = ast.literal_eval(stored(with_words("hours = {")))
    assert found == {"requests_per_minute": 1.7, "tokens_per_minute": 0.7, "requests_per_day": 120}


def test_packed_the_tokens_bind_for_some_twenty_minutes():
    # 1,000 packs of some 4,560 tokens: (4,560,000 - 200,000) / 200,000 = 21.8 minutes
    found = ast.literal_eval(stored(with_words("plan = {")))
    assert found == {"requests_per_minute": 1, "tokens_per_minute": 22, "requests_per_day": 0}


def test_the_stored_run_is_near_the_plan_and_above_100_000_a_minute():
    rows = {}
    for line in stored(tagged(LESSON, "plan-and-run")).splitlines()[1:]:
        name, *figures = line.split()
        rows[name] = dict(zip(["minutes", "requests", "tokens", "refused"], figures, strict=True))
    planned, ran = (float(rows[name]["minutes"]) for name in ("plan", "run"))
    assert planned <= ran <= 1.5 * planned
    refused = int(rows["run"]["refused"])
    assert (rows["plan"]["requests"], int(rows["run"]["requests"])) == ("1000", 1000 + refused)
    assert refused <= 20
    rate = re.search(r"([\d,]+) a minute", stored(tagged(LESSON, "rate")))[1]
    assert int(rate.replace(",", "")) >= 100_000


def test_what_may_be_compared_is_true_as_stored():
    held = ast.literal_eval(stored(with_words('"every e-mail has an answer"')))
    assert all(held.values()) and len(held) == 4
    assert stored(with_words("with meter() as again")) == "calls: 0\n"  # nothing is paid twice


def test_the_bucket_by_hand_waits_for_exercise_2():
    cell = with_words("by_hand = await measure(paced")
    assert stored(cell) == "First mend wait_s in exercise 2, then run this cell again.\n"
    assert "if waits_of(wait_s) == right:" in cell.source  # or a wait_s that never ends would run


@pytest.mark.parametrize("exercise", ["target", "bucket", "retry"])
def test_an_exercise_as_released_says_not_yet(lesson, exercise):
    said = told(lesson, exercise, tagged(LESSON, f"exercise-{exercise}").source)
    assert said.count("Not yet") == said.count("\n") >= 1


@pytest.mark.parametrize("exercise", ["target", "bucket", "retry"])
def test_the_worked_answer_passes_the_exercises_check(lesson, exercise):
    said = told(lesson, exercise, tagged(WORKED, f"answer-{exercise}").source)
    assert said.count("Right") == said.count("\n") >= 1


@pytest.mark.parametrize(
    ("requests", "tokens", "tier", "hint"),
    [
        (90_000 / 60, 180_000, 2, "tokens_a_minute: Right: 180,000"),
        (25, 180_000, 2, "requests_a_minute: Not yet: you have 25. That is for each second."),
        (90_000, 180_000, 2, "That is for the whole hour."),
        (5_400_000, 180_000, 2, "Divide by the minutes of an hour."),
        (1_500, 10_800_000, 2, "tokens_a_minute: Not yet: you have 10800000. That is for the"),
        (1_500, 120, 2, "That is one comment."),
        (1_500, 7, 2, "It should be 180,000."),
        (1_500, 180_000, 1, "The tokens fit there. Do the requests?"),
        (1_500, 180_000, 5, "It fits, and so does a lower one."),
        (None, 180_000, 2, "requests_a_minute: Not yet: there is no value."),
    ],
)
def test_the_check_of_exercise_1_names_the_slip(lesson, requests, tokens, tier, hint):
    blanks = f"requests_a_minute = {requests}\ntokens_a_minute = {tokens}\nlowest_tier = {tier}"
    assert hint in told(lesson, "target", blanks)


def wait_s(
    first='bucket["back_a_second"] * (now - bucket["at"])',
    second='min(bucket["most"], bucket["left"] + came_back)',
    third='max(0, missing / bucket["back_a_second"])',
):
    return (
        f"def wait_s(bucket, units, now):\n    came_back = {first}\n"
        f'    bucket["left"] = {second}\n    bucket["at"] = now\n'
        f'    missing = units - bucket["left"]\n    return {third}\n'
    )


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (wait_s(), "Right: [0, 0, 4.0, 0, 4.0]"),
        (wait_s(third="max(0, 0 * missing)"), "nobody ever waits. Line 3 gives 0."),
        (wait_s(first='0 * (now - bucket["at"])'), "nothing comes back. Line 1 gives 0."),
        (wait_s(second='bucket["left"] + came_back'), "Use min(…) in line 2."),
        (wait_s(second='max(bucket["most"], bucket["left"] + came_back)'), "Not yet: "),
        (wait_s(third="max(0, missing)"), "How long until that is back?"),
        (wait_s(third='max(0, missing * bucket["back_a_second"])'), "line 3 multiplies."),
        (wait_s(third='missing / bucket["back_a_second"]'), "A wait below 0 is none"),
        (wait_s(second='min(bucket["most"], came_back)'), "Go through the lines"),
        (wait_s(third="None"), "Is there a return?"),
    ],
)
def test_the_check_of_exercise_2_names_the_slip(lesson, code, hint):
    assert hint in told(lesson, "bucket", code)


def retry(
    wait="refusal.asks_s + random.uniform(0, longest_wait(number))",
    *,
    tries="range(5)",
    last="if number == 4:\n                raise",
    catch="Refused as refusal",
    call="return await call()",
    sleep="await sleep({})",
):
    return (
        "import random\n\nasync def retry(call, sleep=asyncio.sleep):\n"
        f"    for number in {tries}:\n        try:\n            {call}\n"
        f"        except {catch}:\n            {last}\n            {sleep.format(wait)}\n"
    )


FOREVER = "import itertools\n" + retry(tries="itertools.count()", last="pass", wait="0.1")


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (retry(), "Right: it waits at random, as long as asked, and it ends."),
        (FOREVER, "it goes on after 5 tries. A loop over range(5) has an end."),
        (retry(tries="range(9)", last="if number == 8:\n                raise"), "it goes on"),
        (retry(tries="range(3)", last="if number == 2:\n                raise"), "After 3: "),
        (retry(last="pass"), "after 5 tries the refusal has to come out. After 5: None"),
        (retry(wait="refusal.asks_s + longest_wait(number)"), "Without jitter all come back"),
        (retry(wait="random.uniform(0, longest_wait(number))"), "and you came sooner."),
        (retry(wait="refusal.asks_s + random.uniform(0, 0.5)"), "does not grow"),
        (retry(wait="refusal.asks_s + random.uniform(0, longest_wait(number + 1))"), "its bound"),
        (retry(sleep="{}"), "5 tries have 4 waits between them. You have 0."),
        (retry(last="pass", sleep="await sleep({})\n            if number == 4: raise"), "4 waits"),
        (retry(catch="Exception as refusal", wait="random.uniform(0, longest_wait(number)) + "
               "getattr(refusal, 'asks_s', 0)"), "Catch Refused alone."),
        (retry(call="return call()"), "Write await before call()."),
        (retry(call="await call()\n            return None"), "It gave None"),
        ("async def retry(call, sleep=None):\n    return await call()", "refused twice"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_check_of_exercise_3_names_the_slip(lesson, code, hint):
    assert hint in told(lesson, "retry", code)


def test_another_right_retry_passes_too(lesson):
    other = (
        "import random\n\nasync def retry(call, sleep=asyncio.sleep):\n    number = 0\n"
        "    while True:\n        try:\n            return await call()\n"
        "        except Refused as refusal:\n            number += 1\n"
        "            if number == 5:\n                raise\n"
        "            jitter = random.random() * longest_wait(number - 1)\n"
        "            await sleep(max(refusal.asks_s, 0) + jitter)\n"
    )
    assert "Right" in told(lesson, "retry", other)


def test_the_live_price_leaves_out_the_50_000_that_are_simulated_even_with_a_key():
    live = re.search(r"live about `\$([\d.]+)`", LESSON.cells[0].source)[1]
    # 200 e-mails of some 165 tokens and 10 packs of some 1,860 with 120 back, at 0.15 and 0.60
    by_hand = (200 * (165 * 0.15 + 1 * 0.6) + 10 * (1860 * 0.15 + 120 * 0.6)) / 1_000_000
    assert float(live) == pytest.approx(by_hand, rel=0.1)
