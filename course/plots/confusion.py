"""The confusion matrix: which class the answers gave for which label."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Rectangle

from course.errors import CourseError
from course.plots.given import number, percent, short
from course.plots.picture import Picture, picture

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_CLASSES = 12
"""Classes that one picture shows; of more, those with the most mistakes, the rest together."""
NO_ANSWER = "(no answer)"


def plot_confusion(answers: object, labels: Iterable | None = None, *, source: str) -> Picture:
    """A table of counts, true classes down and answered ones across; the outlined cells are right.

    Give the answers and the labels, item by item; or one DataFrame: of rows with the columns
    `answer` and `label`, or of counts with a row for each true class and a column for each
    answered one. Shading and percent are shares of the row. A missing answer has its own column.
    Of more than 12 classes the ones with most mistakes are shown, the others as one.
    """
    what = "plot_confusion"
    counts = _counts(answers, labels, what)
    rights, total = _right(counts), int(counts.to_numpy().sum())
    if not total:
        raise CourseError(f"{what} was given nothing to draw.")
    words = _in_words(counts, rights)
    shown, folded = _fold(counts)
    axes = _draw(shown, folded, source)
    right = sum(rights.values())
    finding = f"{right:,} of {total:,} answers are right ({percent(right / total)})"
    if mistakes := _mistakes(counts):
        count, label, answer = mistakes[0]
        got = "got no answer" if answer == NO_ANSWER else f"was answered as “{answer}”"
        finding += f"; most often “{label}” {got}, {count:,} time{'' if count == 1 else 's'}"
    return axes.tell(finding, words)


def _counts(answers: object, labels: Iterable | None, what: str) -> "DataFrame":
    """Whole numbers, true classes down in order and answered ones across, those first, as text."""
    import pandas as pd

    if labels is None and isinstance(answers, pd.DataFrame):
        if {"answer", "label"} <= set(answers.columns):
            answers, labels = answers["answer"], answers["label"]
        else:
            return _checked(answers, what)
    if labels is None:
        raise CourseError(f"{what} needs answers and labels, or a DataFrame that has both.")
    answers, labels = list(answers), list(labels)
    if len(answers) != len(labels):
        raise CourseError(f"{what} has {len(answers)} answers but {len(labels)} labels.")
    if not labels:
        raise CourseError(f"{what} was given nothing to draw.")
    if nameless := [str(at) for at, label in enumerate(labels) if _missing(label)]:
        raise CourseError(f"{what}: item {nameless[0]} (counted from 0) has no label.")
    told = [NO_ANSWER if _missing(answer) else str(answer) for answer in answers]
    table = pd.crosstab(pd.Series(map(str, labels)), pd.Series(told))
    return _ordered(table)


def _missing(one: object) -> bool:
    return one is None or one != one or not str(one).strip()


def _checked(matrix: "DataFrame", what: str) -> "DataFrame":
    for label, row in matrix.iterrows():
        for answer, count in row.items():
            value = number(count, f"{what}: {label} answered as {answer}")
            if value < 0 or not value.is_integer():
                raise CourseError(f"{what}: {value:g} is no count of items ({label}, {answer}).")
    table = matrix.astype(int)
    table.index, table.columns = map(str, matrix.index), map(str, matrix.columns)
    if not table.index.is_unique or not table.columns.is_unique:
        raise CourseError(f"{what} needs each class once down and once across.")
    return _ordered(table)


def _ordered(table: "DataFrame") -> "DataFrame":
    """The same classes down and across, in one order; then what was answered but is no class."""
    others = [name for name in table.columns if name not in table.index and name != NO_ANSWER]
    last = [NO_ANSWER] if NO_ANSWER in table.columns else []
    return table.reindex(columns=[*table.index, *others, *last], fill_value=0)


def _right(counts: "DataFrame") -> dict[str, int]:
    return {name: int(counts.loc[name, name]) for name in counts.index}


def _mistakes(counts: "DataFrame") -> list[tuple[int, str, str]]:
    """(count, label, answer) of each kind of mistake that was made, the most frequent first."""
    found = (
        (int(count), label, answer)
        for label, row in counts.iterrows()
        for answer, count in row.items()
        if count and label != answer
    )
    return sorted(found, key=lambda mistake: -mistake[0])


def _fold(counts: "DataFrame") -> tuple["DataFrame", int | None]:
    """What is shown of many classes, and the right ones in the cell of all others, if there is."""
    extra = [name for name in counts.columns if name not in counts.index and name != NO_ANSWER]
    if len(extra) > _MOST_EXTRA:
        other = f"{len(extra)} texts that are no class"
        counts = counts.drop(columns=extra).assign(**{other: counts[extra].sum(axis=1)})
    if len(counts) <= MOST_CLASSES:
        return counts, None
    rights = _right(counts)
    across = counts.sum()
    wrong = {
        name: counts.loc[name].sum() + across[name] - 2 * rights[name] for name in counts.index
    }
    kept = sorted(counts.index, key=lambda name: -wrong[name])[: MOST_CLASSES - 1]
    rest = [name for name in counts.index if name not in kept]
    other = f"{len(rest)} other classes"
    counts = counts.T.groupby(lambda name: other if name in rest else name, sort=False).sum()
    counts = counts.T.groupby(lambda name: other if name in rest else name, sort=False).sum()
    last = [name for name in counts.columns if name not in counts.index]
    order = [*kept, other]
    return counts.loc[order, order + last], sum(rights[name] for name in rest)


_MOST_EXTRA = 2


def _draw(shown: "DataFrame", right_of_others: int | None, source: str) -> Picture:
    rows, columns = shown.shape
    axes = picture(source=source, height=min(2.2 + 0.45 * rows, 8.0))
    sums = shown.sum(axis=1)
    parts = shown.to_numpy() / np.maximum(sums.to_numpy(), 1)[:, None]
    axes.pcolormesh(parts, cmap="Blues", vmin=0, vmax=1.2, edgecolors="#D0D0D0", linewidth=0.5)
    for row, column in np.ndindex(rows, columns):
        text = _cell(int(shown.iloc[row, column]), parts[row, column], columns)
        look = {"color": "white" if parts[row, column] > 0.65 else "black"}
        look |= {"fontsize": 10 if columns < 9 else 8, "ha": "center", "va": "center"}
        axes.text(column + 0.5, row + 0.5, text, **look)
    for at in range(rows):
        frame = {"fill": False, "edgecolor": "black", "linewidth": 2, "clip_on": False}
        axes.add_patch(Rectangle((at + 0.03, at + 0.03), 0.94, 0.94, **frame))
    _name_classes(axes, shown, sums)
    if right_of_others is not None:
        wrong = int(shown.iloc[-1, rows - 1]) - right_of_others
        axes.set_xlabel(f"class answered (of the last outlined cell {wrong:,} are wrong)")
    return axes


def _cell(count: int, part: float, columns: int) -> str:
    if columns < 9:
        return f"{count:,}\n{percent(part, 0)}" if count else "0"
    return f"{count:,}" if count else ""


def _name_classes(axes: Picture, shown: "DataFrame", sums: object) -> None:
    rows, columns = shown.shape
    down = [f"{short(name, 18)} ({count:,})" for name, count in sums.items()]
    across = [short(name, 18) for name in shown.columns]
    crowded = max(map(len, across)) * columns > _LETTERS_ACROSS
    turned = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if crowded else {}
    if crowded:
        across = [short(name, 20, lines=1) for name in shown.columns]
    axes.set_yticks(np.arange(rows) + 0.5, down, parse_math=False)
    axes.set_xticks(np.arange(columns) + 0.5, across, parse_math=False, **turned)
    axes.tick_params(length=0, labelsize=9)
    axes.spines[:].set_visible(False)
    axes.set(ylim=(rows, 0), xlabel="class answered", ylabel="true class (items)")


_LETTERS_ACROSS = 60


def _in_words(counts: "DataFrame", rights: dict[str, int]) -> str:
    recalls = [f"{name} {rights[name]:,} of {counts.loc[name].sum():,}" for name in counts.index]
    mistakes = [
        f"{label} as {answer} {count:,}" for count, label, answer in _mistakes(counts)[:_MOST_TOLD]
    ]
    told = f"Right by true class: {'; '.join(recalls[:_MOST_TOLD])}"
    if len(recalls) > _MOST_TOLD:
        told += f"; and {len(recalls) - _MOST_TOLD} more classes"
    return f"{told}. Mistakes: {'; '.join(mistakes) or 'none'}."


_MOST_TOLD = 12
