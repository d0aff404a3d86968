"""What a learner's own calls cost with the model that leaves and with the one that comes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from course import prices
from course.errors import CourseError
from course.facts import fact, facts, family
from course.prices import Usage

_COLUMNS = ("prompt_tokens", "completion_tokens")


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls of one model: what each used, how many of its output tokens were reasoning.

    `source`: live, simulated or published where the calls say it, else "given".
    """

    usages: tuple[Usage, ...]
    reasoning: tuple[int, ...]
    source: str

    @property
    def calls(self) -> int:
        return len(self.usages)

    def mean(self, field: str) -> float:
        """Tokens a call, of a field of Usage or of "reasoning"."""
        counts = self.reasoning if field == "reasoning" else self._of(field)
        return sum(counts) / self.calls

    def longest_prompt(self) -> int:
        """The most prompt tokens that a call had."""
        return max(self._of("prompt_tokens"))

    def cost_usd(self, model: str, *, batch: bool = False) -> Decimal:
        """List price of a call on the average, in US dollars."""
        paid = sum((prices.cost(one, model, batch=batch) for one in self.usages), Decimal(0))
        return paid / self.calls

    def as_if(self, reasoning: int) -> "Traffic":
        """The same prompts and answers, each with so many reasoning tokens."""
        carried = tuple(
            replace(one, completion_tokens=one.completion_tokens - was + reasoning)
            for one, was in zip(self.usages, self.reasoning, strict=True)
        )
        return replace(self, usages=carried, reasoning=(reasoning,) * self.calls)

    def _of(self, field: str) -> list[int]:
        return [getattr(one, field) for one in self.usages]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a call costs in one way of doing it, in US dollars, also through the Batch API.

    `reasoning`: tokens a call. `basis` says what the tokens rest on; `assumed` is True where a
    part of them is an ASSUMPTION.
    """

    name: str
    usd: Decimal
    batch_usd: Decimal | None
    reasoning: float
    basis: str
    assumed: bool


def read_traffic(usage: object, old: str, new: str) -> tuple[Traffic | None, Traffic | None]:
    """The calls of old and of new in what was given, None where there are none.

    `usage`: the usage of one call, several of them, a Meter, or a table of calls with the columns
    prompt_tokens, completion_tokens and, if there, cached_tokens, reasoning_tokens, model, source
    and status. Calls that do not name a model are the old one's; failed ones are left out.
    """
    if usage is None:
        return None, None
    by_model: dict[str, list] = {old: [], new: []}
    for model, used, reasoning, source in _calls(usage):
        name = _whose(model, old, new)
        by_model[name].append((used, reasoning, source))
    if not any(by_model.values()):
        raise CourseError("usage holds no call that used a token; measure some calls first.")
    return tuple(_traffic(found) if found else None for found in by_model.values())


def _whose(model: object, old: str, new: str) -> str:
    if model is None:
        return old
    for name in (old, new):
        if family(str(model)) == family(name):
            return name
    raise CourseError(
        f"usage has calls of {model}, which is neither {old} nor {new}; leave them out."
    )


def _traffic(found: list) -> Traffic:
    usages, reasoning, sources = zip(*found, strict=True)
    told = sorted(set(sources))
    if len(told) > 1:
        raise CourseError(f"usage mixes calls that are {' and '.join(told)}; take one kind.")
    return Traffic(usages, reasoning, told[0])


def _calls(usage: object) -> Iterable[tuple[object, Usage, int, str]]:
    """(model, usage, reasoning tokens, source) of each call that used something."""
    if hasattr(usage, "table") and hasattr(usage, "records"):
        usage = usage.table()
    if hasattr(usage, "to_dict") and hasattr(usage, "columns"):
        if missing := [name for name in _COLUMNS if name not in usage.columns]:
            raise CourseError(f"The table of usage has no column {' and no '.join(missing)}.")
        usage = usage.to_dict("records")
    given = [usage] if isinstance(usage, Mapping | Usage) or _is_usage(usage) else usage
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise CourseError(f"usage is {usage!r:.40}, but must be the usage of calls, or a meter.")
    for one in given:
        if not _failed(one):
            used = prices.read_usage(_whole(one))
            if used.prompt_tokens or used.completion_tokens:
                yield _first(one, "model"), used, _reasoning(one, used), _source(one)


def _is_usage(given: object) -> bool:
    return any(hasattr(given, name) for name in ("prompt_tokens", "input_tokens"))


def _whole(one: object) -> object:
    """A row of a table with whole numbers, which pandas may have kept as floats."""
    if not isinstance(one, Mapping):
        return one
    whole = {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in one.items()
    }
    if any(whole.get(name) != whole.get(name) for name in _COLUMNS):
        raise CourseError("A row of usage has no number of tokens; leave it out, or count it.")
    return whole


def _failed(one: object) -> bool:
    status = _first(one, "status")
    return isinstance(status, int | float) and not 200 <= status < 300


def _reasoning(one: object, used: Usage) -> int:
    details = _first(one, "completion_tokens_details", "output_tokens_details")
    told = _first(one, "reasoning_tokens") or _first(details, "reasoning_tokens") or 0
    return min(int(told), used.completion_tokens)


def _source(one: object) -> str:
    return str(_first(one, "source") or "given")


def _first(holder: object, *names: str) -> object:
    read = holder.get if isinstance(holder, Mapping) else lambda name: getattr(holder, name, None)
    return next((read(name) for name in names if read(name) is not None), None)


def assumed_reasoning() -> dict[str, int]:
    """ASSUMPTION: reasoning tokens a call by effort, the same that the course's endpoint bills."""
    from course.endpoint.simulation.models import REASONING_TOKENS

    return REASONING_TOKENS


