"""The page for whoever has to sign: complete, readable, on one sheet, and safe from odd names."""

import re

import pytest
from browser import chromium, needs_chromium
from upgrade_results import BIG, GSM8K, RULE, doubtful, outcomes

from course.errors import CourseError
from course.upgrade import decide

MONTH = {"monthly_items": 50_000}


def made(**rule):
    table = outcomes(**GSM8K).assign(source="published")
    return decide(table, RULE | {"error_worth_usd": 0.3} | MONTH | rule)


@pytest.fixture(autouse=True)
def a_day(monkeypatch):
    monkeypatch.setenv("COURSE_DATE", "2026-12-01")


@pytest.mark.parametrize("kind", ["md", "html"])
def test_a_memo_tells_decision_reasons_money_measurement_and_limits(kind):
    told = made().memo(kind).replace("\\", "").replace("\N{NO-BREAK SPACE}", " ")
    for words in (
        "Upgrade from small to big.",
        "Written 2026-12-01",
        "1,319 items, source: published",
        "Why",
        "$87.26 more to pay",  # 50,000 · 2.302 / 1,319
        "$93.10",  # 50,000 · 2.456 / 1,319
        "What would change this",
        "What was measured",
        "What was not measured",
        "How fast the answers come.",
        "the rule sets $0.30 for each",
        "An avoided error is worth $0.30.",
        "There are 50,000 items a month.",
    ):
        assert words in told, words


def test_dollars_in_markdown_do_not_become_formulas_and_tables_stay_whole():
    told = made().memo()
    assert not re.search(r"(?<!\\)\$", told)
    lines = [line for line in told.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {5}


@pytest.mark.parametrize("kind", ["md", "html"])
def test_a_models_name_cannot_break_the_page(kind):
    odd = "big <b>|*x*$5 & co"
    table = outcomes(both=80, gained=20).replace({"model": {BIG: odd}})
    told = decide(table, RULE | {"candidate": odd}).memo(kind)
    assert "<b>" not in told.replace("\\<b\\>", "")
    assert "*x*" not in told or kind == "html"


def test_the_html_stands_alone_and_has_one_heading_and_named_columns():
    told = made(min_accuracy=0.9).memo("html")
    assert "http" not in told and "<script" not in told and "src=" not in told
    assert told.count("<h1>") == 1 and '<html lang="en">' in told
    assert told.count('scope="col"') == 4 and told.count('scope="row"') == 2
    assert "prefers-color-scheme: dark" in told and "@media print" in told


def test_the_memo_of_a_simulation_says_what_it_is_not():
    told = decide(outcomes(both=80, gained=20).assign(source="simulated"), RULE).memo()
    assert "The real models: these results are simulated." in told


def test_another_kind_of_memo_is_refused():
    with pytest.raises(CourseError, match="md or html"):
        made().memo("docx")


@needs_chromium()
def test_the_longest_memo_prints_on_one_sheet_and_fits_a_phone(tmp_path):
    limits = {"min_accuracy": 0.85, "monthly_items": 100_000, "monthly_budget_usd": 330}
    table = doubtful(4000).assign(latency_s=1.0, source="simulated")
    longest = {"small": "gpt-4o-mini-2024-07-18", "big": "gpt-4o-2024-08-06"}
    rule = RULE | limits | {"max_p95_s": 2.5}
    rule |= {"baseline": longest["small"], "candidate": longest["big"]}
    page_file = tmp_path / "memo.html"
    page_file.write_text(
        decide(table.replace({"model": longest}), rule).memo("html"), encoding="utf-8"
    )
    with chromium(width=380, height=800) as context:
        page = context.new_page()
        page.goto(page_file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 380
        sheets = re.findall(rb"/Type\s*/Page[^s]", page.pdf(prefer_css_page_size=True))
    assert len(sheets) == 1
