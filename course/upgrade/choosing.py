"""The verdict: what holds in every case that the data leave possible, else to measure more."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from course.evaluate import Estimate
from course.upgrade.breakeven import STAY, UNCLEAR, UPGRADE
from course.upgrade.items import to_settle_mean
from course.upgrade.limits import NO, YES, Check, meets
from course.upgrade.limits import UNCLEAR as NOT_KNOWN

CASCADE, MEASURE_MORE = "cascade", UNCLEAR
BASELINE, CANDIDATE = "baseline", "candidate"
VERDICTS = (STAY, UPGRADE, CASCADE, MEASURE_MORE)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a verdict rests on.

    `weighed`: STAY, UPGRADE or UNCLEAR by the net benefit of going from baseline to candidate;
    `checks`: what the rule asks, by option (BASELINE, CANDIDATE, CASCADE if there is one);
    `beaten`: the options that the cascade is surely better than.
    """

    weighed: str
    checks: Mapping[str, tuple[Check, ...]]
    beaten: frozenset[str] = frozenset()

    @property
    def meets(self) -> dict[str, str]:
        """YES, NO or UNCLEAR by option: does it keep all that the rule asks?"""
        return {option: meets(found) for option, found in self.checks.items()}


def verdict(facts: Facts) -> str:
    """One of VERDICTS: what is best in every case that what is unclear can turn out to be."""
    known = facts.meets
    cases = itertools.product(
        *([YES, NO] if answer == NOT_KNOWN else [answer] for answer in known.values())
    )
    found = {
        _best({o for o, a in zip(known, case, strict=True) if a == YES}, facts) for case in cases
    }
    return found.pop() if len(found) == 1 else MEASURE_MORE


def _best(kept: set[str], facts: Facts) -> str:
    """The best of the options that keep the rule; with none of them there is no reason to move."""
    others = kept - {CASCADE}
    if CASCADE in kept and others <= facts.beaten:
        return CASCADE
    if others == {BASELINE, CANDIDATE}:
        return facts.weighed
    return UPGRADE if others == {CANDIDATE} else STAY


def items_needed(facts: Facts, benefit: Estimate) -> int | None:
    """How many items in all are likely to give another verdict than to measure more.

    What is unclear is settled as the estimates have it, what takes fewest items first, until a
    verdict is reached. None where that needs endlessly many.
    """
    for needed, settled in _settlings(facts, benefit):
        facts = settled(facts)
        if verdict(facts) != MEASURE_MORE:
            return needed
    return None


def _settlings(facts: Facts, benefit: Estimate) -> Iterable[tuple[int, object]]:
    steps = [
        (check.items_needed, lambda facts, check=check: _settle_check(facts, check))
        for found in facts.checks.values()
        for check in found
        if check.answer == NOT_KNOWN
    ]
    if facts.weighed == UNCLEAR:
        says = UPGRADE if benefit.value > 0 else STAY
        steps.append((to_settle_mean(benefit), lambda facts: replace(facts, weighed=says)))
    return sorted((step for step in steps if step[0] is not None), key=lambda step: step[0])


def _settle_check(facts: Facts, settled: Check) -> Facts:
    checks = {
        option: tuple(
            replace(check, answer=check.estimated) if check is settled else check for check in found
        )
        for option, found in facts.checks.items()
    }
    return replace(facts, checks=checks)
