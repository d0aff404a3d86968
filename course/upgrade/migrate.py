"""A model is about to leave: what changes with the one that comes, and are you ready for it?

    plan = migrate("gpt-4o-mini", usage={"prompt_tokens": 250, "completion_tokens": 10},
                   calls_a_month=50_000)
    plan                 # go, no-go or not yet, why, and a checklist
    plan.costs           # what a month costs, as a table

Read on in: migrate_facts (prices, limits, dates, parameters), migrate_usage (your own calls),
migrate_quality (your own items), migrate_tokens, migrate_rows, migrate_requests,
migrate_checklist, migrate_page.
"""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING

from course import facts
from course.errors import CourseError
from course.upgrade import (
    migrate_facts,
    migrate_given,
    migrate_quality,
    migrate_tokens,
    migrate_usage,
)
from course.upgrade.migrate_checklist import checklist, verdict
from course.upgrade.migrate_facts import Dates, Row
from course.upgrade.migrate_quality import BAD, Assumption
from course.upgrade.migrate_rows import Check, Situation
from course.upgrade.migrate_usage import Cost, Traffic

if TYPE_CHECKING:
    from pandas import DataFrame

    from course.evaluate.paired import Comparison


@dataclass(frozen=True, repr=False, eq=False)
class Migration:
    """What changes from `old` to `new` as seen on a day, and whether to go.

    `verdict` is "go", "no-go" or "not yet", `reasons` say why. `prices`, `limits`, `parameters`
    and published `benchmarks` are Rows; `ways` is what a call costs in each way of doing it;
    `quality` the Comparison on your own items. Where there is none, or a simulated one,
    `assumptions` has three that are not measured. `checks` is the checklist. A notebook shows it
    as a page; `memo()` is the same in Markdown.
    """

    old: str
    new: str
    dates: Dates
    prices: tuple[Row, ...]
    limits: tuple[Row, ...]
    parameters: tuple[Row, ...]
    benchmarks: tuple[Row, ...]
    token_counts: tuple[str, ...]
    seen: tuple[Traffic | None, Traffic | None]
    calls_a_month: int | None
    ways: tuple[Cost, ...]
    break_even_reasoning: int | None
    quality: "Comparison | None"
    may_lose: float
    assumptions: tuple[Assumption, ...]
    checks: tuple[Check, ...]
    verdict: str
    reasons: tuple[str, ...]

    @property
    def costs(self) -> "DataFrame":
        """A row for each way: usd_a_call, usd_a_month and batch_usd_a_month (Decimals)."""
        import pandas as pd

        calls = self.calls_a_month
        rows = {
            way.name: [
                way.usd,
                None if calls is None else calls * way.usd,
                None if calls is None else calls * way.batch_usd,
                way.reasoning,
                way.basis,
            ]
            for way in self.ways
        }
        columns = ["usd_a_call", "usd_a_month", "batch_usd_a_month", "reasoning_tokens", "basis"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns)

    @property
    def checklist(self) -> "DataFrame":
        """A DataFrame of the checklist, a row a key, with the columns what, status, why and how."""
        import pandas as pd

        rows = pd.DataFrame([asdict(check) for check in self.checks])
        return rows.drop(columns="blocks").set_index("key")

    def verdict_if(self, how: str) -> str:
        """What the verdict would be if new were "worse", "equal" or "better": "no-go" where that
        would lose more than allowed, else what the other rows say. Never a measurement.
        """
        found = next((one for one in self.assumptions if one.how == how), None)
        if found is None:
            named = ", ".join(one.how for one in self.assumptions) or "none, as it was measured"
            raise CourseError(f"There is no assumption {how!r} here; there is {named}.")
        if found.quality == BAD:
            return "no-go"
        return verdict([check for check in self.checks if check.key != "quality"])[0]

    def memo(self, kind: str = "md") -> str:
        """The whole page as "md" (Markdown) or "html" (a piece of a page, without its head)."""
        from course.upgrade.migrate_page import html, markdown

        kinds = {"md": markdown, "html": html}
        if kind not in kinds:
            raise CourseError(f"A memo is md or html, not {kind!r}.")
        return kinds[kind](self)

    def __repr__(self) -> str:
        return self.memo()

    def _repr_html_(self) -> str:
        return self.memo("html")


def migrate(
    old: str,
    new: str | None = None,
    *,
    usage: object = None,
    calls_a_month: int | None = None,
    results: object = None,
    may_lose: float = 0.02,
    effort: str | None = None,
    uses: Collection[str] | None = None,
    done: Collection[str] = (),
    monthly_budget_usd: object = None,
    tier: str | int = 1,
    on: date | None = None,
) -> Migration:
    """Plan the move from `old` to `new` (default: the replacement that OpenAI names).

    Everything else is optional, and what is not given is told as unknown, not guessed:
    `usage` of your calls (of one call, of several, a meter, or its table; with calls of new among
    them it is measured, not assumed) and `calls_a_month`; `results`, a table with the columns
    item, model, correct, or a pair of Evaluations; `may_lose`, the largest loss of accuracy that
    is allowed (a share, written down before measuring); `effort`, the reasoning_effort that you
    will set; `uses`, what your program uses (of USES); `done`, the rows you have ticked off;
    `monthly_budget_usd`; your usage `tier`; `on`, the day to plan from, else today.

    Prices are list prices in US dollars, from the course's facts. A CourseError names what is
    wrong with what was given.
    """
    old, new = migrate_given.models(old, new)
    seen = migrate_usage.read_traffic(usage, old, new)
    day = on if on is not None else facts.today()
    migrate_given.check_effort(effort, new, measured=seen[1] is not None)
    calls, loss = migrate_given.calls(calls_a_month), migrate_given.share(may_lose)
    quality = migrate_quality.compare_models(results, old, new)
    lacking = migrate_quality.lacking(results, old, new) if quality is None else ""
    ways = migrate_usage.costs(old, new, seen, effort=effort) if any(seen) else ()
    now = Situation(
        old=old,
        new=new,
        dates=migrate_facts.dates(old, new, day),
        seen=seen,
        plan=ways[-1] if ways else None,
        month_usd=ways[-1].usd * calls if ways and calls else None,
        budget_usd=migrate_given.budget(monthly_budget_usd),
        quality=quality,
        may_lose=loss,
        effort=effort,
        uses=migrate_given.uses(uses),
        lacking=lacking,
    )
    checks = checklist(now, migrate_given.names(done, "done"))
    found, reasons = verdict(checks)
    if lacking:
        reasons = (*reasons, f"Quality is not measured: {lacking}.")
    measured = migrate_quality.share_of_old(results, old, new)
    real = quality is not None and quality.source != "simulated"
    return Migration(
        old=old,
        new=new,
        dates=now.dates,
        prices=migrate_facts.prices(old, new),
        limits=migrate_facts.limits(old, new, str(tier)),
        parameters=migrate_facts.parameters(old, new),
        benchmarks=migrate_facts.benchmarks(old, new),
        token_counts=migrate_tokens.token_counts(old, new, seen),
        seen=seen,
        calls_a_month=calls,
        ways=ways,
        break_even_reasoning=_break_even(old, new, seen[0]),
        quality=quality,
        may_lose=loss,
        assumptions=() if real else migrate_quality.assumptions(old, measured, loss),
        checks=checks,
        verdict=found,
        reasons=reasons,
    )


def _break_even(old: str, new: str, was: Traffic | None) -> int | None:
    if was is None or migrate_usage.default_effort(new) is None:
        return None
    return migrate_usage.reasoning_to_break_even(old, new, was)
