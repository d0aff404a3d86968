import math
from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from course.errors import CourseError
from course.facts import fact
from course.ledger import CallRecord, Meter
from course.prices import Usage
from course.upgrade.migrate import migrate

OLD, NEW = "gpt-4o-mini", "gpt-6-luna"
DAY = date(2026, 11, 21)
EMAIL = {"prompt_tokens": 250, "completion_tokens": 10}
EVERY_TICK = {"available", "limits", "switch", "tokens", "effort"}


def plan(**given):
    about = {"usage": EMAIL, "calls_a_month": 50_000, "on": DAY}
    return migrate(OLD, **about | given)


def answers(old_right, new_right, *, source="live"):
    """Rows of both models; the items are those of the texts, 1 is right and 0 is wrong."""
    rows = [
        {"item": f"item {at}", "model": model, "correct": mark == "1", "source": source}
        for model, marks in ((OLD, old_right), (NEW, new_right))
        for at, mark in enumerate(marks)
    ]
    return pd.DataFrame(rows)


def calls(model, tokens, *, source="live"):
    """Rows of calls: prompt, completion and, of these, reasoning tokens."""
    names = ("prompt_tokens", "completion_tokens", "reasoning_tokens")
    rows = [dict(zip(names, one, strict=True)) for one in tokens]
    return pd.DataFrame(rows).assign(model=model, source=source)


def row(found, key):
    return next(check for check in found.checks if check.key == key)


def usd(found, way):
    return found.ways[way].usd * found.calls_a_month


# --- what it costs -----------------------------------------------------------


def test_the_reasoning_tokens_make_the_cheaper_model_the_dearer_one():
    found = plan()
    # An e-mail: 250 x 0.15 + 10 x 0.60 = 43.5 millionths of a dollar, times 50,000 = $2.175.
    # With the new model: 250 x 0.10 + 10 x 0.50 = 30, so $1.50; with 300 reasoning tokens
    # 300 x 0.50 = 150 more, so 180 and $9.00.
    assert [usd(found, way) for way in range(3)] == [Decimal("2.175"), Decimal("1.5"), Decimal(9)]
    assert [way.name for way in found.ways] == [
        OLD,
        f"{NEW}, effort none",
        f"{NEW}, effort medium with 300 reasoning tokens a call",
    ]
    assert [way.assumed for way in found.ways] == [False, False, True]
    assert "ASSUMPTION" in found.ways[2].basis


def test_it_says_from_how_many_reasoning_tokens_on_the_new_model_is_dearer():
    # 43.5 - 30 = 13.5 millionths of a dollar, and a token of output is half of one: 27 tokens.
    found = plan()
    assert found.break_even_reasoning == 27
    assert f"Up to 27 reasoning tokens a call {NEW} costs no more" in str(found)
    assert "from 28 on it is dearer" in str(found)


def test_a_new_model_that_is_dearer_from_the_start_has_no_such_number():
    assert migrate(OLD, "gpt-6-sol", usage=EMAIL, on=DAY).break_even_reasoning is None


def test_the_batch_api_is_priced_beside():
    # Half of every price: 2.175 / 2, 1.50 / 2, 9 / 2.
    monthly = plan().costs["batch_usd_a_month"].tolist()
    assert monthly == [Decimal("1.0875"), Decimal("0.75"), Decimal("4.5")]


def test_cached_tokens_are_priced_as_such():
    found = plan(usage={**EMAIL, "prompt_tokens_details": {"cached_tokens": 200}})
    # 50 x 0.15 + 200 x 0.075 + 10 x 0.60 = 28.5; new: 50 x 0.10 + 200 x 0.01 + 10 x 0.50 = 12.
    assert [usd(found, way) for way in (0, 1)] == [Decimal("1.425"), Decimal("0.6")]


def test_an_effort_that_was_chosen_is_the_one_that_is_priced():
    low = plan(effort="low")
    # 100 reasoning tokens: 30 + 50 = 80 millionths, times 50,000.
    assert usd(low, 2) == 4
    none = plan(effort="none")
    assert len(none.ways) == 2
    assert row(none, "cost").status == "done"


def test_several_calls_are_priced_one_by_one():
    found = plan(usage=[EMAIL, Usage(450, 0, 30)], calls_a_month=2)
    # The second: 450 x 0.15 + 30 x 0.60 = 85.5; together with the first 129 millionths.
    assert usd(found, 0) == Decimal("0.000129")


