"""An empty picture to draw on, as a notebook shows it: with a text alternative and a source.

Colours are those of Okabe and Ito; a marker, a hatch or a direct label says the same again.
"""

import base64
import html
import io
import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.errors import CourseError

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000")
MARKERS = "osD^vP"
HATCHES = ("", "///", "...")
GREY = "#555555"
_LETTER = 7.2  # pixels that a letter of a title takes, at the 100 dots an inch of a figure


class Picture(Axes):
    """Axes that a notebook shows with `alt`, the words for those who cannot see the picture."""

    alt = ""
    source = ""

    def tell(self, finding: str, words: str) -> "Picture":
        """Set the finding as the title, and it with `words` and the source as `alt`."""
        self.figure.draw_without_rendering()
        room = self.figure.bbox.width - self.bbox.x0
        lines = textwrap.wrap(finding, max(20, int(room / _LETTER)))
        # A finding with two amounts in dollars would else be set as a formula.
        self.set_title("\n".join(lines), loc="left", fontsize=10, parse_math=False)
        self.alt = f"{finding}. {words} Source: {self.source}."
        return self

    def _repr_html_(self) -> str:
        store = io.BytesIO()
        # Without the drawing software's version in it, the same plot is the same picture.
        self.figure.savefig(store, format="png", dpi=150, metadata={"Software": None})
        data = base64.b64encode(store.getvalue()).decode()
        source = f"data:image/png;base64,{data}"
        return f'<img alt="{html.escape(self.alt)}" width="720" src="{source}">'


def picture(*, source: str, height: float = 4.2) -> Picture:
    """Empty Axes, 7.2 by `height` inches on white, ready to draw on; set `alt` when done.

    `source` says below the picture what its figures are: live, published or simulated.
    """
    if not isinstance(source, str) or not source.strip():
        raise CourseError("A plot needs its source: source='live', 'published …' or 'simulated'.")
    figure = Figure(figsize=(7.2, height), layout="constrained", facecolor="white")
    figure.supxlabel(f"source: {source}", x=1, horizontalalignment="right", fontsize=8)
    axes = figure.add_subplot(axes_class=Picture)
    axes.spines[["top", "right"]].set_visible(False)
    axes.source = source
    return axes
