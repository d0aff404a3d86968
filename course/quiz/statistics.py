"""What a class's answers say about a quiz: classical figures of each item and of the whole. Pure.

Plain records go in, figures come out; a figure that is not defined says why. Difficulty,
corrected item-rest correlation, alpha and the standard error of measurement are those of
classical test theory (Crocker and Algina, 1986, chapters 7 and 14; Cronbach, 1951; for items that
are right or wrong alpha is KR-20, Kuder and Richardson, 1937).
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import fmean, median, stdev

import numpy as np

from course.quiz import statistics_intervals as intervals
from course.quiz.statistics_records import (
    Answer,
    Calibration,
    Figure,
    ItemFigures,
    OptionUse,
    Question,
    QuizFigures,
    Student,
    Variant,
    WrongValue,
)

EARLY = 30
"""Responses below which no figure is shown: it would mostly be chance."""
MOST_WRONG_VALUES = 5
_FULL = 1 - 1e-9


def quiz_figures(questions: Sequence[Question], students: Sequence[Student]) -> QuizFigures:
    """All figures of a quiz; each student has an Answer to each question."""
    waits = [question.id for question in questions if None in _shares(question, students)]
    summed = [question for question in questions if question.id not in waits]
    points = _points(summed, students)
    totals = points.sum(axis=1)
    items = tuple(
        _item(question, students, totals - _column(question, summed, points))
        for question in questions
    )
    scores = tuple(_graded_points(student, summed) for student in students)
    alpha = _alpha(points)
    return QuizFigures(
        n=len(students),
        items=items,
        possible=math.fsum(question.points for question in summed),
        scores=scores,
        mean=fmean(scores) if scores else None,
        sd=stdev(scores) if len(scores) > 1 else None,
        alpha=alpha,
        is_kr20=all(share in (0, 1) for q in summed for share in _shares(q, students)),
        sem=_sem(alpha, totals),
        left_out=tuple(waits),
    )


def _shares(question: Question, students: Iterable[Student]) -> list[float | None]:
    return [student.answers[question.id].share for student in students]


def _points(questions: Sequence[Question], students: Sequence[Student]) -> np.ndarray:
    """Points by student (rows) and question (columns)."""
    rows = [[s.answers[q.id].share * q.points for q in questions] for s in students]
    return np.array(rows, dtype=float).reshape(len(students), len(questions))


def _column(question: Question, summed: Sequence[Question], points: np.ndarray) -> np.ndarray:
    return points[:, summed.index(question)] if question in summed else np.zeros(len(points))


def _graded_points(student: Student, questions: Iterable[Question]) -> float:
    return math.fsum((student.answers[q.id].graded or 0.0) * q.points for q in questions)


def _item(question: Question, students: Sequence[Student], rest: np.ndarray) -> ItemFigures:
    pairs = [(s.answers[question.id], r) for s, r in zip(students, rest.tolist(), strict=True)]
    marked = [(answer, score) for answer, score in pairs if answer.share is not None]
    given = [(answer, score) for answer, score in marked if answer.answered]
    shares = np.array([answer.share for answer, _ in marked], dtype=float)
    others = np.array([score for _, score in marked], dtype=float)
    times = [answer.seconds for answer, _ in marked if answer.seconds is not None]
    variants, chance = _variants([answer for answer, _ in marked])
    return ItemFigures(
        question=question,
        n=len(marked),
        waiting=len(pairs) - len(marked),
        omitted=len(marked) - len(given),
        difficulty=_difficulty(shares),
        graded=_mean(a.graded for a, _ in marked if a.graded is not None),
        discrimination=_discrimination(shares, others),
        options=tuple(_options(question, given)),
        wrong=tuple(_wrong(given)),
        seconds=median(times) if times else None,
        timed=len(times),
        events=_mean(answer.events for answer, _ in given if answer.events),
        calibration=_calibration([answer for answer, _ in given]),
        variants=variants,
        variants_p=chance,
    )


def _mean(numbers: Iterable[float]) -> float | None:
    numbers = list(numbers)
    return fmean(numbers) if numbers else None


def _difficulty(shares: np.ndarray) -> Figure:
    """The mean share of the points: a high number is an easy item."""
    if not len(shares):
        return Figure(None, why="nobody's answer is marked yet")
    if np.ptp(shares) == 0:
        return Figure(float(shares[0]), why="all have the same points on it")
    return _estimated(intervals.means, shares[:, None])


def _discrimination(shares: np.ndarray, rest: np.ndarray) -> Figure:
    """Pearson's correlation of an item with the sum of the others (point-biserial for 0 and 1)."""
    if len(shares) < 3:
        return Figure(None, why="it takes three students and more")
    if np.ptp(shares) == 0:
        return Figure(None, why="all have the same points on this item")
    if np.ptp(rest) < 1e-9:
        return Figure(None, why="all have the same points on the rest of the quiz")
    return _estimated(intervals.correlations, np.column_stack([shares, rest]))


