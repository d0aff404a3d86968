"""What nbval cannot compare in lesson 09: errors on purpose, plots, exercises, the live cell."""

import ast
import asyncio
import contextlib
import inspect
import io
import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from endpoint_server import running

from course.errors import CourseError
from course.ledger import meter
from course.upgrade import priced

ROOT = Path(__file__).parents[1]
LESSON = nbformat.read(ROOT / "lessons/09_when_to_upgrade.ipynb", as_version=4)
WORKED = nbformat.read(ROOT / "solutions/09_when_to_upgrade/09_when_to_upgrade.ipynb", as_version=4)
EXERCISES = ["net", "verdict"]


def tags(cell):
    return cell.metadata.get("tags", [])


def tagged(notebook, tag):
    return next(cell for cell in notebook.cells if tag in tags(cell))


def with_words(words):
    cells = [cell for cell in LESSON.cells if cell.cell_type == "code" and words in cell.source]
    return cells[-1]


def play(source, names):
    """Run a cell, which may await; return the value of its last expression and what it printed."""
    tree, printed = ast.parse(source), io.StringIO()
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(printed):
        _run(compile(tree, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None
    return value, printed.getvalue()


def _run(code, names):
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, names))
    else:
        exec(code, names)


@pytest.fixture(scope="module")
def lesson():
    """The names of the lesson after a run of all its cells as released, without a key."""
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT / "lessons")
        patch.setenv("COURSE_SPEED", "0")
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "COURSE_SMALL_MODEL"):
            patch.delenv(name, raising=False)
        for cell in LESSON.cells:
            if cell.cell_type == "code" and "raises-exception" not in tags(cell):
                play(cell.source, names)
    return names


def told(lesson, exercise, learners_code):
    """What the check says to a learner's code, with the rest of the lesson as it is."""
    names = dict(lesson)
    play(learners_code, names)
    return play(tagged(LESSON, f"check-{exercise}").source, names)[1]


def test_the_error_on_purpose_refuses_a_summary(lesson):
    (cell,) = (cell for cell in LESSON.cells if "raises-exception" in tags(cell))
    with pytest.raises(CourseError, match="are a summary") as refusal:
        play(cell.source, dict(lesson))
    stored = cell.outputs[-1]
    assert (stored.ename, stored.evalue) == ("CourseError", str(refusal.value))


def test_decide_refuses_a_mix_of_sources_as_the_prose_says(lesson):
    names = {lesson["first"]: lesson["MINI"], lesson["second"]: lesson["BIG"]}
    renamed = lesson["sums"].assign(model=lesson["sums"]["model"].map(names))
    with pytest.raises(CourseError, match="2,638 rows from published and 2,000 rows from simul"):
        lesson["decide"](pd.concat([lesson["results"], renamed]), lesson["rule"])


def test_the_published_sums_are_those_of_the_source(lesson):
    sums = pd.read_csv(ROOT / "lessons/data/gsm8k_outcomes.csv")
    right = sums.pivot(index="item", columns="model", values="correct")
    assert len(right) == 1319
    # ZeroEval's outcomes, graded anew: 1,242 and 1,268 right, 40 gained and 14 lost.
    assert list(right.sum()) == [1268, 1242]
    big, small = right.columns
    assert ((right[big] == 1) & (right[small] == 0)).sum() == 40
    assert ((right[big] == 0) & (right[small] == 1)).sum() == 14
    each = priced(sums).groupby("model")["cost_usd"].sum().astype(float)
    assert each[small] == pytest.approx(0.154, abs=5e-4)
    assert each[big] == pytest.approx(2.456, abs=5e-4)
    # 2.302 dollars more for 26 errors fewer: 0.0885 dollars each.
    assert lesson["on_sums"].lambda_usd == pytest.approx((each[big] - each[small]) / 26)
    assert lesson["on_sums"].verdict == "upgrade"


def test_the_news_break_even_is_that_of_the_summary(lesson):
    # 3,379 against 3,363 right of 3,800; 0.002858249 against 0.000086083 dollars a text
    assert lesson["news_usd"] == pytest.approx((0.002858249 - 0.000086083) * 3800 / 16, rel=1e-3)
    # also at half of what the bigger model cost then, an error avoided costs more than 20 cents
    assert (0.002858249 / 2 - 0.000086083) * 3800 / 16 > 0.20
    court = lesson["published"].query("task == 'OVERRULING'")
    assert court["accuracy"].is_monotonic_decreasing
    assert court["mean_cost_usd"].is_monotonic_increasing


def test_hand_and_library_agree_on_the_mailbox(lesson):
    decision, both = lesson["decision"], lesson["both"]
    assert len(both) == 1000
    assert decision.verdict == "upgrade"
    assert decision.source == "simulated"
    assert decision.cascade is None  # it has a section of its own, further down
    low, high = decision.lambda_interval_usd
    assert lesson["low"] == pytest.approx(low, rel=0.15)
    assert lesson["high"] == pytest.approx(high, rel=0.15)
    net = 1000 * decision.net_benefit.value
    assert net == pytest.approx(0.20 * lesson["avoided"] - lesson["extra_usd"])


def test_the_prose_on_the_newsletters_mailbox_holds(lesson):
    assert lesson["newsletter"].verdict == "cascade"
    told = lesson["told"]["net of 1,000, usd"]
    (cascade,) = (name for name in told.index if name.startswith("cascade at 0."))
    assert told[cascade] == told.max()