def test_calls_of_the_new_model_are_measured_and_nothing_is_assumed():
    seen = pd.concat([
        calls("gpt-4o-mini-2024-07-18", [(250, 10, 0), (270, 10, 0)]),
        calls(NEW, [(250, 110, 100), (270, 310, 300)]),
    ])  # fmt: skip
    found = plan(usage=seen)
    # Old: 260 x 0.15 + 10 x 0.60 = 45. New: 260 x 0.10 + 210 x 0.50 = 131 on the average.
    assert usd(found, 0) == Decimal("2.25")
    assert usd(found, 1) == Decimal("6.55")
    assert found.ways[1].name == f"{NEW}, 200 reasoning tokens a call"
    assert not any(way.assumed for way in found.ways)
    assert row(found, "cost").status == row(found, "tokens").status == "done"
    assert f"Seen: 260.0 prompt tokens a call with {OLD} (2 calls), 260.0 with {NEW}" in str(found)


def test_a_meter_is_usage_too_and_failed_calls_do_not_count():
    meter = Meter()
    about = {"started": None, "model": OLD, "source": "simulated", "reasoning_tokens": 0}
    about |= {"cached_tokens": 0, "cost_usd": None, "seconds": 1.0, "streamed": False}
    good = CallRecord(**about, prompt_tokens=250, completion_tokens=10, status=200, estimated=False)
    bad = CallRecord(**about, prompt_tokens=250, completion_tokens=0, status=429, estimated=False)
    meter._finished = {0: good, 1: bad}
    found = plan(usage=meter)
    assert found.seen[0].calls == 1
    assert usd(found, 0) == Decimal("2.175")
    assert found.ways[0].basis == "simulated calls"


def test_without_usage_costs_are_unknown_and_not_guessed():
    found = migrate(OLD, on=DAY)
    assert found.ways == ()
    assert found.break_even_reasoning is None
    assert row(found, "cost").why == "no usage was given"
    assert row(found, "length").status == "unknown"


def test_without_a_number_of_calls_the_price_of_a_thousand_is_shown():
    found = plan(calls_a_month=None)
    assert "| 1,000 calls |" in str(found)
    assert r"| \$0.0435 |" in str(found)
    assert row(found, "cost").status == "unknown"


@pytest.mark.parametrize(
    ("usage", "told"),
    [
        ("many", "must be the usage of calls"),
        (3, "must be the usage of calls"),
        ([], "no call that used a token"),
        ({"prompt_tokens": 0, "completion_tokens": 0}, "no call that used a token"),
        ({"prompt_tokens": -1, "completion_tokens": 0}, "a whole number from 0 up"),
        ([{"prompt_tokens": 9, "completion_tokens": 1, "model": "gpt-5"}], "neither"),
        (pd.DataFrame({"prompt_tokens": [1]}), "no column completion_tokens"),
        (
            pd.DataFrame({"prompt_tokens": [math.nan], "completion_tokens": [1]}),
            "no number of tokens",
        ),
    ],
)
def test_what_is_no_usage_is_refused_in_a_sentence(usage, told):
    with pytest.raises(CourseError, match=told):
        plan(usage=usage)


def test_live_and_simulated_calls_are_not_mixed():
    both = pd.concat([calls(OLD, [(1, 1, 0)]), calls(OLD, [(1, 1, 0)], source="simulated")])
    with pytest.raises(CourseError, match="usage mixes calls that are live and simulated"):
        plan(usage=both)


# --- prices, limits, dates, parameters ---------------------------------------


def test_prices_and_limits_stand_side_by_side_and_what_is_not_known_is_said():
    found = plan()
    prices = {one.what: (one.old, one.new, one.change) for one in found.prices}
    assert prices["input"] == ("$0.15", "$0.10", "33 % less")
    assert prices["cached input"] == ("$0.075", "$0.01", "87 % less")
    assert prices["priority input"][1] == "not known"
    limits = {one.what: (one.old, one.new) for one in found.limits}
    assert limits["longest answer (tokens)"] == ("16,384", "128,000")
    assert limits["tier 1: requests a day"] == ("10,000", "not known")


def test_a_tier_without_facts_is_told_as_unknown():
    last = plan(tier="4").limits[-1]
    assert (last.what, last.old, last.new) == ("tier 4: all limits", "not known", "not known")


