"""Plots of list prices: cost against volume, and what a call's price is made of."""

import math
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from matplotlib.axes import Axes

from course.errors import CourseError
from course.facts import edition
from course.plots.picture import COLOURS, HATCHES, MARKERS, Picture, picture
from course.prices import Usage, cost, read_usage

CALLS = tuple(10**power for power in range(7))
"""Where the lines of `plot_cost_by_volume` have a marker: from 1 call to a million."""


def _prices() -> str:
    return f"published list prices, as of {edition()}"


def plot_cost_by_volume(
    usage: Usage,
    models: Sequence[str],
    *,
    thing: str,
    budget_usd: object,
    floors: Collection[str] = (),
) -> Picture:
    """List price in US dollars against a number of equal calls, a line a model, both axes log.

    `usage` is that of one call, `thing` what it does, in the plural ("e-mails"). The title
    says how many of them `budget_usd` pays for. The models in `floors` can bill more than
    `usage` says, for example reasoning tokens: their lines are dashed.
    """
    prices = {str(model): cost(usage, model) for model in models}
    if not prices or not all(prices.values()):
        raise CourseError("plot_cost_by_volume needs a model, and a usage with tokens in it.")
    budget = Decimal(str(budget_usd))
    axes = picture(source=_prices())
    for name, colour, marker in zip(prices, COLOURS, MARKERS, strict=False):
        dollars = [float(calls * prices[name]) for calls in CALLS]
        style = "--" if name in floors else "-"
        axes.plot(CALLS, dollars, style, color=colour, marker=marker, label=name)
    axes.axhline(float(budget), color="#555555", linestyle=":")
    axes.annotate(f"${budget}", (1, float(budget)), (0, 3), textcoords="offset points")
    axes.set(xscale="log", yscale="log", xlabel=f"{thing}, one call each")
    axes.set_ylabel("list price (US dollars)")
    axes.tick_params(labelsize=9)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter(lambda dollars, _: f"{dollars:,.6f}".rstrip("0").rstrip("."))
    paid = {name: int(budget / price) for name, price in prices.items() if name not in floors}
    sums = " and ".join(f"{calls:,} with {name}" for name, calls in paid.items())
    axes.set_title(f"${budget} pays for this many {thing}: {sums}", loc="left", fontsize=10)
    _name_the_lines(axes, prices, floors)
    words = _volume_in_words(prices, floors, title=axes.get_title("left"))
    axes.alt = f"{words} Source: {_prices()}."
    return axes


def _name_the_lines(axes: Axes, prices: Mapping[str, Decimal], floors: Collection[str]) -> None:
    """Write each model's name and last price at its line's end, none over another."""
    low, high = (math.log10(limit) for limit in axes.get_ylim())
    free_from = low
    for name, price in sorted(prices.items(), key=lambda named: named[1]):
        place = max(math.log10(CALLS[-1] * price), free_from)
        free_from = place + 0.06 * (high - low)
        floor = " or more" if name in floors else ""
        text = f"{name}: ${CALLS[-1] * price:,.2f}{floor}"
        axes.text(CALLS[-1] * 1.7, 10**place, text, verticalalignment="center")


def _volume_in_words(prices: Mapping[str, Decimal], floors: Collection[str], *, title: str) -> str:
    ends = (
        f"{name} from ${price:f} for one to {'at least ' if name in floors else ''}"
        f"${CALLS[-1] * price:,.2f} for a million"
        for name, price in prices.items()
    )
    return f"{title}. Straight parallel lines, both axes logarithmic: {'; '.join(ends)}."


def plot_shares(usages: Mapping[str, object], model: str) -> Picture:
    """How the list price of one call splits into new input, cached input and output.

    `usages` maps the name of a kind of call to the usage of one, as `prices.cost` takes it;
    shares are percent of its price with `model`.
    """
    if not usages:
        raise CourseError("plot_shares needs at least one kind of call to draw.")
    shares = {kind: _shares(usage, model) for kind, usage in usages.items()}
    axes = picture(source=_prices(), height=1.9 + 0.5 * len(shares))
    left = [0.0] * len(shares)
    for part, colour, hatch in zip(_PARTS, COLOURS, HATCHES, strict=False):
        widths = [float(split[part]) for split in shares.values()]
        look = {"color": colour, "hatch": hatch, "edgecolor": "white", "label": part, "height": 0.6}
        bars = axes.barh(list(shares), widths, left=left, **look)
        texts = [f"{width:.0f} %" if width >= 4 else "" for width in widths]
        axes.bar_label(bars, texts, label_type="center", bbox={"color": "white", "pad": 1.5})
        left = [start + width for start, width in zip(left, widths, strict=True)]
    axes.invert_yaxis()
    axes.set(xlim=(0, 100), xlabel=f"share of the list price of one call, {model} (percent)")
    axes.set_ylabel("kind of call")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False)
    outputs = [split["output"] for split in shares.values()]
    finding = f"Output makes {min(outputs):.0f} to {max(outputs):.0f} percent of a call's price"
    axes.set_title(finding, loc="left", fontsize=10, pad=28)
    axes.alt = f"{finding}. {_shares_in_words(shares)} Source: {_prices()}."
    return axes


_PARTS = ("new input", "cached input", "output")


def _shares(usage: object, model: str) -> dict[str, Decimal]:
    """Percent of a call's list price in each part; together they make 100."""
    used = read_usage(usage)
    dollars = (
        cost(Usage(used.prompt_tokens - used.cached_tokens), model),
        cost(Usage(used.cached_tokens, used.cached_tokens), model),
        cost(Usage(0, 0, used.completion_tokens), model),
    )
    if not any(dollars):
        raise CourseError("A call without tokens has no price that could be split into shares.")
    return {part: 100 * price / sum(dollars) for part, price in zip(_PARTS, dollars, strict=True)}


def _shares_in_words(shares: Mapping[str, Mapping[str, Decimal]]) -> str:
    return " ".join(
        f"{kind}: {', '.join(f'{part} {split[part]:.0f} percent' for part in _PARTS)}."
        for kind, split in shares.items()
    )
