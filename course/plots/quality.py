"""Plots of how good a model's answers are: confusion, accuracy, a pair of models, and the price."""

from collections.abc import Collection, Mapping

from matplotlib.ticker import MaxNLocator

from course.errors import CourseError
from course.plots.given import (
    Interval,
    dollars,
    interval,
    listed,
    named,
    number,
    percent,
    share,
    short,
)
from course.plots.labels import in_dollars
from course.plots.picture import COLOURS, GREY, HATCHES, MARKERS, Picture, picture


def plot_accuracy(estimates: object, *, source: str) -> Picture:
    """The share of right answers of models, on one task or several, each with its interval.

    `estimates` maps a model's name to an estimate, or a task's name to such a mapping. An estimate
    is (value, low, high) in shares from 0 to 1, or has these as attributes, as what `evaluate`
    gives does; with `n`, the number of items is written too.
    """
    what = "plot_accuracy"
    tasks = _tasks(estimates, what)
    models = list(dict.fromkeys(model for found in tasks.values() for model in found))
    if len(models) > len(MARKERS):
        raise CourseError(f"{what} shows at most {len(MARKERS)} models, not {len(models)}.")
    rows = [(task, model, found[model]) for task, found in tasks.items() for model in found]
    axes = picture(source=source, height=1.6 + 0.42 * len(rows) + 0.2 * len(tasks))
    places, at = [], 0.0
    for row, (task, model, right) in enumerate(rows):
        at += 0 if not row else 1 if task == rows[row - 1][0] else 1.5
        places.append(at)
        look = models.index(model)
        style = {"fmt": MARKERS[look], "color": COLOURS[look], "capsize": 4, "markersize": 8}
        axes.errorbar(right.value, at, xerr=right.arms, **style)
        text = f"{percent(right.value)}" + (f", n = {right.n:,}" if right.n else "")
        axes.annotate(text, (right.value, at), (0, 7), textcoords="offset points", ha="center")
    _name_rows(axes, [(task, model) for task, model, _ in rows], places)
    _zoom(axes, [right for _, _, right in rows])
    return axes.tell(_accuracy_finding(rows), _accuracy_in_words(rows))


def _tasks(estimates: object, what: str) -> dict[str, dict[str, Interval]]:
    """Intervals by task and model; the task is "" where only models were given."""
    found = named(estimates, what)
    nested = [isinstance(part, Mapping) and "value" not in part for part in found.values()]
    if not all(nested):
        found = {"": found}
    return {
        task: {
            model: interval(part, f"{what}: {model}", check=share)
            for model, part in named(models, what).items()
        }
        for task, models in found.items()
    }


def _name_rows(axes: Picture, names: list[tuple[str, str]], places: list[float]) -> None:
    texts = []
    for row, (task, model) in enumerate(names):
        first = task and (not row or names[row - 1][0] != task)
        texts.append(f"{short(task)}: {short(model)}" if first else short(model))
    axes.set_yticks(places, texts, parse_math=False)
    axes.set_ylim(places[-1] + 0.6, -0.8)


def _zoom(axes: Picture, rights: list[Interval]) -> None:
    low, high = min(right.low for right in rights), max(right.high for right in rights)
    room = max(0.15 * (high - low), 0.01)
    axes.set_xlim(max(-0.01, low - room), min(1.01, high + room))
    axes.xaxis.set_major_formatter(lambda part, _: f"{100 * part:.4g}")
    axes.set_xlabel("accuracy (percent right, with its interval)")


def _accuracy_finding(rows: list[tuple[str, str, Interval]]) -> str:
    _, model, right = rows[0]
    if len(rows) == 1:
        between = f"between {percent(right.low)} and {percent(right.high)}"
        return f"{model} is right on {percent(right.value)} of the items, its interval {between}"
    tasks = list(dict.fromkeys(task for task, _, _ in rows))
    if len(tasks) > 1 and len(rows) > len(tasks):
        return _ahead(rows, tasks)
    (worst, low), (best, high) = (
        (f"{name} at {task}" if len(tasks) > 1 else name, right)
        for task, name, right in (pick(rows, key=lambda row: row[2].value) for pick in (min, max))
    )
    apart = "" if low.high < high.low or len(tasks) > 1 else ", and the intervals overlap"
    return (
        f"Right answers: from {percent(low.value)} ({worst}) to {percent(high.value)} ({best})"
        f"{apart}"
    )


def _ahead(rows: list[tuple[str, str, Interval]], tasks: list[str]) -> str:
    """Who leads in how many tasks, and where its interval is clear of the next one's."""
    leaders, clear = [], 0
    for task in tasks:
        ranked = sorted((row for row in rows if row[0] == task), key=lambda row: -row[2].value)
        leaders.append(ranked[0][1])
        clear += len(ranked) > 1 and ranked[0][2].low > ranked[1][2].high
    counts = {model: leaders.count(model) for model in leaders}
    told = listed(f"{model} in {count}" for model, count in counts.items())
    where = f"are apart in {clear} of them" if clear else "overlap in all of them"
    return f"Ahead: {told} of {len(tasks)} tasks; the intervals {where}"


def _accuracy_in_words(rows: list[tuple[str, str, Interval]]) -> str:
    told = (
        f"{f'{task}, ' if task else ''}{model} {percent(right.value)} ({percent(right.low)} to "
        f"{percent(right.high)}{f', n = {right.n:,}' if right.n else ''})"
        for task, model, right in rows
    )
    return f"A point with its interval each: {'; '.join(told)}."