def default_effort(model: str) -> str | None:
    """The effort with which a model reasons unless told otherwise; None for one that does not."""
    told = facts().get(f"{family(model)}.reasoning_effort")
    return str(told) if told is not None else None


def least_effort(model: str) -> str:
    """The effort with which a model reasons least: none where it takes that, else minimal."""
    told = facts().get(f"{family(model)}.reasoning_efforts", "")
    return "none" if "none" in str(told).split(", ") else "minimal"


def costs(
    old: str, new: str, seen: tuple[Traffic | None, Traffic | None], *, effort: str | None
) -> tuple[Cost, ...]:
    """What a call costs: with old as seen, with new as seen, or as assumed from old's calls."""
    was, came = seen
    found = [_cost(old, old, was)] if was else []
    if came:
        told = f"{new}, {came.mean('reasoning'):,.0f} reasoning tokens a call"
        return (*found, _cost(told, new, came))
    default = default_effort(new)
    if default is None:
        return (*found, _cost(new, new, was.as_if(0)))
    for name in dict.fromkeys((least_effort(new), effort or default)):
        count = assumed_reasoning()[name]
        told = f"{new}, effort {name}"
        told += f" with {count:,} reasoning tokens a call" if count else ""
        found.append(_cost(told, new, was.as_if(count), assumed=bool(count)))
    return tuple(found)


def _cost(name: str, model: str, calls: Traffic, *, assumed: bool = False) -> Cost:
    return Cost(
        name,
        calls.cost_usd(model),
        calls.cost_usd(model, batch=True),
        calls.mean("reasoning"),
        _BASES.get(calls.source, calls.source)
        + ("; reasoning tokens: ASSUMPTION" if assumed else ""),
        assumed,
    )


_BASES = {"given": "the usage given", "live": "live calls", "simulated": "simulated calls"}


def reasoning_to_break_even(old: str, new: str, was: Traffic) -> int | None:
    """The most reasoning tokens a call with which new costs no more than old.

    None where new is dearer already without reasoning.
    """
    gap = was.cost_usd(old) - was.as_if(0).cost_usd(new)
    if gap < 0:
        return None
    return int(gap * 1_000_000 / fact(f"{family(new)}.output_price"))