@pytest.mark.parametrize(
    ("day", "left", "told"),
    [
        # 9 days of November, 31 of December and 14 of January
        (date(2026, 11, 21), 54, "leaves the API on 2027-01-14, in 54 days."),
        (date(2027, 1, 13), 1, "leaves the API on 2027-01-14, in 1 day."),
        (date(2027, 1, 14), 0, "left the API on 2027-01-14; to stay is not an option."),
        (date(2031, 1, 1), -1448, "left the API on 2027-01-14; to stay is not an option."),
    ],
)
def test_the_days_that_are_left_are_counted_from_the_day(day, left, told):
    found = plan(on=day)
    assert found.dates.days_left == left
    assert found.dates.gone == (left <= 0)
    assert f"{OLD} {told}" in str(found)


def test_without_a_day_it_is_the_calendar_of_the_course(monkeypatch):
    monkeypatch.setenv("COURSE_DATE", "2027-01-04")
    assert migrate(OLD).dates.days_left == 10


def test_the_new_model_is_the_named_replacement_unless_told_otherwise():
    assert migrate(OLD, on=DAY).new == fact("gpt-4o-mini.replacement")
    other = migrate(OLD, "gpt-6-sol", on=DAY)
    assert "OpenAI names gpt-6-luna as its replacement; this plan is for gpt-6-sol." in str(other)
    doubtful = migrate("gpt-4o", on=DAY)
    assert "as its replacement, which is not confirmed" in str(doubtful)


def test_a_new_model_that_leaves_no_later_is_no_go():
    found = migrate(OLD, "gpt-4.1-mini", usage=EMAIL, on=DAY)
    assert found.verdict == "no-go"
    assert found.reasons == ("gpt-4.1-mini leaves on 2027-01-14 itself.",)


def test_a_model_without_a_last_day_is_told_so():
    assert "No date is known on which gpt-6-sol leaves." in str(migrate("gpt-6-sol", NEW, on=DAY))


def test_requests_to_a_model_that_reasons_behave_otherwise():
    rows = {one.what: one for one in plan().parameters}
    assert rows["reasoning_effort"].new == "reasons, effort medium"
    assert rows["reasoning tokens"].new == "billed as output"
    assert rows["max_completion_tokens"].new == "limits reasoning and answer together"
    assert rows["tools"].new == fact("gpt-6-luna.tools_in_chat")
    assert rows["max_tokens"].new == "refused"


def test_between_two_models_that_do_not_reason_nothing_of_it_is_said():
    found = migrate("gpt-4o", "gpt-4.1-mini", on=DAY)
    assert found.parameters == ()
    assert not {"effort", "room", "max_tokens"} & {check.key for check in found.checks}


def test_that_the_token_counts_are_the_same_is_said_to_be_unconfirmed():
    assert "is not confirmed" in plan().token_counts[0]
    assert row(plan(), "tokens").status == "unknown"
    sure = migrate("gpt-4o", "gpt-4.1-mini", on=DAY)
    assert "Both cut text with o200k_base" in sure.token_counts[0]
    assert row(sure, "tokens").status == "done"
    other = migrate("gpt-3.5-turbo", NEW, on=DAY)
    assert "count your prompts anew" in other.token_counts[0]


# --- quality -----------------------------------------------------------------


def test_newly_wrong_and_newly_right_items_are_shown():
    found = plan(results=answers("1101111111", "1011111111"))
    assert (found.quality.only_a, found.quality.only_b) == (1, 1)
    said = str(found)
    assert "## Newly wrong" in said
    assert "| item 1 |" in said[said.index("## Newly wrong") : said.index("## Newly right")]
    assert "| item 2 |" in said[said.index("## Newly right") :]
    assert found.assumptions == ()


def test_ten_items_are_not_enough_and_it_says_how_many_would_be():
    found = plan(results=answers("1" * 10, "1" * 10))
    quality = row(found, "quality")
    assert (quality.status, quality.blocks) == ("open", False)
    assert "not clear yet" in quality.why
    # Tango's interval with nothing discordant: ±z²/(n + z²) = 3.8415 / 13.8415 = 0.27753. A loss
    # of 0.02 is told apart with 80 % power by 10 x (0.27753 / 0.02 x 2.8016 / 1.96)² = 3,934.5.
    assert "About 3,935 items would tell" in str(found)


def test_many_items_without_a_loss_are_good_enough():
    found = plan(results=answers("1" * 500, "1" * 500), effort="none", uses=(), done=EVERY_TICK)
    # z²/(n + z²) = 3.8415 / 503.8415 = 0.0076, less than the 0.02 that may be lost.
    assert row(found, "quality").status == "done"
    assert (found.verdict, found.reasons) == ("go", ("Every row of the checklist is done.",))
    assert str(found).splitlines()[2].startswith("**Go: Every row of the checklist is done.")