def test_the_big_model_alone_pays_for_no_small_one(lesson):
    told, reporting = lesson["told"], lesson["both"][1::2]
    assert told.loc["big alone", "usd of 1,000"] == pytest.approx(2 * reporting["big_usd"].sum())
    # passed on all, both are paid
    right, usd, passed_on = lesson["cascade"](reporting, 2)
    paid = 2 * (reporting["big_usd"].sum() + reporting["small_usd"].sum())
    assert (right, usd, passed_on) == (told.loc["big alone", "right"], pytest.approx(paid), 1)


def test_the_prose_on_the_forced_move_holds(lesson):
    assert set(lesson["swapped"].rows["answer"]) == {""}
    month = lesson["costs"]["usd_a_month"].astype(float)
    assert month["new, no thinking"] < month["gpt-4o-mini"] < month["new, as it comes"] / 5
    assert lesson["plan"].verdict == "not yet"
    assert [lesson["plan"].verdict_if(how) for how in ("worse", "equal", "better")] == [
        "no-go",
        "not yet",
        "not yet",
    ]


@pytest.mark.parametrize(
    ("words", "title", "alt"),
    [
        ('on_sums.plot("worth")', "At $0.20 an error: upgrade", "Source: published, 1,319 items."),
        ("plot_verdicts(", "upgrade for sums; stay for news", "never pays, no interval, stay."),
    ],
)
def test_a_plot_says_its_finding_and_its_source(lesson, words, title, alt):
    axes, _ = play(with_words(words).source, dict(lesson))
    assert title in axes.get_title("left").replace("\n", " ")
    assert alt in axes.alt
    shown = with_words(words).outputs[-1].data["text/html"]
    assert re.match(r'<img alt="[^"]{100,}" width="720" src="data:image/png;base64,iVBOR', shown)


def test_there_are_two_plots_and_more_than_three_guesses():
    code = [cell.source for cell in LESSON.cells if cell.cell_type == "code"]
    assert sum(".plot(" in source or "plot_verdicts(" in source for source in code) == 2
    guessed = [source for source in code if re.match(r"my_guess = ", source)]
    assert len(guessed) == sum('print("your guess:", my_guess)' in one for one in code) >= 3


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_exercise_as_released_says_not_yet(lesson, exercise):
    said = told(lesson, exercise, tagged(LESSON, f"exercise-{exercise}").source)
    assert said.count("Not yet: ") == said.count("\n") > 0


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_worked_answer_passes_the_exercises_check(lesson, exercise):
    said = told(lesson, exercise, tagged(WORKED, f"answer-{exercise}").source)
    assert said.count("Right: ") == said.count("\n") > 0


@pytest.mark.parametrize(
    ("line", "slip", "hint"),
    [
        ("worth", "20 * avoided", "The rule is in dollars: 20 cents are 0.20."),
        ("worth", "0.20 * gained", "Take the lost ones off."),
        ("worth", "0.20 * 1000", "How many were avoided?"),
        ("worth", "'7'", "is no number"),
        ("worth", "1.0", "Look at the hint below."),
        ("net", "extra_usd - 0.20 * avoided", "The sign is turned"),
        ("net", "0.20 * avoided", "The extra cost is still to be taken off."),
        ("month", "50_000 * (0.20 * avoided - extra_usd)", "How many thousands has a month?"),
        ("month", "0.20 * avoided - extra_usd", "That is for 1,000 e-mails."),
    ],
)
def test_the_check_of_exercise_1_names_the_slip(lesson, line, slip, hint):
    names = {"worth": "worth_for_1000", "net": "net_for_1000", "month": "net_a_month"}
    code = tagged(WORKED, "answer-net").source + f"\n{names[line]} = {slip}"
    said = told(lesson, "net", code)
    assert hint in next(one for one in said.splitlines() if one.startswith(f"{line}: "))


VERDICT = "def verdict(worth_usd, low_usd, high_usd):\n"


@pytest.mark.parametrize(
    ("body", "line", "hint"),
    [
        ("    return 'upgrade' if worth_usd < low_usd else 'stay'", 0, "turned around"),
        ("    return 'upgrade' if worth_usd > low_usd else 'stay'", 2, "inside the band nobody"),
        ("    return 'measure more'", 1, "Compare the worth with both ends."),
        ("    if worth_usd > high_usd:\n        return 'upgrade'", 1, "nothing came back"),
        ("    return 'stay' if worth_usd < low_usd else 'measure more'", 0, "outside the band"),
        ("    return 'Measure more'", 2, "'Measure more' is none of the three words."),
    ],
)
def test_the_check_of_exercise_2_names_the_slip(lesson, body, line, hint):
    assert hint in told(lesson, "verdict", VERDICT + body).splitlines()[line]


def test_without_a_key_the_last_section_rehearses_and_says_so(lesson, monkeypatch):
    names = dict(lesson)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    _, estimate = play(with_words("whom = ").source, names)
    assert "to the simulator (no key), nothing charged; list price $0.01" in estimate
    with meter() as m:
        said = play(with_words("own = connect(").source, names)[1]
    assert {record.source for record in m.records} == {"simulated"}
    assert said.startswith("Connected to the course's simulator on this computer:")
    assert "but simulated: it says nothing about the real models" in said


def test_with_a_service_the_last_section_asks_and_compares_within_its_estimate(lesson, monkeypatch):
    names = dict(lesson)
    with running(speed=0) as port, meter() as m:
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "any-key")
        _, estimate = play(with_words("whom = ").source, names)
        said = play(with_words("own = connect(").source, names)[1]
    assert re.fullmatch(r"60 calls to a real service; list price \$0\.01\d\d at most\n", estimate)
    assert m.calls == 60
    assert 0 < m.cost_usd <= names["most_usd"]
    for name in ("old", "new, no thinking", "new, as it comes"):
        assert re.search(rf"^{name}: \d+ % \(", said, re.MULTILINE), said
    assert "quality: measured on 20 items: " in said
