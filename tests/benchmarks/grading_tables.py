"""The tables that the benchmark of grading ends with, and whether its goals are met."""

import itertools
import statistics
from dataclasses import dataclass

from grading_runs import Cost

OURS, NBGRADER, OTTER = "course grade", "nbgrader autograde", "otter run"
GOALS = ((NBGRADER, "sustained", 20), (OTTER, "sustained", 60), (NBGRADER, "cold", 4))
"""How many times as fast as another."""
GOAL_MIB = 400


@dataclass(frozen=True)
class Round:
    """One contestant in one round: seconds of the cold command, submissions a second after it,
    and processor seconds for each of these."""

    cold: float
    rate: float
    cpu: float


def compared(found: dict[str, list[Round]]) -> str:
    """All contestants; ratios are taken round by round."""
    lines = [
        "| command | cold, s | times ours | a second, sustained | ours is faster by "
        "| CPU s each | times ours |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, rounds in found.items():
        pairs = list(zip(rounds, found[OURS], strict=True))
        lines.append(
            f"| {name} | {spread([one.cold for one in rounds])} "
            f"| {spread(_ratios(found, name, 'cold'), '.1f')} "
            f"| {spread([one.rate for one in rounds])} "
            f"| {spread(_ratios(found, name, 'sustained'), '.1f')} "
            f"| {spread([one.cpu for one in rounds], '.3f')} "
            f"| {spread([one.cpu / ours.cpu for one, ours in pairs], '.1f')} |"
        )
    lines += [""] + [_goal(found, *goal) for goal in GOALS]
    return "\n".join(lines)


def _ratios(found: dict[str, list[Round]], name: str, what: str) -> list[float]:
    pairs = zip(found[name], found[OURS], strict=True)
    if what == "cold":
        return [one.cold / ours.cold for one, ours in pairs]
    return [ours.rate / one.rate for one, ours in pairs]


def _goal(found: dict[str, list[Round]], name: str, what: str, goal: int) -> str:
    ratios = _ratios(found, name, what)
    met = "met" if statistics.median(ratios) >= goal else "NOT met"
    return f"{what}, against {name}: {spread(ratios, '.1f')} times as fast; goal {goal}: {met}"


def grown(count: int, cost: Cost) -> str:
    """A line of the table on growth."""
    return (
        f"| {count:,} | {cost.wall:.1f} | {count / cost.wall:.1f} | {cost.cpu / count:.3f} "
        f"| {cost.memory:.0f} | {cost.others:.0%} |"
    )


def growth(seen: list[tuple[int, Cost]]) -> str:
    """What each more submission takes, and the memory at most."""
    lines = [
        f"from {few:,} to {many:,}: {1000 * (long.wall - short.wall) / (many - few):.1f} ms "
        "for each more"
        for (few, short), (many, long) in itertools.pairwise(seen)
    ]
    most = max(cost.memory for _, cost in seen)
    met = "met" if most < GOAL_MIB else "NOT met"
    return "\n".join([*lines, f"memory: {most:.0f} MiB at most; goal {GOAL_MIB}: {met}"])


def spread(values: list[float], how: str = ".2f") -> str:
    """The median, and the least and the most."""
    return f"{statistics.median(values):{how}} ({min(values):{how}}–{max(values):{how}})"
