"""What nbval cannot compare in lesson 07: the error on purpose, the plots, the exercises."""

import ast
import asyncio
import contextlib
import gc
import inspect
import io
import os
import re
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import nbformat
import numpy as np
import pandas as pd
import pytest

from course.ledger import meter

ROOT = Path(__file__).parents[1]
LESSON = nbformat.read(ROOT / "lessons/07_speed.ipynb", as_version=4)
WORKED = nbformat.read(ROOT / "solutions/07_speed/07_speed.ipynb", as_version=4)
DEFINE = (  # what the tests need of the lesson, without its half minute of waiting
    "client = connect(asynchronous=True",
    "emails = list(",
    "async def sort_email",
    "def verdict(",
    "example = ",
    "import math",
    "STORY = {",
    "def verdict_stamps(",
)


def tagged(notebook, tag):
    return next(cell for cell in notebook.cells if tag in cell.metadata.get("tags", []))


def with_words(words):
    return next(cell for cell in LESSON.cells if cell.cell_type == "code" and words in cell.source)


class Kernel:
    """One event loop, in which cells run as a notebook runs them."""

    def __init__(self):
        self.names = {}
        self._runner = asyncio.Runner()

    def play(self, source, **more):
        """Run a cell; return the value of its last expression and what it printed."""
        names = self.names | more
        tree = ast.parse(source)
        if isinstance(tree.body[-1], ast.Expr):
            tree.body[-1] = ast.Assign([ast.Name("_value", ast.Store())], tree.body[-1].value)
        code = compile(
            ast.fix_missing_locations(tree), "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        )
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            waiting = eval(code, names)
            if inspect.iscoroutine(waiting):
                self.wait(waiting)
        return names, printed.getvalue()

    def wait(self, waiting):
        async def wait():
            return await waiting

        return self._runner.run(wait())

    def close(self):
        self.wait(self.names["client"].close())
        self._runner.close()


@pytest.fixture(scope="module")
def lesson():
    """The lesson's functions and data, in a loop of their own."""
    kernel = Kernel()
    # the first cell sets the simulator's speed, for itself only
    with contextlib.chdir(ROOT / "lessons"), mock.patch.dict(os.environ):
        for words in DEFINE:
            kernel.names, _ = kernel.play(with_words(words).source)
    kernel.names |= {"six": kernel.names["emails"][:6], "np": np}
    yield kernel
    kernel.close()


def told(lesson, exercise, learners_code):
    """What the check says to a learner's code, with the rest of the lesson as it is."""
    names, _ = lesson.play(learners_code)
    return lesson.play(tagged(LESSON, f"check-{exercise}").source, **names)[1]


def test_the_error_on_purpose_sends_nothing_and_the_next_cell_mends_it(lesson):
    with meter() as m, pytest.raises(AttributeError) as slip:
        lesson.play(tagged(LESSON, "raises-exception").source, **(names := {}))
    assert m.calls == 0
    assert str(slip.value) == "'coroutine' object has no attribute 'choices'"
    stored = tagged(LESSON, "raises-exception").outputs[-1]
    assert (stored.ename, stored.evalue) == ("AttributeError", str(slip.value))
    slip.value.obj.close()
    assert names == {}
    before = tagged(LESSON, "raises-exception").source.rpartition("\n")[0]
    with meter() as m:
        names, _ = lesson.play(f"{before}\n{with_words('(await forgotten)').source}")
    assert m.calls == 1
    assert names["_value"].startswith("Hello")


def test_the_estimate_is_the_sum_by_hand(lesson):
    # 130 x (80 x 0.15 + 0.60) and 35 x (25 x 0.15 + 45 x 0.60) millionths: 1,638 + 1,076.25
    assert with_words("sorting = ").outputs[-1].data["text/plain"] == "'about 0.003 dollars'"
    assert lesson.names["sorting"] + lesson.names["stories"] == Decimal("0.00271425")


def test_the_invented_times_have_the_mean_and_percentiles_that_the_prose_says(lesson):
    # 6 x 0.4 + 6 x 0.5 + 6 x 0.6 + 4 + 9 = 22, of 20 calls
    assert sum(lesson.names["example"]) == pytest.approx(22)
    assert lesson.play(with_words("example = ").source)[0]["_value"] == {"mean": 1.1}
    shown = lesson.play(with_words("import math").source)[0]["_value"]
    assert shown == {"p50": 0.5, "p95": 4.0, "9.5 rounded up": 10}


def test_the_histogram_marks_mean_and_percentiles_of_the_fifty(lesson):
    # 0.30, 0.31 … 0.79: halfway between the 25th and the 26th, and 46.55 steps from the first
    fifty = SimpleNamespace(records=[SimpleNamespace(source="simulated")])
    seconds = [0.30 + 0.01 * step for step in range(50)]
    names, _ = lesson.play(with_words("plot_latencies").source, fifty=fifty, seconds=seconds)
    axes = names["_value"]
    finding = "Half of the calls took at most 0.545 s, 19 in 20 at most 0.765 s"
    assert axes.get_title("left") == finding
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("seconds a call", "calls")
    assert "mean 0.545 s" in axes.alt and "Histogram of 50 calls" in axes.alt
    assert "to ?)" in axes.alt and "Source: simulated" in axes.alt


RUN = SimpleNamespace(
    calls=pd.DataFrame(
        {
            "start_s": [0.0, 0.0, 1.0],
            "first_token_s": [0.5, 0.5, 0.5],
            "end_s": [1.0, 1.5, 2.0],
            "completion_tokens": [10, 20, 30],
        }
    ),
    source="simulated",
)


def test_the_line_of_seconds_by_tokens_climbs_by_a_tokens_time(lesson):
    axes = lesson.play(with_words("plot_seconds_by_tokens").source, run=RUN)[0]["_value"]
    # half a second more for every ten tokens, on a line that starts at half a second
    assert axes.get_title("left").startswith("A token more takes 50.0 ms")
    assert axes.get_xlabel() == "output tokens of a call"
    assert "3 calls of 10 to 30 output tokens and 1.00 to 2.00 seconds" in axes.alt
    assert "from 0.500 seconds at no token" in axes.alt


@pytest.mark.parametrize("words", ["plot_latencies", "plot_seconds_by_tokens"])
def test_stored_pictures_have_words_for_who_cannot_see_them(words):
    shown = with_words(words).outputs[-1].data["text/html"]
    alt = re.match(r'<img alt="([^"]{100,})" width="720" src="data:image/png;base64,iVBOR', shown)
    assert alt and alt[1].endswith("Source: simulated.")


def test_the_stored_loads_show_that_throughput_grows_and_latency_stays():
    table = tagged(LESSON, "loads").outputs[-1].data["text/plain"]
    rows = [line.split() for line in table.splitlines()[2:]]
    assert [row[0] for row in rows] == ["1", "4", "16"]
    alone, crowd = ([float(figure) for figure in row[1:]] for row in (rows[0], rows[2]))
    assert crowd[0] > 5 * alone[0] and crowd[1] < 2 * alone[1]


def test_the_stored_summary_has_the_times_that_the_table_names():
    summary = tagged(LESSON, "summary").outputs[-1].data["text/plain"]
    for name in ("ttft_s_p50", "itl_s_p50", "latency_s_p95"):
        assert name in summary


@pytest.mark.parametrize(
    ("exercise", "said"),
    [
        ("at-once", "Not yet: the first line is still to be filled in."),
        ("percentile", "Not yet: None. There is no value. Does the function return?"),
        ("stream", "Not yet: nothing came back. Does the function return its list?"),
    ],
)
def test_an_exercise_as_released_says_not_yet(lesson, exercise, said):
    heard = told(lesson, exercise, tagged(LESSON, f"exercise-{exercise}").source)
    assert heard.count(said) == heard.count("\n") > 0


@pytest.mark.parametrize("exercise", ["at-once", "percentile", "stream"])
def test_the_worked_answer_passes_the_exercises_check(lesson, exercise):
    said = told(lesson, exercise, tagged(WORKED, f"answer-{exercise}").source)
    assert said.count("Right") == said.count("\n") > 0


AT_ONCE = "async def all_at_once(emails):\n    "
NEVER_AWAITED = [
    "ignore:coroutine .* was never awaited:RuntimeWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
]


@pytest.mark.filterwarnings(*NEVER_AWAITED)
@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("jobs = [sort_email(email) for email in emails]\n    return list(jobs)", "no answers yet"),
        ("jobs = [sort_email(e) for e in emails]\n    return await asyncio.gather(jobs)", "a star"),
        (
            "jobs = [await sort_email(e) for e in emails]\n    return await asyncio.gather(*jobs)",
            "awaited in the list already",
        ),
        ("return [await sort_email(email) for email in emails]", "one after another"),
        ("return [await sort_email(emails[0])]", "six calls, and 1 went out"),
        (
            "jobs = [sort_email(e) for e in emails]\n    await asyncio.gather(*jobs)",
            "no answers yet",
        ),
        ("jobs = [... for e in emails]\n    return await asyncio.gather(*jobs)", "first line call"),
        (
            "jobs = [sort_email for e in emails]\n    return await asyncio.gather(*jobs)",
            "first line call",
        ),
        (
            "jobs = [sort_email(emails) for e in emails]\n    return await asyncio.gather(*jobs)",
            "one e-mail, and not all",
        ),
    ],
)
def test_the_check_of_exercise_1_names_the_slip(lesson, body, hint):
    assert hint in told(lesson, "at-once", AT_ONCE + body)
    gc.collect()


