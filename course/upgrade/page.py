"""What a memo says, in sections, before it is written as Markdown or HTML."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course.evaluate import Estimate
from course.facts import today
from course.upgrade.deciding import how_it_goes
from course.upgrade.limits import UNCLEAR, times
from course.upgrade.values import counted
from course.upgrade.words import between, money, percent, seconds, spoken, sure

if TYPE_CHECKING:
    from course.upgrade.decide import Decision
    from course.upgrade.option import Option

_MOST = 8


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: the words of its first row, then its rows; the first of each names the row."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what follows: a paragraph, a list of sentences, or a Grid."""

    title: str
    body: "str | tuple[str, ...] | Grid"


def sections(d: "Decision") -> Iterator[Section]:
    """The memo's sections, in the order in which a busy reader wants them."""
    yield Section("Why", d.reasons[:_MOST])
    yield Section("The options", _options(d))
    yield Section("What would change this", d.flips[:_MOST])
    yield Section("What was measured", tuple(_measured(d)))
    yield Section("What was not measured", tuple(_not_measured(d)))
    yield Section("The rule, written before", _rule(d))


def _options(d: "Decision") -> Grid:
    month = d.rule.monthly_items is not None
    timed = d.rule.max_p95_s is not None
    head = ["", "Right", "Cost per 1,000 items"]
    head += [f"A month of {d.rule.monthly_items:,}"] if month else []
    head += ["95 of 100 within"] if timed else []
    rows = [_row(option, month=month, timed=timed) for option in d.options]
    ruled = bool(d.baseline.checks)
    head += ["Keeps the rule"] if ruled else []
    rows = [row if ruled else row[:-1] for row in rows]
    return Grid(tuple(head), tuple(rows))


def _row(option: "Option", *, month: bool, timed: bool) -> tuple[str, ...]:
    cost = times(option.cost, 1000)
    cells = [option.name, _with_ends(option.accuracy, percent), _with_ends(cost, money)]
    if month:
        cells.append(money(option.month.value))
    if timed:
        cells.append(_with_ends(option.p95, seconds))
    return (*cells, "not sure" if option.meets_rule == UNCLEAR else option.meets_rule)


def _with_ends(estimate: Estimate, write: Callable[[float], str]) -> str:
    """The value, and its interval where it has a width."""
    value, low, high = (write(end) for end in (estimate.value, estimate.low, estimate.high))
    return value if low == high else f"{value} ({between(estimate.low, estimate.high, write)})"


def _measured(d: "Decision") -> Iterator[str]:
    items = counted(d.n, "item")
    yield (
        f"Both models answered the same {items}; each answer was marked right or wrong. "
        f"Source of the results: {d.source}."
    )
    told = f"Intervals are {sure(d.rule.confidence)} intervals: how far chance in which items were"
    yield f"{told} taken can carry a figure."
    if d.cascade:
        yield (
            f"The cascade: {how_it_goes(d)}. That threshold was chosen on {d.cascade.tried.n:,} of "
            f"the items; its figures come from the other {len(d.cascade.answers):,}."
        )
    yield from d.notes


def _not_measured(d: "Decision") -> Iterator[str]:
    if d.source == "simulated":
        yield "The real models: these results are simulated."
    yield f"What an error really costs: the rule sets {money(d.worth_usd)} for each."
    yield "Items of other kinds than these, and whether the marks right and wrong are right."
    if d.rule.max_p95_s is None:
        yield "How fast the answers come."
    yield "What comes later: new prices, new models, a model that is withdrawn."


def _rule(d: "Decision") -> str:
    rule = d.rule
    told = [
        f"In use: {rule.baseline}. Candidate: {rule.candidate}.",
        f"An avoided error is worth {money(d.worth_usd)}.",
    ]
    if rule.min_accuracy is not None:
        told.append(f"At least {sure(rule.min_accuracy)} of answers must be right.")
    if rule.max_p95_s is not None:
        told.append(f"95 of 100 answers must come within {seconds(rule.max_p95_s)}.")
    if rule.monthly_items is not None:
        told.append(f"There are {rule.monthly_items:,} items a month.")
    if rule.monthly_budget_usd is not None:
        told.append(f"They may cost {money(rule.monthly_budget_usd)} a month at most.")
    return " ".join([*told, f"Confidence: {sure(rule.confidence)}."])


def dateline(d: "Decision") -> str:
    """When it was written, on what: a line under the title."""
    told = f"{counted(d.n, 'item')}, source: {d.source}"
    return f"Written {today().isoformat()} · {told} · verdict: {spoken(d.verdict)}"