def test_a_loss_that_is_surely_too_large_is_no_go():
    found = plan(results=answers("1" * 200, "1" * 150 + "0" * 50))
    # 50 of 200 lost: -25 points ± 1.96 x √(50 - 2500/200) / 200 = 6.0 points.
    assert found.verdict == "no-go"
    assert found.reasons == ("measured on 200 items: worse than allowed.",)
    assert plan(results=answers("1" * 200, "1" * 150 + "0" * 50), may_lose=0.5).verdict != "no-go"


def test_simulated_answers_never_settle_the_quality_of_the_real_models():
    found = plan(
        results=answers("1" * 500, "1" * 500, source="simulated"),
        effort="none",
        uses=(),
        done=EVERY_TICK,
    )
    assert found.verdict == "not yet"
    assert row(found, "quality").status == "unknown"
    assert "it says nothing about the real models" in row(found, "quality").why
    assert "SIMULATED" in str(found)
    assert len(found.assumptions) == 3


def test_without_measured_quality_there_are_three_assumptions_that_say_so():
    found = plan()
    worse, equal, better = found.assumptions
    # 82.0 % (published) is ln(82/18) = 1.5163 logits; half a logit less is 1/(1 + e^-1.0163).
    assert worse.share == pytest.approx(1 / (1 + math.exp(-(math.log(82 / 18) - 0.5))))
    assert worse.share == pytest.approx(0.7342, abs=1e-4)
    assert (equal.share, equal.delta) == (0.82, 0)
    assert better.delta > 0
    assert all("ASSUMPTION" in one.basis for one in found.assumptions)
    assert "none of them is measured" in str(found)
    # 50,000 calls and 0.82 - 0.7342 = 0.0857 more wrong
    assert "| +4,287 |" in str(found)


def test_the_verdict_is_told_under_each_assumption():
    ready = plan(effort="none", uses=(), done=EVERY_TICK)
    assert [ready.verdict_if(how) for how in ("worse", "equal", "better")] == ["no-go", "go", "go"]
    assert ready.verdict == "not yet"
    with pytest.raises(CourseError, match="no assumption 'best'"):
        ready.verdict_if("best")


def test_assumptions_start_from_the_old_models_own_share_where_it_was_measured():
    only_old = answers("1111111100", "")
    assert plan(results=only_old).assumptions[1].share == 0.8
    assert "80.0 % of gpt-4o-mini's answers are right on your items" in str(plan(results=only_old))


def test_without_any_figure_to_start_from_nothing_is_assumed():
    found = migrate("gpt-5-nano", NEW, on=DAY)
    assert found.assumptions == ()
    with pytest.raises(CourseError, match="there is none"):
        found.verdict_if("worse")


def test_published_benchmarks_of_both_are_shown_as_such():
    rows = {one.what: one for one in migrate(OLD, "gpt-4.1-mini", on=DAY).benchmarks}
    assert (rows["MMLU"].old, rows["MMLU"].new) == ("82.0 %", "87.5 %")
    assert rows["MMLU"].change == "+5.5 points"
    assert plan().benchmarks == ()


@pytest.mark.parametrize(
    ("results", "told"),
    [
        (3, "columns item, model and correct"),
        (pd.DataFrame({"item": [1], "correct": [1]}), "columns item, model and correct"),
        (pd.DataFrame({"item": [1], "correct": [1], "model": ["gpt-5"]}), "no rows of"),
        ((1, 2, 3), "two tables"),
        (answers("11", "1"), "lacks 1"),
    ],
)
def test_results_that_cannot_be_compared_are_refused(results, told):
    with pytest.raises(CourseError, match=told):
        plan(results=results)


# --- the checklist -----------------------------------------------------------


def test_what_was_not_told_is_unknown_and_what_was_told_is_open_or_done():
    assert row(plan(), "tools").status == "unknown"
    assert row(plan(uses=()), "tools").status == "done"
    used = plan(uses={"tools", "max_tokens"})
    assert [row(used, key).status for key in ("tools", "max_tokens", "room")] == ["open"] * 3
    assert row(used, "sampling").status == "done"


def test_without_reasoning_tools_and_sampling_go_on_as_before():
    found = plan(uses={"tools", "sampling", "max_tokens"}, effort="none")
    assert [row(found, key).status for key in ("tools", "sampling", "room")] == ["done"] * 3
    assert row(found, "max_tokens").status == "open"


def test_not_yet_names_what_is_open_and_what_nobody_knows():
    found = plan(uses={"max_tokens"}, effort="none")
    assert found.verdict == "not yet"
    assert found.reasons == (
        "max_tokens is open: you use the parameter max_tokens.",
        "Not known yet: available, quality, limits, tokens, switch.",
    )


