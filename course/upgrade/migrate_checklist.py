"""The checklist of a migration, row by row, and what follows from it: go, no-go, or not yet."""

from collections.abc import Collection
from dataclasses import replace

from course.budget import dollars
from course.errors import CourseError
from course.upgrade.migrate_facts import known
from course.upgrade.migrate_quality import BAD, GOOD, judge
from course.upgrade.migrate_requests import of_features, of_reasoning
from course.upgrade.migrate_rows import DONE, OPEN, UNKNOWN, Check, Situation
from course.upgrade.migrate_tokens import same_tokens

GO, NO_GO, NOT_YET = "go", "no-go", "not yet"


def checklist(now: Situation, done: Collection[str]) -> tuple[Check, ...]:
    """All rows that matter for these two models, ticked where `done` names them."""
    rows = [_available(now), _quality(now), _cost(now), _prompt_fits(now), _rates(now)]
    rows += [*of_reasoning(now), _counts(now), *of_features(now), _switch(now)]
    keys = [row.key for row in rows]
    if unknown := [key for key in done if key not in keys]:
        raise CourseError(f"done has no row {unknown[0]!r}; the rows are {', '.join(keys)}.")
    return tuple(
        replace(row, status=DONE, why=f"you ticked it ({row.why})")
        if row.key in done and row.status != DONE and not row.blocks
        else row
        for row in rows
    )


def verdict(rows: Collection[Check]) -> tuple[str, tuple[str, ...]]:
    """go, no-go or not yet, and the reasons."""
    if blocking := [row for row in rows if row.blocks]:
        return NO_GO, tuple(f"{row.why}." for row in blocking)
    reasons = [f"{row.key} is open: {row.why}." for row in rows if row.status == OPEN]
    if unknown := [row.key for row in rows if row.status == UNKNOWN]:
        reasons.append(f"Not known yet: {', '.join(unknown)}.")
    return (NOT_YET, tuple(reasons)) if reasons else (GO, ("Every row of the checklist is done.",))


def _available(now: Situation) -> Check:
    row = Check(
        "available", f"Will {now.new} stay?", UNKNOWN, "no date is known on which it leaves", ""
    )
    leaves, old_leaves = now.dates.new_leaves, now.dates.leaves
    how = f"call {now.new} once with your key; read OpenAI's deprecations page"
    if leaves is None:
        return replace(row, how=how)
    told = f"{now.new} leaves on {leaves} itself"
    if leaves <= now.dates.on or (old_leaves is not None and leaves <= old_leaves):
        return replace(row, status=OPEN, why=told, how="choose another model", blocks=True)
    return replace(row, status=DONE, why=told, how=how)


def _quality(now: Situation) -> Check:
    how = "compare both on the same items of your gold set: migrate(…, results=…)"
    row = Check("quality", "Is it as good on your own items?", UNKNOWN, "not measured", how)
    if now.quality is None:
        return replace(row, why=f"not measured: {now.lacking}") if now.lacking else row
    found = judge((now.quality.low, now.quality.high), now.may_lose)
    why = f"measured on {now.quality.n:,} items: {found}"
    if now.quality.source == "simulated":
        return replace(row, why=f"{why}, but simulated: it says nothing about the real models")
    status = DONE if found == GOOD else OPEN
    return replace(row, status=status, why=why, blocks=found == BAD)


def _cost(now: Situation) -> Check:
    how = "send some real requests and give their usage: migrate(…, usage=…)"
    row = Check("cost", "What will a month cost?", UNKNOWN, "no usage was given", how)
    if now.plan is None:
        return row
    if now.month_usd is None:
        return replace(row, why="calls_a_month was not given")
    told = f"{dollars(now.month_usd)} a month"
    if now.plan.assumed:
        return replace(row, why=f"{told}, with reasoning tokens that are assumed, not measured")
    if now.budget_usd is None:
        return replace(row, status=DONE, why=f"{told}; no budget was given")
    over = now.month_usd > now.budget_usd
    why = f"{told}, {'over' if over else 'within'} the budget of {dollars(now.budget_usd)}"
    return replace(row, status=OPEN if over else DONE, why=why, blocks=over)


def _prompt_fits(now: Situation) -> Check:
    how = "look at your longest prompt: tokens.count_messages"
    row = Check("length", "Does your longest prompt fit?", UNKNOWN, "no usage was given", how)
    seen = [calls for calls in now.seen if calls]
    room = known(now.new, "max_input") or known(now.new, "context_window")
    if not seen or room is None:
        return row
    longest = max(calls.longest_prompt() for calls in seen)
    why = f"the longest prompt in the usage given has {longest:,} tokens"
    why += f", and {int(room):,} are allowed"
    return (
        replace(row, status=DONE, why=why)
        if longest <= room
        else replace(row, status=OPEN, why=why, blocks=True)
    )


def _rates(now: Situation) -> Check:
    return Check(
        "limits",
        "May you send as many requests and tokens a minute?",
        UNKNOWN,
        f"the limits of {now.new} at your tier are in no fact",
        "read the x-ratelimit headers of a reply, or the limits page of your account",
    )


def _counts(now: Situation) -> Check:
    both, same = all(now.seen), same_tokens(now.old, now.new)
    why = "seen with both models" if both else "not confirmed, and not seen with both models"
    if same:
        why = "both models cut text alike"
    return Check(
        "tokens",
        "Has a prompt as many tokens as before?",
        DONE if both or same else UNKNOWN,
        why,
        "send the same prompts to both and compare prompt_tokens",
    )


def _switch(now: Situation) -> Check:
    return Check(
        "switch",
        "Is the switch one line, and was the way back tried?",
        UNKNOWN,
        "nobody but you can know",
        f"search your code for {now.old}; change it, run your tests, change it back",
    )
