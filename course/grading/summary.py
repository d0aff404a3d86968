"""What became of a class's submissions, on one screen."""

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

FEW = 20
"""So many submissions are listed one by one; of more, only those that somebody should look at."""
_MOST_LISTED = 12
_BAR = 40
_TENTHS = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One submission: `score` of `max` points, or status "failed" and no score.

    The status is "graded", or "unchanged" where the marks of an earlier grading still hold. The
    score lacks the answers that a person has still to grade in the formgrader (`by_hand`) and the
    functions that were not run (`not_run`); both are numbers of items. `late` are the points that
    coming late has cost, and that are not in the score.
    """

    student: str
    score: float | None
    max: float
    status: str
    reason: str = ""
    seconds: float = 0.0
    by_hand: int = 0
    not_run: int = 0
    late: float = 0.0


@dataclass(frozen=True)
class Summary:
    """What became of each submission of a quiz, by the students' names; `seconds` in all."""

    quiz: str
    rows: tuple[Row, ...]
    seconds: float = 0.0
    not_run_because: str = ""
    """Why no code of a student's was run, if so."""

    @property
    def failed(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.status == "failed")

    @property
    def ok(self) -> bool:
        """Whether every submission has its marks."""
        return not self.failed

    @property
    def counts(self) -> dict[str, int]:
        """How many were graded, unchanged and failed, and how many wait for a person."""
        found = Counter(row.status for row in self.rows)
        waiting = sum(bool(row.by_hand or row.not_run) for row in self.rows)
        return {name: found[name] for name in ("graded", "unchanged", "failed")} | {
            "needs_hand_grading": waiting
        }

    def as_dict(self) -> dict:
        """The summary as plain JSON."""
        rows = [asdict(row) for row in self.rows]
        return {"quiz": self.quiz, **self.counts, "seconds": round(self.seconds, 3), "rows": rows}

    def __str__(self) -> str:
        if not self.rows:
            return f"Nothing was handed in: submitted/ has no folder STUDENT/{self.quiz}."
        lines = [*map(_line, self.rows)] if len(self.rows) <= FEW else [*self._overview()]
        return "\n".join([*lines, self._total(), *self._waiting()])

    def _total(self) -> str:
        counts = self.counts
        same = f"{counts['unchanged']} unchanged, " if counts["unchanged"] else ""
        return f"{counts['graded']} graded, {same}{counts['failed']} failed."

    def _overview(self) -> Iterator[str]:
        scored = [row for row in self.rows if row.score is not None]
        yield from _distribution(scored)
        yield from _listed("Failed", [*map(_line, self.failed)])
        noticed = [row for row in scored if row.reason]
        yield from _listed("Noticed", [*map(_line, noticed)])
        yield f"All rows: course grade {self.quiz} --json, or course export {self.quiz}."

    def _waiting(self) -> Iterator[str]:
        if by_hand := sum(row.by_hand for row in self.rows):
            yield f"{_counted(by_hand, 'answer')} to grade by hand, in the formgrader."
        if late := [row.late for row in self.rows if row.late]:
            yield f"{_counted(len(late), 'hand-in')} came late: {sum(late):g} points taken off."
        if not_run := sum(row.not_run for row in self.rows):
            why = self.not_run_because or "The computer that graded them could not run them."
            yield f"{_counted(not_run, 'function')} not run. {why}"


def _distribution(rows: Sequence[Row]) -> Iterator[str]:
    """The points of a class: their quarters, and how many have each tenth of what there is."""
    if not rows:
        return
    most = max(row.max for row in rows)
    scores = sorted(row.score for row in rows)
    low, middle, high = statistics.quantiles(scores, n=4) if len(scores) > 1 else scores * 3
    yield (
        f"{len(scores)} scores of {most:g} points: lowest {scores[0]:g}, quarters {low:.3g}, "
        f"{middle:.3g} and {high:.3g}, highest {scores[-1]:g}, mean {statistics.fmean(scores):.3g}."
    )
    tenths = Counter(min(int(score / most * _TENTHS), _TENTHS - 1) if most else 0
                     for score in scores)  # fmt: skip
    longest = max(tenths.values())
    for tenth in range(_TENTHS):
        bar = "█" * round(tenths[tenth] / longest * _BAR)
        ends = f"{tenth / _TENTHS * most:g} to {(tenth + 1) / _TENTHS * most:g}"
        yield f"{ends:>12} {tenths[tenth]:>5} {bar}".rstrip()


def _listed(heading: str, lines: Sequence[str]) -> Iterator[str]:
    if not lines:
        return
    yield f"{heading} ({len(lines)}):"
    yield from (line[:200] for line in lines[:_MOST_LISTED])
    if len(lines) > _MOST_LISTED:
        yield f"  and {len(lines) - _MOST_LISTED} more."


def _line(row: Row) -> str:
    score = "failed" if row.score is None else f"{row.score:g} of {row.max:g}"
    waits = [f"{row.by_hand} by hand."] * bool(row.by_hand)
    waits += [f"{row.not_run} not run."] * bool(row.not_run)
    waits += [f"{row.late:g} taken off: late."] * bool(row.late)
    return f"{_safe(row.student):<20} {score:>12}  {_safe(' '.join([*waits, row.reason]))}".rstrip()


def _safe(text: str) -> str:
    """What a stranger wrote, without signs that could steer a terminal."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"