def plot_paired(
    only_first: int, only_second: int, *, names: Collection[str], n: int, source: str
) -> Picture:
    """The items that tell two models apart: right with one only, of all `n` that both answered.

    The grey band is what chance alone would do if the models were equally good: each of these
    items would fall to either like a coin, and both counts would lie in the band at least 95
    times in 100. A count outside it is what the exact McNemar test calls p < 0.05.
    """
    what = "plot_paired"
    counts = [_count(one, what) for one in (only_first, only_second)]
    first, second = map(str, _two(names, what))
    total = _count(n, what)
    apart = sum(counts)
    if apart > total:
        raise CourseError(f"{what}: {apart} items that differ cannot be among {total} items.")
    axes = picture(source=source, height=3.0)
    for row, (count, colour, hatch) in enumerate(zip(counts, COLOURS, HATCHES, strict=False)):
        look = {"color": colour, "hatch": hatch, "edgecolor": "white", "height": 0.55}
        axes.bar_label(axes.barh(row, count, **look), [f"{count:,}"], padding=4, fontsize=11)
    low, high = _coin_band(apart)
    axes.axvspan(low, high, color=GREY, alpha=0.18, zorder=0, linewidth=0)
    axes.plot([low, high], [2, 2], color=GREY, marker="|", markersize=12, linewidth=2)
    look = {"xytext": (8, 0), "textcoords": "offset points", "va": "center"}
    axes.annotate(f"{low:,} to {high:,}", (high, 2), **look)
    only = [f"only right:\n{short(name)}" for name in (first, second)]
    axes.set_yticks([0, 1, 2], [*only, "either count if they\nwere equally good"], parse_math=False)
    axes.set(ylim=(2.5, -0.5), xlim=(0, max(1.15 * max(*counts, high), 4)))
    axes.set_xlabel(f"items, of {total:,}, where just one of the two is right")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    finding = f"{apart:,} of {total:,} items tell the models apart: {_shares(counts, names)}"
    if not apart:
        finding = f"None of {total:,} items tells {first} and {second} apart"
    where = "inside" if low <= min(counts) else "outside"
    words = (
        f"Two bars: {_shares(counts, names)}. If the models were equally good, each count would "
        f"lie between {low:,} and {high:,} at least 95 times in 100; here they lie {where}."
    )
    return axes.tell(finding, words)


def _shares(counts: list[int], names: Collection[str]) -> str:
    told = (f"only {name} is right on {count:,}" for name, count in zip(names, counts, strict=True))
    return listed(told)


def _coin_band(apart: int) -> tuple[int, int]:
    from scipy.stats import binom

    low, high = binom.interval(0.95, apart, 0.5) if apart else (0, 0)
    return int(low), int(high)


def _count(given: object, what: str) -> int:
    value = number(given, f"{what}: a count")
    if value < 0 or not value.is_integer():
        raise CourseError(f"{what}: {value:g} is no count of items.")
    return int(value)


def _two(names: Collection[str], what: str) -> list[str]:
    if isinstance(names, str) or len(names) != 2:
        raise CourseError(f"{what} needs the two models' names, as in names=('a', 'b').")
    return list(names)


def plot_cost_by_thousand(costs: object, *, source: str, unit: str = "item") -> Picture:
    """What 1,000 items cost in US dollars, a bar for each way of doing it.

    `costs` maps the way's name to the cost of one item in US dollars: an amount, or an estimate
    (value, low, high) whose interval is then drawn.
    """
    what = "plot_cost_by_thousand"
    found = {name: _cost(cost, f"{what}: {name}") for name, cost in named(costs, what).items()}
    axes = picture(source=source, height=1.6 + 0.55 * len(found))
    for row, cost in enumerate(found.values()):
        colour, hatch = COLOURS[row % len(COLOURS)], HATCHES[row % len(HATCHES)]
        look = {"color": colour, "hatch": hatch, "edgecolor": "white", "height": 0.6}
        axes.barh(row, 1000 * cost.value, **look)
        if cost.high > cost.low:
            arms = [[1000 * arm[0]] for arm in cost.arms]
            axes.errorbar(1000 * cost.value, row, xerr=arms, color="black", capsize=4)
        place = (1000 * cost.high, row)
        text = dollars(1000 * cost.value)
        axes.annotate(text, place, (5, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(found)), list(map(short, found)), parse_math=False)
    highest = max(cost.high for cost in found.values())
    axes.set(ylim=(len(found) - 0.5, -0.5), xlim=(0, 1200 * highest or 1))
    axes.set_xlabel(f"cost of 1,000 {unit}s (US dollars)")
    axes.xaxis.set_major_formatter(in_dollars)
    return axes.tell(_cost_finding(found, unit), _costs_in_words(found))


def _cost(given: object, what: str) -> Interval:
    told = isinstance(given, Mapping | tuple | list) or hasattr(given, "low")
    alone = None if told else number(given, what)
    cost = interval(given, what) if told else Interval(alone, alone, alone)
    if cost.low < 0:
        raise CourseError(f"{what} is {cost.low:g}, but a cost cannot be below 0 US dollars.")
    return cost


def _cost_finding(found: Mapping[str, Interval], unit: str) -> str:
    least, most = (pick(found, key=lambda name: found[name].value) for pick in (min, max))
    low, high = found[least].value, found[most].value
    if len(found) == 1:
        return f"1,000 {unit}s cost {dollars(1000 * low)} with {least}"
    times = f": {high / low:.3g} times as much" if low else ""
    ends = f"{dollars(1000 * low)} ({least}) to {dollars(1000 * high)} ({most})"
    return f"1,000 {unit}s cost from {ends}{times}"


def _costs_in_words(found: Mapping[str, Interval]) -> str:
    told = (
        f"{name} {dollars(1000 * cost.value)}"
        + (
            f" ({dollars(1000 * cost.low)} to {dollars(1000 * cost.high)})"
            if cost.high > cost.low
            else ""
        )
        for name, cost in found.items()
    )
    return f"A bar each: {'; '.join(told)}."