def test_the_check_of_exercise_1_knows_a_gather_that_nobody_waits_for(lesson):
    body = "return asyncio.gather(*[sort_email(email) for email in emails])"
    names, _ = lesson.play(AT_ONCE + body)
    names, said = lesson.play(tagged(LESSON, "check-at-once").source, **names)
    assert "nobody waits for it" in said
    assert len(lesson.wait(names["answers"])) == 6


PERCENTILE = "def percentile(seconds, percent):\n    in_order = sorted(seconds)\n    return "


@pytest.mark.parametrize(
    ("index", "percent", "hint"),
    [
        ("in_order[math.ceil(percent * len(seconds) / 100)]", 50, "Python counts from 0"),
        ("in_order[math.ceil(percent * len(seconds) / 100)]", 100, "an IndexError"),
        ("in_order[int(percent * len(seconds) / 100) - 1]", 95, "Is the rank rounded up?"),
        ("seconds[math.ceil(percent * len(seconds) / 100) - 1]", 50, "Sorted?"),
        ("float(np.percentile(seconds, percent))", 50, "lies between two calls"),
        ("float(np.percentile(seconds, percent))", 95, "lies between two calls"),
        ("in_order[0]", 50, "It should be 0.5."),
        ("in_order[percent * len(seconds) / 100 - 1]", 50, "a whole number"),
        ("seconds.sort()[0]", 50, "sorted(…)"),
        ("'0.5'", 50, "It should be 0.5."),
    ],
)
def test_the_check_of_exercise_2_names_the_slip(lesson, index, percent, hint):
    said = told(lesson, "percentile", PERCENTILE + index)
    line = next(line for line in said.splitlines() if line.startswith(f"p{percent}:"))
    assert "Not yet" in line and hint in line


