"""A migration as a page: what to say, in sections, and these as Markdown and as HTML."""

import re
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from course.budget import dollars
from course.facts import edition
from course.upgrade.migrate_facts import Row
from course.upgrade.migrate_quality import quality_in_words
from course.upgrade.migrate_rows import DONE, OPEN, UNKNOWN
from course.upgrade.page import Grid, Section
from course.upgrade.words import percent, points

if TYPE_CHECKING:
    from course.upgrade.migrate import Migration

_MARKS = {DONE: "✓\u00a0done", OPEN: "✗\u00a0open", UNKNOWN: "?\u00a0unknown"}
_MOST_ITEMS = 10


def headline(m: "Migration") -> str:
    """The verdict and the time that is left, in one sentence."""
    counts = [
        f"{sum(check.status == status for check in m.checks)} {status}"
        for status in (DONE, OPEN, UNKNOWN)
    ]
    rest = f"in the checklist {counts[0]}, {counts[1]} and {counts[2]}"
    if m.verdict != "not yet":
        rest = m.reasons[0].removesuffix(".")
    return f"{m.verdict.capitalize()}: {rest}. {_time_left(m)}"


def _time_left(m: "Migration") -> str:
    when = m.dates
    if when.leaves is None:
        return f"No date is known on which {m.old} leaves."
    if when.gone:
        return f"{m.old} left the API on {when.leaves}; to stay is not an option."
    days = f"{when.days_left} day{'' if when.days_left == 1 else 's'}"
    return f"{m.old} leaves the API on {when.leaves}, in {days}."


def sections(m: "Migration") -> Iterator[Section]:
    """The page, the most urgent first."""
    if m.verdict != "go":
        yield Section("Why", m.reasons)
    if m.ways:
        yield Section(_costs_title(m), _costs(m))
    if words := _costs_in_words(m):
        yield Section("What these costs say", words)
    if m.quality:
        kind = " (SIMULATED: not the real models)" if m.quality.source == "simulated" else ""
        told = quality_in_words(m.quality, m.may_lose, m.old, m.new)
        yield Section(f"Your own items{kind}", told)
    if m.assumptions:
        yield Section("Three assumptions on quality: none of them is measured", _assumptions(m))
    yield Section("Checklist: migrate(…, uses={…}, done={…}) fills it in", _checklist(m))
    yield Section("Dates", _dates(m))


def details(m: "Migration") -> Iterator[Section]:
    """What the page rests on, to be looked up."""
    if m.quality:
        yield from _differing(m)
    yield Section("List prices (US dollars per 1M tokens)", _rows(m.prices, m))
    yield Section("Limits", _rows(m.limits, m))
    if m.parameters:
        yield Section("Requests that behave otherwise", _rows(m.parameters, m, last="do"))
    yield Section("Token counts", m.token_counts)
    if m.benchmarks:
        title = "Published benchmarks (right answers, on other items than yours)"
        yield Section(title, _rows(m.benchmarks, m))
    source = f"the course's facts, checked {edition()}"
    fact = f'fact("{m.new}.input_price") shows the source of one'
    yield Section("Where this is from", f"Prices, limits and dates: {source}; {fact}.")


def _checklist(m: "Migration") -> Grid:
    rows = [
        (check.key, _MARKS[check.status], check.what, check.why, check.how) for check in m.checks
    ]
    return Grid(("row", "status", "what", "why", "how to check"), tuple(rows))


def _dates(m: "Migration") -> tuple[str, ...]:
    when = m.dates
    told = [_time_left(m)]
    if when.announced:
        told.append(f"That was announced on {when.announced}.")
    if when.replacement:
        sure = "" if when.sure_of_replacement else ", which is not confirmed"
        same = "" if when.replacement == m.new else f"; this plan is for {m.new}"
        told.append(f"OpenAI names {when.replacement} as its replacement{sure}{same}.")
    leaves = f"leaves on {when.new_leaves}" if when.new_leaves else "has no known last day"
    told.append(f"{m.new} {leaves}.")
    return tuple(told)


def _costs_title(m: "Migration") -> str:
    return "Your calls" + (f", {m.calls_a_month:,} a month" if m.calls_a_month else "")


def _costs(m: "Migration") -> Grid:
    calls = m.calls_a_month or 1000
    head = ("", "a month" if m.calls_a_month else "1,000 calls", "through batch", "rests on")
    rows = [
        (way.name, dollars(calls * way.usd), dollars(calls * way.batch_usd), way.basis)
        for way in m.ways
    ]
    return Grid(head, tuple(rows))


