"""What avoiding an error costs, held against what that is worth, in a sentence."""

from course.upgrade.breakeven import STAY, UPGRADE, Balance
from course.upgrade.rule import Rule
from course.upgrade.words import between, money, sure


def weighed(balance: Balance, worth_usd: float, rule: Rule) -> str:
    """Why the net benefit of going over is positive, negative or unclear at this worth."""
    gain, cost = balance.accuracy.value, balance.cost.value
    says, worth = balance.says(worth_usd), money(worth_usd)
    if gain == 0:
        return _no_gain(balance, says, worth, rule)
    if gain * cost <= 0:
        return _both_speak_for_one(balance, says, worth, rule)
    each = f"{money(balance.break_even_usd)}{_band(balance)}"
    if gain > 0:
        known = f"Avoiding one error with {rule.candidate} costs {each}"
        told = f"by the rule that is worth {worth}"
    else:
        known = f"{rule.candidate} makes more errors, and saves {each} for each of them"
        told = f"by the rule an error costs {worth}"
    pays = {STAY: "so it does not pay", UPGRADE: "so it pays"}
    return f"{known}; {told}, {pays.get(says, 'and these items cannot tell whether it pays')}."


def _band(balance: Balance) -> str:
    if balance.band is None:
        return ""
    return f" ({sure(balance.accuracy.confidence)} interval {between(*balance.band)})"


def _both_speak_for_one(balance: Balance, says: str, worth: str, rule: Rule) -> str:
    """One of them is more often right and costs no more."""
    first, second = rule.baseline, rule.candidate
    better, other = (second, first) if balance.accuracy.value > 0 else (first, second)
    no_dearer = "costs the same" if balance.cost.value == 0 else "costs less"
    known = f"{better} is more often right than {other} on these items and {no_dearer}"
    if says not in (STAY, UPGRADE):
        return (
            f"{known}, but they are too few to be sure that it is worth more at {worth} an error."
        )
    if len(balance.spans()) == 1:
        return f"{known}, so it is worth more whatever an error costs."
    return f"{known}, and at {worth} an error it is surely worth more."


def _no_gain(balance: Balance, says: str, worth: str, rule: Rule) -> str:
    """Both right equally often: cost alone speaks, or nothing does."""
    first, second, cost = rule.baseline, rule.candidate, balance.cost.value
    known = f"{first} and {second} are right on equally many of these items"
    if cost == 0:
        return f"{known} and cost the same: nothing speaks for either."
    cheaper = second if cost < 0 else first
    if says in (STAY, UPGRADE):
        return f"{known}, and at {worth} an error the lower cost of {cheaper} decides."
    return (
        f"{known} and {cheaper} costs less, but so few items can hide a difference that matters "
        f"at {worth} an error."
    )