STREAM = """
async def stream_times():
    {before}
    stamps = []
    stream = {wait}client.chat.completions.create(**STORY, max_completion_tokens=70)
    {after}
    {each} event in stream:
        {only}
            stamps.append({stamp})
        {more}
    return {result}
"""
RIGHT = {
    "before": "watch = time.perf_counter()",
    "after": "",
    "wait": "await ",
    "each": "async for",
    "only": "if event.choices and event.choices[0].delta.content:",
    "stamp": "time.perf_counter() - watch",
    "more": "",
    "result": "stamps",
}


@pytest.mark.filterwarnings(*NEVER_AWAITED)
@pytest.mark.parametrize(
    ("slip", "hint"),
    [
        ({"only": "if event.choices:"}, "Leave out events without text"),
        ({"only": "if True:"}, "Leave out events without text"),
        ({"only": "if event.choices[0].delta.content:"}, "Ask `if event.choices` first"),
        ({"stamp": "time.perf_counter()"}, "Take away its reading at the start"),
        ({"before": "", "after": RIGHT["before"]}, "Start the stopwatch before create"),
        ({"wait": ""}, "Put await before create"),
        ({"each": "for"}, "Use async for"),
        ({"result": "[b - a for a, b in zip(stamps, stamps[1:])]"}, "Are these gaps?"),
        ({"more": "return stamps"}, "Is return in the loop?"),
        ({"result": "stamps[0]"}, "return a list of seconds"),
        ({}, "Right: "),
    ],
)
def test_the_check_of_exercise_3_names_the_slip(lesson, slip, hint):
    assert hint in told(lesson, "stream", STREAM.format(**RIGHT | slip))
    gc.collect()  # jobs that nobody awaited complain here, where nobody minds


def test_three_and_more_guesses_are_shown_beside_the_facts():
    guessed = [cell for cell in LESSON.cells if re.match(r"my_guess = ", cell.source)]
    shown = [cell for cell in LESSON.cells if 'print("your guess:", my_guess)' in cell.source]
    assert len(guessed) == len(shown) >= 3


def test_the_lesson_says_whose_times_these_are():
    prose = " ".join(cell.source for cell in LESSON.cells if cell.cell_type == "markdown")
    for words in ("**assumption** of this course", "*not* the real model's speed", "--card"):
        assert words in prose
