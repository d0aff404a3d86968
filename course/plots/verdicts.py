"""The plot of several tasks side by side: what an avoided error must be worth at each."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from course.errors import CourseError
from course.plots.given import amount, dollars, frame, listed, short
from course.plots.labels import PAPER, dollar_axis
from course.plots.picture import COLOURS, GREY, Picture, picture

if TYPE_CHECKING:
    from pandas import DataFrame


def plot_verdicts(table: "DataFrame", *, source: str, error_worth_usd: object = None) -> Picture:
    """What an avoided error must be worth before the candidate pays, task by task, log axis.

    `table`: indexed by task, with the columns lambda_usd, low, high (US dollars for an avoided
    error; infinity where no worth is enough, 0 or less where any is, an open end infinite, NaN
    where there is no interval) and verdict; `source`, if there, is written below each task.
    `error_worth_usd` draws the rule's worth. Dots by verdict: S stay, M measure more, U upgrade,
    C cascade.
    """
    what = "plot_verdicts"
    rows = _tasks(frame(table, ["lambda_usd", "low", "high", "verdict"], what), what)
    mine = None if error_worth_usd is None else amount(error_worth_usd, f"{what}: error_worth_usd")
    known = [end for row in rows for end in row["ends"] if 0 < end < math.inf]
    known += [mine] if mine else []
    if not known:
        raise CourseError(f"{what} needs at least one break-even that is an amount above 0.")
    axes = picture(source=source, height=1.9 + 0.62 * len(rows))
    axes.set(xscale="log", xlim=(min(known) / 5, max(known) * 5), ylim=(len(rows) - 0.4, -0.8))
    for place, row in enumerate(rows):
        _draw_task(axes, place, row)
    names = [short(row["name"]) + row["source"] for row in rows]
    axes.set_yticks(range(len(rows)), names, parse_math=False)
    if mine:
        axes.axvline(mine, color=GREY, linestyle="-.", zorder=0)
        axes.annotate(f" the rule: {dollars(mine)}", (mine, -0.75), verticalalignment="top")
    axes.set_xlabel("worth of an avoided error at break-even (US dollars)")
    dollar_axis(axes)
    return axes.tell(_verdicts_in_words(rows, mine), " ".join(map(_task_in_words, rows)))


_LOOKS = {
    "stay": ("S", COLOURS[0]),
    "measure more": ("M", GREY),
    "upgrade": ("U", COLOURS[1]),
    "cascade": ("C", COLOURS[2]),
}


def _tasks(table: "DataFrame", what: str) -> list[dict]:
    rows = []
    for name, row in table.iterrows():
        verdict = str(row["verdict"]).replace("-", " ")
        if verdict not in _LOOKS:
            raise CourseError(f"{what}: the verdict {verdict!r:.40} of {name} is none of the four.")
        ends = tuple(_end(row[one], f"{what}: {one} of {name}") for one in _ENDS)
        if math.isnan(ends[0]) or any(a > b for a, b in _pairs(ends)):
            raise CourseError(f"{what}: {name} needs low, lambda_usd and high in rising order.")
        told = f"\n({short(row['source'])})" if "source" in table.columns else ""
        rows.append({"name": str(name), "ends": ends, "verdict": verdict, "source": told})
    return rows


_ENDS = ("lambda_usd", "low", "high")


def _end(given: object, what: str) -> float:
    try:
        return math.nan if given is None else float(given)
    except (TypeError, ValueError):
        raise CourseError(f"{what} is {given!r:.40}, but must be a number.") from None


def _pairs(ends: tuple) -> tuple:
    value, low, high = ends
    return (low, value), (value, high)


def _draw_task(axes: Picture, place: int, row: dict) -> None:
    """A line for the interval, an arrow where it runs out of the plot, a lettered dot."""
    letter, colour = _LOOKS[row["verdict"]]
    start, end = axes.get_xlim()
    value, low, high = row["ends"]
    if not math.isnan(low + high):
        ends = [(max(low, start), "|" if low > start else "<")]
        ends.append((min(high, end), "|" if high < end else ">"))
        axes.plot([at for at, _ in ends], [place, place], color=colour, linewidth=2)
        for at, mark in ends:
            axes.plot(at, place, marker=mark, markersize=9, color=colour, clip_on=False)
    # A break-even that is no amount stands near the end where it would be, beside the arrow.
    at = min(max(value, start * 1.8), end / 1.8)
    axes.plot(at, place, "o", color=colour, markersize=17, markeredgecolor="white")
    look = {"color": "white", "fontweight": "bold", "fontsize": 9}
    axes.text(at, place, letter, ha="center", va="center_baseline", **look)
    text = f"{_amount(value)}: {row['verdict']}"
    side = "left" if value <= 0 else "right" if math.isinf(value) else "center"
    shift = {"left": -8, "right": 8, "center": 0}[side]
    look = {"ha": side, "fontsize": 9, "bbox": PAPER}
    axes.annotate(text, (at, place), (shift, 12), textcoords="offset points", **look)


def _amount(end: float) -> str:
    if end <= 0:
        return "always pays"
    return "never pays" if math.isinf(end) else dollars(end)


def _verdicts_in_words(rows: Sequence[dict], mine: float | None) -> str:
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row["verdict"], []).append(short(row["name"]).replace("\n", " "))
    many = len(rows) > _MOST_NAMED
    told = "; ".join(
        f"{verdict} for {_counted(names) if many else listed(names)}"
        for verdict, names in groups.items()
    )
    return f"At {dollars(mine)} an error: {told}" if mine else told[:1].upper() + told[1:]


_MOST_NAMED = 4


def _counted(names: Sequence[str]) -> str:
    return f"{len(names)} task{'' if len(names) == 1 else 's'}"


def _task_in_words(row: dict) -> str:
    value, low, high = row["ends"]
    even = f"break-even at {_amount(value)}" if 0 < value < math.inf else _amount(value)
    start = f"{row['name']}{row['source'].replace(chr(10), ' ')}: {even}"
    if math.isnan(low + high):
        return f"{start}, no interval, {row['verdict']}."
    above = "no upper end" if math.isinf(high) else dollars(max(high, 0))
    return f"{start}, interval {dollars(max(low, 0))} to {above}, {row['verdict']}."
