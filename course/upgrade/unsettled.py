"""What is still open where the verdict is to measure more: in a sentence, and how to settle it."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from course.upgrade.choosing import BASELINE, CANDIDATE, CASCADE, MEASURE_MORE, verdict
from course.upgrade.items import FEW, FEWEST, MOST
from course.upgrade.limits import NO, UNCLEAR
from course.upgrade.values import counted
from course.upgrade.words import money

if TYPE_CHECKING:
    from course.upgrade.decide import Decision

BATCH = 1000
"""Where the rule has no monthly_items, money is told for so many items."""


def what_is_open(d: "Decision") -> str:
    """What these items do not tell: "small misses the rule, and these items can't tell …"."""
    first, second = d.rule.baseline, d.rule.candidate
    question, names = _question(d), {BASELINE: first, CANDIDATE: second}
    if question == _WHICH:
        return f"these items can't decide between {first} and {second}"
    missed = [names[key] for key in names if d.facts.meets[key] == NO]
    told = f"these items can't tell {question}"
    if len(missed) == 2:
        told = "these items can't tell whether a cascade of the two does"
        return f"neither {first} nor {second} keeps the rule, and {told}"
    return f"{missed[0]} misses the rule, and {told}" if missed else told


_WHICH = "which of the two to take"


def _question(d: "Decision") -> str:
    """The question that is open, as a clause."""
    meets = d.facts.meets
    alone = {key: found for key, found in d.facts.checks.items() if key != CASCADE}
    if meets.get(CASCADE) == UNCLEAR and verdict(replace(d.facts, checks=alone)) != MEASURE_MORE:
        return f"whether a cascade of {d.rule.baseline} and {d.rule.candidate} keeps it"
    if meets[BASELINE] == NO and meets[CANDIDATE] == UNCLEAR:
        return f"whether {d.rule.candidate} keeps it"
    return _WHICH


def needed(d: "Decision") -> Iterator[str]:
    """How many items would settle it, or what is at stake where no sensible number does."""
    if d.verdict != MEASURE_MORE:
        return
    what = _question(d).removesuffix(" it")
    what += "" if what == _WHICH else " the rule"
    stake = _stake(d) if what == _WHICH else ""
    if d.items_needed is None:
        yield f"From these figures no number of items follows that would settle {what}.{stake}"
    elif d.items_needed > MOST:
        near = "the two are so near that it hardly matters which"
        if what != _WHICH:
            near = "it is as near to the limit as that"
        yield (
            f"If the estimates are right, it takes about {rounded(d.items_needed)} items to settle "
            f"{what}: {near}.{stake}"
        )
    else:
        extra = f" ({rounded(d.items_needed - d.n)} more)"
        yield (
            f"About {rounded(d.items_needed)} items in all{extra} settle {what} with 80 % power, "
            "if the estimates are right."
        )
        if d.n < FEWEST:
            yield f"That plan rests on {counted(d.n, 'item')} only: it can be far off."
        return
    if d.n < FEW:
        yield f"{counted(d.n, 'item')} cannot plan that well: measure {FEW}, then ask again."


def rounded(count: int) -> str:
    """A planned number of items with two figures, rounded up: 4,871 is 4,900."""
    step = 10 ** max(0, len(str(count)) - 2)
    return f"{math.ceil(count / step) * step:,}"


def _stake(d: "Decision") -> str:
    """The most that the wrong choice costs, by the ends of the interval of the net benefit."""
    most = max(abs(d.net_benefit.low), abs(d.net_benefit.high))
    if not math.isfinite(most):
        return ""
    if d.rule.monthly_items:
        return f" At most {money(most * d.rule.monthly_items)} a month is at stake."
    return f" At most {money(most * BATCH)} per 1,000 items is at stake."
