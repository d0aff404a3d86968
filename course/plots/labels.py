"""Names beside points, none over another or over a point, and amounts at an axis."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from course.plots.given import dollars

PAPER = {"boxstyle": "square,pad=0.1", "color": "white", "alpha": 0.85}
"""White behind a text, so that a line below it does not make it hard to read."""
_PLACES = (
    (9, -24, "left"),
    (-9, 9, "right"),
    (9, 9, "left"),
    (-9, -24, "right"),
    (9, 34, "left"),
)


def name_points(axes: Axes, points: Sequence[tuple[float, float]], texts: Sequence[str]) -> None:
    """Write each text beside its (x, y), at the first place near it that is still free.

    Axis limits must be set before. What finds no free place takes the last one tried.
    """
    axes.figure.draw_without_rendering()
    dots = [axes.transData.transform(point) for point in points]
    taken = []
    for point, text in zip(points, texts, strict=True):
        for *offset, side in _PLACES:
            look = {"textcoords": "offset points", "horizontalalignment": side, "fontsize": 9}
            label = axes.annotate(text, point, offset, **look, bbox=PAPER, parse_math=False)
            box = label.get_window_extent()
            clear = not any(box.overlaps(other) for other in taken)
            inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.figure.bbox.x1
            if clear and inside and not any(box.contains(*dot) for dot in dots):
                break
            if (*offset, side) != _PLACES[-1]:
                label.remove()
        taken.append(box)


def dollar_axis(axes: Axes) -> None:
    """Label a logarithmic x axis in US dollars, with enough ticks also where it is short."""
    low, high = axes.get_xlim()
    steps = (1, 2, 5) if high < 300 * low else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_major_formatter(in_dollars)
    axes.xaxis.set_minor_formatter("")


def in_dollars(value: float, _: object = None) -> str:
    """An amount as a tick's label, without needless zeros: $0.1, $2, $1,000."""
    return dollars(value).removesuffix(".00") if value >= 1 else _short(dollars(value))


def _short(text: str) -> str:
    return text.rstrip("0").rstrip(".")
