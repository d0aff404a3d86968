"""A sum of money that calls may not pass: reserve the worst case, send, then settle the cost."""

import threading
from collections import deque
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from course.errors import CourseError

SMALLER = "set a smaller max_completion_tokens, shorten the prompt"


class BudgetExceeded(CourseError):
    """A call was not sent, because it could have cost more than is left."""


class Budget:
    """US dollars that calls from any threads and tasks share.

    `limit_usd` is a text, Decimal or whole number; a float counts as it is written (0.1 is 0.1).
    """

    def __init__(self, limit_usd: "str | Decimal | int | float"):
        self.limit_usd = _amount(limit_usd)
        self._spent = self._reserved = Decimal(0)
        self._lock = threading.Lock()
        # Settling must not wait for the lock: it may happen while garbage is collected, in a
        # thread that holds it. So settlements queue up here until somebody looks.
        self._settled: deque[tuple[Decimal, Decimal]] = deque()

    @property
    def spent_usd(self) -> Decimal:
        """What settled calls have cost."""
        with self._lock:
            self._book()
            return self._spent

    @property
    def reserved_usd(self) -> Decimal:
        """What calls that are still running may cost at worst."""
        with self._lock:
            self._book()
            return self._reserved

    @property
    def left_usd(self) -> Decimal:
        """What a further call may cost at worst."""
        with self._lock:
            return self._left()

    def reserve(
        self, worst_usd: Decimal, *, what: str = "call", instead: str = SMALLER
    ) -> "Reservation":
        """Hold so many dollars for one call; BudgetExceeded when they are not there.

        `what` is refused, and what to do `instead`, are words for the message.
        """
        with self._lock:
            if worst_usd > self._left():
                raise BudgetExceeded(self._refusal(worst_usd, what, instead))
            self._reserved += worst_usd
        return Reservation(self, worst_usd)

    def _book(self) -> None:
        while self._settled:
            worst_usd, cost_usd = self._settled.popleft()
            self._reserved -= worst_usd
            self._spent += cost_usd

    def _left(self) -> Decimal:
        self._book()
        return self.limit_usd - self._spent - self._reserved

    def _refusal(self, worst_usd: Decimal, what: str, instead: str) -> str:
        gone = {"spent": self._spent, "held for calls still running": self._reserved}
        told = ", ".join(f"{dollars(usd)} {what}" for what, usd in gone.items() if usd)
        bound = f"the budget of {dollars(self.limit_usd)}"
        if told:
            left = max(self._left(), Decimal(0))
            bound = f"the {dollars(left)} that is left of {bound} ({told})"
        return (
            f"Not sent: this {what} could cost up to {dollars(worst_usd)}, more than {bound}; "
            f"{instead}, or connect with a larger budget_usd."
        )

    def __repr__(self) -> str:
        return f"Budget of {dollars(self.limit_usd)}: {dollars(self.left_usd)} left"


class Reservation:
    """The worst case of one call, held until `settle` says what it really cost."""

    def __init__(self, budget: Budget, worst_usd: Decimal):
        self.worst_usd = worst_usd
        self._budget = budget
        self._open = threading.Lock()

    def settle(self, cost_usd: Decimal | None) -> None:
        """Give the rest back. None, an unknown cost, counts as the worst case. Only once counts."""
        if self._open.acquire(blocking=False):
            cost = self.worst_usd if cost_usd is None else cost_usd
            self._budget._settled.append((self.worst_usd, cost))


def dollars(amount: Decimal) -> str:
    """An amount to read: $1,234.50, and below a dollar six digits, or two that are not zero.

    >>> dollars(Decimal("0.000057")), dollars(Decimal("0.00000015")), dollars(Decimal(0))
    ('$0.000057', '$0.00000015', '$0.00')
    """
    if amount == 0 or abs(amount) >= 1:
        return f"${amount.quantize(Decimal('0.01'), rounding=ROUND_HALF_UP):,f}"
    places = max(6, 1 - amount.adjusted())
    rounded = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    short = f"{rounded:f}".rstrip("0")
    return "$" + short.ljust(short.index(".") + 3, "0")


def _amount(limit_usd: object) -> Decimal:
    wrong = CourseError(
        f"budget_usd is {limit_usd!r}; write an amount of US dollars above 0, such as '0.25'."
    )
    if isinstance(limit_usd, bool) or not isinstance(limit_usd, str | int | float | Decimal):
        raise wrong
    try:
        amount = Decimal(str(limit_usd).strip())
    except InvalidOperation:
        raise wrong from None
    if not amount.is_finite() or amount <= 0:
        raise wrong
    return amount
