"""Amounts, shares and intervals as a reader wants them: with units, and no digit too many."""

import math

from course.evaluate import Estimate


def money(amount: float) -> str:
    """US dollars: cents from a dollar up, three figures below one, whole ones from 10,000 up.

    >>> money(1234.5), money(0.08855), money(-0.0000318), money(0)
    ('$1,234.50', '$0.0886', '-$0.0000318', '$0')
    """
    size, sign = abs(float(amount)), "-" if amount < 0 else ""
    if math.isinf(size):
        return "without end"
    if size == 0:
        return "$0"
    if size >= 0.995:
        return f"{sign}${size:,.0f}" if size >= 10_000 else f"{sign}${size:,.2f}"
    places = max(2, 2 - math.floor(math.log10(size)))
    text = f"{size:.{places}f}".rstrip("0")
    return sign + "$" + text.ljust(text.index(".") + 3, "0")


def percent(share: float) -> str:
    """A share in percent with a tenth: 94.2 %; the nearer to an end, the more digits.

    >>> percent(0.9416), percent(1), percent(0.99987)
    ('94.2 %', '100 %', '99.99 %')
    """
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    digits = 1 if 0.001 <= share <= 0.999 else 2
    return f"{100 * share:.{digits}f} %"


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign: +2.0 points."""
    size = abs(100 * difference)
    if size < 0.005:
        return "almost 0 points" if size else "0 points"
    return f"{100 * difference:+.{1 if size >= 0.1 else 2}f} points"


def seconds(value: float) -> str:
    """A time: 1.24 s."""
    return "without end" if math.isinf(value) else f"{value:.3g} s"


def between(low: float, high: float, write=money) -> str:
    """The two ends of an interval: "$0.05 to $0.20", or one where the other is open."""
    if math.isinf(low) and math.isinf(high):
        return "open at both ends"
    if math.isinf(high):
        return f"{write(low)} and up, no upper end"
    start, end = write(low), write(high)
    unit = end.rpartition(" ")[2]
    return f"{start.removesuffix(f' {unit}')} to {end}"  # 92.8 to 95.3 %


def interval(estimate: Estimate, write=money) -> str:
    """ "95 % interval $0.05 to $0.20"; amounts and shares as `write` has them."""
    if math.isclose(estimate.low, estimate.high, rel_tol=1e-9):
        return "the same for every item"
    return f"{sure(estimate.confidence)} interval {between(estimate.low, estimate.high, write)}"


def sure(confidence: float) -> str:
    """A confidence in percent without needless zeros: 95 %."""
    return f"{100 * confidence:.6g} %"


def more(amount: float) -> str:
    """ "$0.05 more", "$0.05 less" or "no more"."""
    if amount == 0:
        return "no more"
    return f"{money(abs(amount))} {'more' if amount > 0 else 'less'}"


def more_or_less(estimate: Estimate) -> str:
    """What something costs more or less, with the interval where there is one."""
    low, high = estimate.low, estimate.high
    if math.isclose(low, high, rel_tol=1e-9):
        return more(estimate.value)
    ends = f"{money(-low)} less to {money(high)} more"
    if low >= 0 or math.isinf(high):
        ends = between(low, high)
    elif high <= 0:
        ends = between(-high, -low)
    return f"{more(estimate.value)} ({sure(estimate.confidence)} interval {ends})"


def spoken(verdict: str) -> str:
    """A verdict in a sentence: measure-more is "measure more"."""
    return verdict.replace("-", " ")