def test_a_ticked_row_is_done_and_says_that_it_was_ticked():
    ticked = row(plan(done={"limits"}), "limits")
    assert ticked.status == "done"
    assert ticked.why.startswith("you ticked it (")


def test_what_blocks_cannot_be_ticked_off():
    found = plan(effort="none", monthly_budget_usd="1.49", done={"cost"})
    # $1.50 a month
    assert found.verdict == "no-go"
    assert found.reasons == ("$1.50 a month, over the budget of $1.49.",)
    assert plan(effort="none", monthly_budget_usd="1.50").verdict == "not yet"


def test_an_assumed_number_of_reasoning_tokens_is_no_reason_for_no_go():
    found = plan(monthly_budget_usd="5")
    assert (found.verdict, row(found, "cost").status) == ("not yet", "unknown")


def test_a_prompt_that_is_too_long_is_no_go():
    found = migrate(NEW, "gpt-4o", usage={"prompt_tokens": 200_000, "completion_tokens": 1}, on=DAY)
    assert (
        "the longest prompt in the usage given has 200,000 tokens, and 128,000 are allowed."
        in found.reasons
    )


def test_the_checklist_and_the_costs_are_tables():
    found = plan()
    assert list(found.checklist.columns) == ["what", "status", "why", "how"]
    assert found.checklist.loc["effort", "status"] == "open"
    assert found.costs.loc[OLD, "usd_a_month"] == Decimal("2.175")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"effort": "huge"}, "takes the efforts none, low, .*, not 'huge'"),
        ({"effort": "max"}, "assumed nowhere"),
        ({"calls_a_month": 0}, "a whole number from 1 up"),
        ({"calls_a_month": 2.5}, "a whole number from 1 up"),
        ({"may_lose": 2}, "a share such as 0.02"),
        ({"monthly_budget_usd": "much"}, "US dollars from 0 up"),
        ({"uses": "tools"}, r"write uses=\{'tools'\}"),
        ({"uses": {"magic"}}, "uses has 'magic'"),
        ({"done": {"magic"}}, "done has no row 'magic'; the rows are available"),
        ({"new": OLD}, "the same model"),
        ({"new": "gpt-nobody"}, "No prices are known of 'gpt-nobody'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(given, told):
    with pytest.raises(CourseError, match=told):
        plan(**given)


def test_models_that_are_not_known_are_refused():
    with pytest.raises(CourseError, match="No prices are known of 'gpt-nobody'"):
        migrate("gpt-nobody", NEW)
    with pytest.raises(CourseError, match="No replacement of gpt-6-luna is known"):
        migrate(NEW)
    with pytest.raises(CourseError, match="takes no reasoning_effort"):
        migrate(NEW, "gpt-4o", effort="low")


# --- the page ----------------------------------------------------------------


def test_the_page_is_markdown_or_html_and_both_say_the_same():
    found = plan()
    for words in ("50,000 a month", "Up to 27 reasoning tokens", "in 54 days"):
        assert words in found.memo("md")
        assert words in found.memo("html")
    assert found._repr_html_() == found.memo("html")
    assert repr(found) == found.memo()
    with pytest.raises(CourseError, match="md or html, not 'pdf'"):
        found.memo("pdf")


def test_amounts_are_no_formula_in_markdown_and_no_text_is_a_tag_in_html():
    results = answers("10", "01").replace({"item 0": "<b>bold</b>", "item 1": "a|b"})
    found = plan(results=results)
    assert r"\$9.00" in found.memo("md")
    assert r"a\|b" in found.memo("md")
    assert "&lt;b&gt;bold" in found.memo("html")


def test_results_without_the_new_model_say_whose_rows_they_have():
    table = answers("110", "111")
    found = plan(results=table[table["model"] == OLD])
    told = f"results has rows of {OLD}, but none of {NEW}"
    assert row(found, "quality").why == f"not measured: {told}"
    assert found.reasons[-1] == f"Quality is not measured: {told}."
    other = plan(results=table[table["model"] == NEW])
    assert f"results has rows of {NEW}, but none of {OLD}" in row(other, "quality").why


def test_that_no_date_is_known_does_not_tick_off_that_a_model_stays():
    assert row(plan(), "available").status == "unknown"


def test_costs_without_usage_are_an_empty_table_with_its_columns():
    found = plan(usage=None).costs
    assert found.empty and "usd_a_month" in found.columns
