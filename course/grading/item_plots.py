"""The plots of an item report: SVG in a light and a dark version, and the words for both.

Colours are those of Okabe and Ito; a marker's shape says the same again.
"""

import base64
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from course.grading.item_report import Report, signed
from course.quiz.statistics_flags import EASY, HARD, KEEP, REVISE
from course.quiz.statistics_records import Figure, ItemFigures

_MOST_BARS = 20
_FEW_POINTS = 5


@dataclass(frozen=True)
class Palette:
    """The colours of one version."""

    ink: str
    paper: str
    plain: str
    flagged: str
    band: str


LIGHT = Palette("#1a1a1a", "#ffffff", "#0072B2", "#D55E00", "#e9e9e9")
DARK = Palette("#ececec", "#1c1c1c", "#56B4E9", "#E69F00", "#3a3a3a")


@dataclass(frozen=True)
class Plot:
    """A picture as two data URLs, its title and the words for those who don't see it."""

    light: str
    dark: str
    alt: str
    title: str


def plots(report: Report) -> list[Plot]:
    """The plots there is something to draw for: scores, items, confidence."""
    found = [_scores(report), _items(report)]
    said = [item for item in report.figures.items if item.calibration]
    return found + ([_confidence(said)] if said else [])


def _plot(draw: Callable[[Drawing, Palette], None], size, *, title: str, alt: str) -> Plot:
    return Plot(_svg(draw, size, LIGHT), _svg(draw, size, DARK), alt, title)


