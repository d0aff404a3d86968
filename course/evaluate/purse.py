"""The money for one evaluation: whether a further call can be paid."""

import asyncio
from decimal import Decimal

from course.budget import Budget, BudgetExceeded, dollars


class BudgetMet(BudgetExceeded):
    """An evaluation stopped because a further call could pass its budget; `rows` is what it has."""

    def __init__(self, message: str, rows=None):
        super().__init__(message)
        self.rows = rows


class Purse:
    """Holds back, for each call that runs, what the dearest so far has cost; the first goes alone.

    `limit_usd` None pays for everything; `spent` is what was paid before. `met` tells whether a
    call was refused.
    """

    def __init__(
        self,
        limit_usd: "str | Decimal | int | float | None" = None,
        *,
        spent: Decimal = Decimal(0),
    ):
        self.limit_usd = None if limit_usd is None else Budget(limit_usd).limit_usd
        self.spent_usd, self._dearest, self._running = spent, None, 0
        self.met = False
        self._changed = asyncio.Condition()

    async def take(self) -> None:
        """Wait until a call can be paid; BudgetMet when it cannot, whatever the others cost."""
        if self.limit_usd is None:
            return
        async with self._changed:
            while not self.met and not self._enough():
                if not self._running:
                    self.met = True
                    self._changed.notify_all()
                else:
                    await self._changed.wait()
            if self.met:
                raise BudgetMet(f"The budget of {dollars(self.limit_usd)} is met.")
            self._running += 1

    async def pay(self, cost_usd: Decimal | None) -> None:
        """Book a call that was taken; an unknown cost counts as the dearest so far."""
        if self.limit_usd is None:
            return
        async with self._changed:
            cost = (self._dearest or Decimal(0)) if cost_usd is None else cost_usd
            self.spent_usd += cost
            self._dearest = max(cost, self._dearest or Decimal(0))
            self._running -= 1
            self._changed.notify_all()

    def _enough(self) -> bool:
        if self._dearest is None:  # nobody knows yet what a call costs
            return not self._running and self.spent_usd < self.limit_usd
        return self.spent_usd + (self._running + 1) * self._dearest <= self.limit_usd
