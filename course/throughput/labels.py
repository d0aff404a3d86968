"""The answers that there can be: labels, and which of them an answer means."""

import json
from collections.abc import Iterable, Mapping, Sequence

from course.errors import CourseError


def check_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels as a tuple; CourseError unless they are different, nonempty texts."""
    if isinstance(labels, str) or not isinstance(labels, Iterable):
        raise CourseError(f"labels is {labels!r:.60}; give a list such as ['yes', 'no'].")
    wanted = tuple(labels)
    if not wanted or not all(isinstance(label, str) and label.strip() for label in wanted):
        raise CourseError(f"labels is {wanted!r:.60}; give texts, none of them empty.")
    if len(set(wanted)) < len(wanted):
        twice = next(label for label in wanted if wanted.count(label) > 1)
        raise CourseError(f"The label {twice!r} comes twice; name each once.")
    return wanted


def spellings(labels: Sequence[str]) -> dict[str, str]:
    """Labels by how they may be written; case counts only where labels differ in nothing else."""
    folded = {label.strip().casefold(): label for label in labels}
    own = {label: label for label in labels}
    return own if len(folded) < len(labels) else folded | own


def fit(value: object, known: Mapping[str, str] | None) -> tuple[str | None, str]:
    """The answer, or why it is none."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = json.dumps(value)
    if not isinstance(value, str) or not value.strip():
        return None, "unfit: the answer is no text"
    if known is None:
        return value, ""
    label = known.get(value) or known.get(value.strip().casefold())
    return label, "" if label else f"unfit: {value.strip()[:60]!r} is not one of the labels"
