"""A row of a migration's checklist, and all that rows are worked out from."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from course.upgrade.migrate_facts import Dates
from course.upgrade.migrate_usage import Cost, Traffic, default_effort, least_effort

if TYPE_CHECKING:
    from course.evaluate.paired import Comparison

DONE, OPEN, UNKNOWN = "done", "open", "unknown"
USES = {
    "max_tokens": "the parameter max_tokens",
    "max_completion_tokens": "a limit in max_completion_tokens",
    "tools": "tools in chat completions",
    "sampling": "temperature, top_p or logprobs",
    "pictures": "pictures",
    "fine-tuning": "a fine-tuned model",
}
"""What a program can use of the API that a change of model can break."""


@dataclass(frozen=True, slots=True)
class Check:
    """A row of the checklist: `status` done, open or unknown; why; and how to check it.

    `key` ticks it off in migrate(…, done={key}). `blocks`: it is open, and work on your side
    cannot close it.
    """

    key: str
    what: str
    status: str
    why: str
    how: str
    blocks: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the rows are worked out from; `lacking`: which model the results given lack."""

    old: str
    new: str
    dates: Dates
    seen: tuple[Traffic | None, Traffic | None]
    plan: Cost | None
    month_usd: Decimal | None
    budget_usd: Decimal | None
    quality: "Comparison | None"
    may_lose: float
    effort: str | None
    uses: frozenset[str] | None
    lacking: str = ""

    @property
    def new_reasons(self) -> bool:
        """Whether the new model reasons unless told not to."""
        return default_effort(self.new) is not None

    @property
    def without_reasoning(self) -> bool:
        """Whether requests will say that the new model is not to reason."""
        return not self.new_reasons or self.effort == least_effort(self.new)
