"""An empty picture to draw on, as a notebook shows it: with a text alternative and a source.

Colours are those of Okabe and Ito; a marker, a hatch or a direct label says the same again.
"""

import base64
import html
import io
import textwrap
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.errors import CourseError

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000")
MARKERS = "osD^vP"
HATCHES = ("", "///", "...")
GREY = "#555555"
_LETTER = 7.2  # pixels that a letter of a title takes, at the 100 dots an inch of a figure


_FEWEST = 20
# Without a date and the drawing software's version in it, the same plot is the same file.
_UNDATED = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}


class Picture(Axes):
    """Axes that a notebook shows with `alt`, the words for those who cannot see the picture."""

    alt = ""
    finding = ""
    source = ""

    def tell(self, finding: str, words: str) -> "Picture":
        """Set the finding as the title, and it with `words` and the source as `alt`."""
        self.figure.draw_without_rendering()
        letters = max(_FEWEST, int((self.figure.bbox.width - self.bbox.x0) / _LETTER))
        self._set_lines(finding, letters)
        while letters > _FEWEST and self._is_cut_off():
            letters -= 4
            self._set_lines(finding, letters)
        self.finding = finding
        self.alt = f"{finding}. {words} Source: {self.source}."
        return self

    def retell(self, finding: str) -> "Picture":
        """Set another finding as the title, and keep the words in `alt`."""
        words = self.alt.removeprefix(f"{self.finding}. ").removesuffix(f" Source: {self.source}.")
        return self.tell(finding, words)

    def save(self, path: str | Path) -> Path:
        """Write the picture to a file that ends in .png, .svg or .pdf, and return its path.

        Another ending, a folder that is not there and a file that can't be written are a
        CourseError. `alt` does not go with it: write it beside the picture on a page.
        """
        path = Path(path)
        kind = check_file(path)
        try:
            self.figure.savefig(path, format=kind, dpi=150, metadata=_UNDATED[kind])
        except OSError as error:
            raise CourseError(
                f"{path} can't be written ({error.strerror}); name another."
            ) from None
        return path

    def _set_lines(self, finding: str, letters: int) -> None:
        lines = textwrap.wrap(finding, letters)
        # A finding with two amounts in dollars would else be set as a formula.
        self.set_title("\n".join(lines), loc="left", fontsize=10, parse_math=False)

    def _is_cut_off(self) -> bool:
        # Drawn again, the figure would be laid out anew, and be another picture.
        return self._left_title.get_window_extent().x1 > self.figure.bbox.x1

    def _repr_html_(self) -> str:
        store = io.BytesIO()
        self.figure.savefig(store, format="png", dpi=150, metadata=_UNDATED["png"])
        data = base64.b64encode(store.getvalue()).decode()
        source = f"data:image/png;base64,{data}"
        return f'<img alt="{html.escape(self.alt)}" width="720" src="{source}">'


def check_file(path: Path) -> str:
    """The kind of picture that a file of that name holds: png, svg or pdf; else a CourseError."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _UNDATED:
        raise CourseError(f"A plot ends in .png, .svg or .pdf, not {path.name!r}.")
    return kind


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