def _alpha(points: np.ndarray) -> Figure:
    students, items = points.shape
    if items < 2:
        return Figure(None, why="it takes two items and more")
    if students < 3:
        return Figure(None, why="it takes three students and more")
    if np.ptp(points.sum(axis=1)) < 1e-9:
        return Figure(None, why="all students have the same score")
    return _estimated(intervals.alphas, points)


def _estimated(statistic: intervals.Statistic, data: np.ndarray) -> Figure:
    value = float(statistic(np.ones((1, len(data))), data)[0])
    if len(data) < EARLY:
        return Figure(value, why=f"under {EARLY} answers have no interval")
    low, high = intervals.bca(statistic, data)
    why = "too few answers differ for an interval" if low is None else ""
    return Figure(value, low, high, why)


def _sem(alpha: Figure, totals: np.ndarray) -> Figure:
    """sd · √(1 − alpha), in points: how far a score may lie from what the student would get on
    average; with no interval of its own."""
    if alpha.value is None:
        return Figure(None, why=alpha.why)
    if alpha.value < 0:
        return Figure(None, why="alpha is below 0")
    return Figure(float(totals.std(ddof=1)) * math.sqrt(max(0.0, 1 - alpha.value)))


def _options(question: Question, given: Sequence[tuple[Answer, float]]) -> Iterable[OptionUse]:
    for option in question.options:
        rests = [score for answer, score in given if option.id in answer.chosen]
        share = len(rests) / len(given) if given else 0.0
        yield OptionUse(option, len(rests), share, _mean(rests))


def _wrong(given: Iterable[tuple[Answer, float]]) -> Iterable[WrongValue]:
    """Only what two students and more have given: a text of one's own may tell who wrote it."""
    counted = Counter(pair for answer, _ in given for pair in answer.wrong)
    shared = [(pair, count) for pair, count in counted.items() if count > 1]
    ordered = sorted(shared, key=lambda entry: (-entry[1], entry[0]))
    for (value, misconception), count in ordered[:MOST_WRONG_VALUES]:
        yield WrongValue(value, count, misconception)


def _calibration(given: Iterable[Answer]) -> Calibration | None:
    said = [answer for answer in given if answer.sure is not None]
    if not said:
        return None
    sure = [answer.share >= _FULL for answer in said if answer.sure]
    guess = [answer.share >= _FULL for answer in said if not answer.sure]
    wrong = (len(sure) - sum(sure)) / len(said)
    return Calibration(len(sure), len(guess), _mean(sure), _mean(guess), wrong)


def _variants(answers: Iterable[Answer]) -> tuple[tuple[Variant, ...], float | None]:
    """Each variant's difficulty, and how often chance alone would set them so far apart."""
    shares: dict[int, list[float]] = {}
    for answer in answers:
        if answer.variant is not None:
            shares.setdefault(answer.variant, []).append(answer.share)
    found = tuple(Variant(n, len(one), fmean(one)) for n, one in sorted(shares.items()))
    if len(found) < 2 or sum(variant.n for variant in found) < EARLY:
        return found, None
    right = [sum(share >= _FULL for share in shares[variant.number]) for variant in found]
    return found, intervals.differ_by_chance(right, [variant.n for variant in found])