def _costs_in_words(m: "Migration") -> tuple[str, ...]:
    told, before = [], m.ways[0] if m.ways else None
    if before is not None and len(m.ways) > 1 and before.usd:
        for way in m.ways[1:]:
            times = float(way.usd / before.usd)
            share = f"{times:.3g} times" if times >= 2 else f"{100 * times:.0f} % of"
            told.append(f"{way.name}: {share} what {m.old} costs.")
    if m.break_even_reasoning is not None:
        told.append(
            f"Up to {m.break_even_reasoning:,} reasoning tokens a call {m.new} costs no more than "
            f"{m.old}; from {m.break_even_reasoning + 1:,} on it is dearer."
        )
    return tuple(told)


def _rows(rows: tuple[Row, ...], m: "Migration", last: str = "change") -> Grid:
    head = ("", m.old, m.new, last)
    return Grid(head, tuple((row.what, row.old, row.new, row.change) for row in rows))


def _differing(m: "Migration") -> Iterator[Section]:
    """The items that one model got right and the other wrong, the first few of them."""
    differing = m.quality.discordant
    for name, title in zip(m.quality.names, ("Newly wrong", "Newly right"), strict=True):
        part = differing[differing["right"] == name].drop(columns="right")
        if part.empty:
            continue
        shown = part.head(_MOST_ITEMS)
        count = f" (the first {len(shown)} of {len(part):,})" if len(part) > len(shown) else ""
        cells = tuple(tuple(str(cell) for cell in row) for row in shown.to_numpy())
        yield Section(f"{title}{count}", Grid(tuple(map(str, shown.columns)), cells))


def _assumptions(m: "Migration") -> Grid:
    calls = m.calls_a_month or 1000
    more = "more wrong a month" if m.calls_a_month else "more wrong of 1,000"
    rows = [
        (
            one.how,
            percent(one.share),
            points(one.delta),
            f"{-calls * one.delta:+,.0f}" if one.delta else "0",
            f"{one.quality}: {m.verdict_if(one.how)}",
            one.basis,
        )
        for one in m.assumptions
    ]
    head = (f"if {m.new} is", "right", f"against {m.old}", more, "then", "rests on")
    return Grid(head, tuple(rows))


def markdown(m: "Migration") -> str:
    """The page in Markdown."""
    parts = [f"# From {_plain(m.old)} to {_plain(m.new)}", f"**{_plain(headline(m))}**"]
    for section in (*sections(m), *details(m)):
        parts += [f"## {_plain(section.title)}", _markdown_body(section.body)]
    return "\n\n".join(parts) + "\n"


def _markdown_body(body: "str | tuple[str, ...] | Grid") -> str:
    if isinstance(body, str):
        return _plain(body)
    if not isinstance(body, Grid):
        return "\n".join(f"- {_plain(sentence)}" for sentence in body)
    lines = [body.head, *body.rows]
    shown = [f"| {' | '.join(map(_plain, line))} |" for line in lines]
    return "\n".join([shown[0], "|" + "---|" * len(body.head), *shown[1:]])


def _plain(text: str) -> str:
    """Text in which no letter is taken for a mark of Markdown's, nor $ for a formula's."""
    return re.sub(r"([\\`*\[\]<>$|#]|\b_|_\b)", r"\\\1", " ".join(text.split()))


def html(m: "Migration") -> str:
    """The page as a piece of HTML, as a notebook shows it."""
    parts = [f"<h3>From {escape(m.old)} to {escape(m.new)}</h3>"]
    parts.append(f"<p><strong>{escape(headline(m))}</strong></p>")
    for section in sections(m):
        parts.append(f"<h4>{escape(section.title)}</h4>{_html_body(section.body)}")
    for section in details(m):
        summary = f"<summary>{escape(section.title)}</summary>"
        parts.append(f"<details>{summary}{_html_body(section.body)}</details>")
    return f'<section dir="auto">{"".join(parts)}</section>'


def _html_body(body: "str | tuple[str, ...] | Grid") -> str:
    if isinstance(body, str):
        return f"<p>{escape(body)}</p>"
    if not isinstance(body, Grid):
        return f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in body)}</ul>"
    head = "".join(f'<th scope="col" style="{_LEFT}">{escape(cell)}</th>' for cell in body.head)
    rows = "".join(
        f'<tr><th scope="row" style="{_LEFT}">{escape(row[0])}</th>'
        + "".join(f'<td style="{_LEFT}">{escape(cell)}</td>' for cell in row[1:])
        + "</tr>"
        for row in body.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


_LEFT = "text-align: left"
