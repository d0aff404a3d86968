"""What migrate() is given, checked: two models, an effort, numbers and names."""

from collections.abc import Collection
from decimal import Decimal, InvalidOperation

from course import facts
from course.errors import CourseError
from course.upgrade import migrate_facts, migrate_usage
from course.upgrade.migrate_rows import USES


def models(old: str, new: str | None) -> tuple[str, str]:
    """Both models, each with known prices; without new the replacement that OpenAI names."""
    priced = facts.models()
    old = str(old)
    if facts.family(old) not in priced:
        raise CourseError(f"No prices are known of {old!r}; there are {', '.join(priced)}.")
    if new is None:
        named = migrate_facts.known(old, "replacement")
        if named is None:
            raise CourseError(f"No replacement of {old} is known; name one: migrate({old!r}, …).")
        new = named
    new = str(new)
    if facts.family(new) not in priced:
        raise CourseError(f"No prices are known of {new!r}; there are {', '.join(priced)}.")
    if facts.family(old) == facts.family(new):
        raise CourseError(f"{old} and {new} are the same model; name two different ones.")
    return old, new


def check_effort(effort: str | None, new: str, *, measured: bool) -> None:
    """Refuse an effort that new does not take, or whose tokens nobody measured or assumed."""
    if effort is None:
        return
    if migrate_usage.default_effort(new) is None:
        raise CourseError(f"{new} takes no reasoning_effort; leave effort out.")
    told = migrate_facts.known(new, "reasoning_efforts")
    allowed = str(told).split(", ") if told else list(migrate_usage.assumed_reasoning())
    if effort not in allowed:
        raise CourseError(f"{new} takes the efforts {', '.join(allowed)}, not {effort!r}.")
    if effort not in migrate_usage.assumed_reasoning() and not measured:
        raise CourseError(
            f"How much {new} reasons at effort {effort} is assumed nowhere; "
            "measure some calls and give their usage."
        )


def calls(given: int | None) -> int | None:
    """Calls a month."""
    if given is None or (isinstance(given, int) and not isinstance(given, bool) and given > 0):
        return given
    raise CourseError(f"calls_a_month is {given!r}, but must be a whole number from 1 up.")


def share(given: float) -> float:
    """The largest loss that is allowed."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < 1:
        raise CourseError(f"may_lose is {given!r}, but must be a share such as 0.02 for 2 points.")
    return float(given)


def budget(given: object) -> Decimal | None:
    """US dollars a month."""
    if given is None:
        return None
    try:
        amount = Decimal(str(given))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise CourseError(f"monthly_budget_usd is {given!r}, but must be US dollars from 0 up.")
    return amount


def uses(given: Collection[str] | None) -> frozenset[str] | None:
    """What a program uses, of USES; None where it was not told."""
    if given is None:
        return None
    found = names(given, "uses")
    if unknown := sorted(found - USES.keys()):
        raise CourseError(f"uses has {unknown[0]!r}, but can only name {', '.join(USES)}.")
    return found


def names(given: Collection[str], what: str) -> frozenset[str]:
    """A set of names; a lone text is refused, as its letters would be taken for names."""
    if isinstance(given, str):
        raise CourseError(f"{what} is a set of names: write {what}={{{given!r}}}.")
    return frozenset(map(str, given))