def _svg(draw: Callable[[Drawing, Palette], None], size, palette: Palette) -> str:
    ink = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    look = dict.fromkeys(ink, palette.ink) | {"axes.facecolor": palette.paper}
    look |= {"svg.hashsalt": "course", "font.size": 10}  # the same plot is the same bytes
    store = io.BytesIO()
    with matplotlib.rc_context(look):
        drawing = Drawing(figsize=size, layout="constrained", facecolor=palette.paper)
        draw(drawing, palette)
        for axes in drawing.axes:
            axes.spines[["top", "right"]].set_visible(False)
        drawing.savefig(store, format="svg", metadata={"Date": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(store.getvalue()).decode()}"


def bins(scores: Sequence[float], possible: float) -> list[float]:
    """The edges of the bars: a bar a point, of more points a bar, or of a tenth of very few."""
    if possible < _FEW_POINTS and not all(float(score).is_integer() for score in scores):
        return [possible * tenth / 10 for tenth in range(11)]
    width = max(1, math.ceil(possible / _MOST_BARS))
    bars = math.floor(possible / width) + 1
    return [bar * width - 0.5 for bar in range(bars)] + [max(bars * width - 0.5, possible)]


def _scores(report: Report) -> Plot:
    figures = report.figures
    edges = bins(figures.scores, figures.possible)

    def draw(drawing: Drawing, palette: Palette) -> None:
        axes = drawing.subplots()
        axes.hist(figures.scores, edges, color=palette.plain, edgecolor=palette.paper)
        axes.axvline(figures.mean, color=palette.ink, linestyle="--")
        top = axes.get_ylim()[1]
        axes.annotate(f"mean {figures.mean:.1f}", (figures.mean, top), (4, -4),
                      textcoords="offset points", va="top",
                      bbox={"facecolor": palette.paper, "edgecolor": "none", "pad": 1})  # fmt: skip
        axes.set(xlabel=f"points (of {figures.possible:g})", ylabel="students")
        for axis in (axes.xaxis, axes.yaxis):
            axis.get_major_locator().set_params(integer=True)

    low, high = min(figures.scores), max(figures.scores)
    alt = (
        f"A histogram of {figures.n} scores from {low:g} to {high:g} of {figures.possible:g} "
        f"points; the mean is {figures.mean:.1f}, the standard deviation {figures.sd:.1f}."
    )
    return _plot(draw, (7.2, 3.2), title="How the scores lie", alt=alt)


def _items(report: Report) -> Plot:
    items = report.figures.items
    flagged = {flag.item for flag in report.flags}

    def draw(drawing: Drawing, palette: Palette) -> None:
        left, right = drawing.subplots(1, 2, sharey=True)
        left.axvspan(HARD, EASY, color=palette.band, zorder=0)
        right.axvspan(KEEP, 1, color=palette.band, zorder=0)
        right.axvline(0, color=palette.ink, linewidth=0.8)
        right.axvline(REVISE, color=palette.ink, linewidth=0.8, linestyle=":")
        _ranges(left, items, [item.difficulty for item in items], flagged, palette)
        _ranges(right, items, [item.discrimination for item in items], flagged, palette)
        left.set(xlim=(-0.02, 1.02), xlabel="difficulty (share of the points)")
        lowest = min([-0.25, *(item.discrimination.low or 0 for item in items)])
        right.set(xlim=(max(-1.0, lowest - 0.05), 1), xlabel="discrimination (correlation)")
        right.xaxis.get_major_locator().set_params(nbins=5)
        left.set_yticks(range(len(items)), [item.question.id for item in items])
        left.set_ylim(len(items) - 0.5, -0.5)

    title = "Difficulty and discrimination of each item, with 95 % intervals"
    alt = (
        f"Two rows of points with intervals, an item a line, as in the table of items. "
        f"The grey band is where an item should lie: difficulty {HARD:.2f} to {EASY:.2f}, "
        f"discrimination from {KEEP:.2f}. {_ends(items)} Diamonds are flagged."
    )
    return _plot(draw, (7.2, 1.1 + 0.32 * len(items)), title=title, alt=alt)


def _ends(items: Sequence[ItemFigures]) -> str:
    known = [item for item in items if item.discrimination.value is not None]
    if not known:
        return "No item has a discrimination."
    low, *_, high = sorted(known * 2, key=lambda item: item.discrimination.value)
    return (
        f"Discrimination goes from {signed(low.discrimination.value)} ({low.question.id}) to "
        f"{signed(high.discrimination.value)} ({high.question.id})."
    )


def _ranges(
    axes: Axes, items: Sequence[ItemFigures], figures: Sequence[Figure], flagged, palette: Palette
) -> None:
    for place, (item, figure) in enumerate(zip(items, figures, strict=True)):
        is_flagged = item.question.id in flagged
        colour = palette.flagged if is_flagged else palette.plain
        if figure.low is not None:
            axes.plot([figure.low, figure.high], [place, place], color=colour, linewidth=2)
        if figure.value is not None:
            axes.plot(figure.value, place, "D" if is_flagged else "o", color=colour, markersize=7)


def _confidence(items: Sequence[ItemFigures]) -> Plot:
    def draw(drawing: Drawing, palette: Palette) -> None:
        axes = drawing.subplots()
        for place, said in enumerate(item.calibration for item in items):
            both = [said.right_when_guessing, said.right_when_sure]
            if None not in both:
                axes.plot(both, [place, place], color=palette.ink, linewidth=1, zorder=1)
            for share, marker, colour in zip(both, "so", _two(palette), strict=True):
                if share is not None:
                    axes.plot(share, place, marker, color=colour, markersize=8)
        axes.plot([], [], "s", color=palette.flagged, label="guessing")
        axes.plot([], [], "o", color=palette.plain, label="sure")
        axes.set_yticks(range(len(items)), [item.question.id for item in items])
        axes.set(xlim=(-0.02, 1.02), ylim=(len(items) - 0.5, -0.5), xlabel="share fully right")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)

    alt = (
        "A line an item: the share fully right among those who were sure (circle) and those who "
        "were guessing (square), as in each item's sentence on confidence."
    )
    size = (7.2, 1.4 + 0.32 * len(items))
    return _plot(draw, size, title="Right when sure, and when guessing", alt=alt)


def _two(palette: Palette) -> tuple[str, str]:
    return palette.flagged, palette.plain
