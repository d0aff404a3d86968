"""The card of a model: every figure that the simulator uses for it, and what each rests on.

The basis of a figure is "published" (with its source and the day it was checked), "computed" from
others, "set" by an option of the endpoint, or an ASSUMPTION.
"""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from course import facts, tokens
from course.endpoint.limits import LIKE, Tier
from course.endpoint.limits import tier as tier_named
from course.endpoint.options import Options
from course.endpoint.simulation import abilities as able
from course.endpoint.simulation.abilities import Abilities
from course.endpoint.simulation.models import (
    ASSUMPTION,
    OTHER_SNAPSHOTS,
    REASONING_TOKENS,
    Profile,
    Speed,
    profiles,
)
from course.endpoint.simulation.pace import OFF, Pace
from course.endpoint.simulation.prefixes import STEP
from course.endpoint.simulation.sums import SUM_DIFFICULTY
from course.errors import CourseError

WIDTH = 100
COLUMNS = (30, 22)
"""How wide name and value are; the basis has the rest."""
Row = tuple[str, object, str]


def show(model: str, options: Options) -> str:
    """The card of a model as an endpoint with these options plays it."""
    assumed = able.read_assume(options.assume)
    return card(
        model,
        abilities=Abilities(assume=assumed, seed=options.seed),
        tier=tier_named(options.tier, model),
        speed=Pace(options).speed(_profile(model).speed),
    )


def card(model: str, *, abilities: Abilities, tier: Tier, speed: Speed | None = None) -> str:
    """A plain table of at most 100 columns; CourseError for a model that is not played.

    `speed` is the model's with what options replace; without it, the model's own.
    """
    profile = _profile(model)
    name = profile.id
    parts = {
        "Model": _about(profile),
        "Lengths, in tokens": _lengths(profile),
        "Prices, in US dollars per 1M tokens": _prices(name),
        "Times, in seconds": _times(profile, speed or profile.speed),
        "Reasoning tokens billed per answer": _reasoning(profile),
        f"Rate limits of tier {tier.name}": _limits(name, tier),
        "Counting tokens": _counting(name),
        "Right answers: ability in logits, and the share at difficulty 0": _quality(
            name, abilities
        ),
        "Right answers: all models": _draws(),
    }
    lines = [f"{model} as this endpoint plays it. It is simulated: no reply is a language model's."]
    lines += wrap(
        "Only tasks with reference answers are right or wrong; writing, summaries and the wording "
        "of prompts are not scored.",
        WIDTH,
    )
    for title, rows in parts.items():
        lines += ["", title]
        before = ""
        for name, value, basis in rows:
            lines += _lines(name, value, "as above" if basis == before else basis)
            before = basis
    return "\n".join(lines)


def _profile(model: str) -> Profile:
    played = profiles()
    if model not in played:
        raise CourseError(
            f"The endpoint plays no model {model!r}; it plays {', '.join(facts.models())}."
        )
    return played[model]


def _lines(name: str, value: object, basis: str) -> Iterator[str]:
    told = f"{value:,}" if type(value) is int else str(value)
    columns = [wrap(name, COLUMNS[0]), wrap(told, COLUMNS[1])]
    columns.append(wrap(basis, WIDTH - sum(COLUMNS) - 6))
    for place in range(max(map(len, columns))):
        cells = [column[place] if place < len(column) else "" for column in columns]
        yield f"  {cells[0]:{COLUMNS[0]}}  {cells[1]:{COLUMNS[1]}}  {cells[2]}".rstrip()


def _basis(fact: facts.Fact) -> str:
    words = {"read": "published", "unconfirmed": "published, but unconfirmed"}
    note = f"; {fact.note}" if fact.note else ""
    kind = words.get(fact.status, fact.status)
    return f"{kind}: {fact.source}; checked {fact.checked}{note}"


def _known(name: str, label: str, *, otherwise: tuple[object, str] | None = None) -> Iterator[Row]:
    """The row of a fact; where there is none, the value and basis given for that, if any."""
    fact = facts.facts().get(name)
    if fact is not None:
        yield label, fact.value, _basis(fact)
    elif otherwise:
        yield label, *otherwise


def _about(profile: Profile) -> Iterable[Row]:
    yield from _known(f"{profile.id}.snapshot", "snapshot")
    for other in OTHER_SNAPSHOTS.get(profile.id, ()):
        yield "further snapshot", other, "published: genai-prices 0.2.3; played like the first"
    none = ("no date", "no announcement is in the facts")
    yield from _known(f"{profile.id}.shutdown", "leaves the API", otherwise=none)
    yield from _known(f"{profile.id}.replacement", "replacement")


def _lengths(profile: Profile) -> Iterable[Row]:
    name = profile.id
    yield from _known(f"{name}.context_window", "prompt and answer together")
    whole = (profile.max_input, "computed: the window, as no limit of its own is published")
    yield from _known(f"{name}.max_input", "longest prompt", otherwise=whole)
    yield from _known(f"{name}.max_output", "longest answer")


def _prices(name: str) -> Iterable[Row]:
    full = ("as input", "computed: no cached price is published")
    yield from _known(f"{name}.input_price", "input")
    yield from _known(f"{name}.cached_price", "cached input", otherwise=full)
    yield from _known(f"{name}.cache_write_price", "input written to the cache")
    yield from _known(f"{name}.output_price", "output")
    yield from _known(f"{name}.batch_input_price", "batch input")
    yield from _known(f"{name}.batch_cached_price", "batch cached input")
    yield from _known(f"{name}.batch_output_price", "batch output")
    yield from _known(f"{name}.long_prompt_starts", "dearer above, in tokens")


def _times(profile: Profile, speed: Speed) -> Iterable[Row]:
    labels = {
        "time_to_first_token_s": "to the first token, mean",
        "time_to_first_token_std_dev_s": "standard deviation of it",
        "prefill_time_per_token_s": "per prompt token, on top",
        "inter_token_latency_s": "from token to token, mean",
        "inter_token_latency_std_dev_s": "standard deviation of it",
    }
    for field, label in labels.items():
        value, own = getattr(speed, field), getattr(profile.speed, field)
        basis = ASSUMPTION if field != "inter_token_latency_s" else _speed_basis(profile)
        yield (
            label,
            f"{value:.5f}".rstrip("0").rstrip("."),
            basis if value == own else "set by an option of this endpoint",
        )
    yield "most off the mean", f"{OFF:.0%}", "published: the rule of llm-d-inference-sim"


def _speed_basis(profile: Profile) -> str:
    fact = facts.facts().get(f"{profile.id}.output_speed")
    if fact is None:
        return f"computed from {profile.speed.source}"
    return f"computed: 1 / {fact} tokens a second; {_basis(fact)}"


def _reasoning(profile: Profile) -> Iterable[Row]:
    if profile.reasoning_effort is None:
        yield "all efforts", 0, f"{ASSUMPTION}: only models from gpt-5 on reason"
        return
    yield from _known(
        f"{profile.id}.reasoning_effort",
        "effort where none is asked for",
        otherwise=(profile.reasoning_effort, ASSUMPTION),
    )
    for effort, count in REASONING_TOKENS.items():
        yield f"effort {effort}", count, f"{ASSUMPTION}; the effort does not change the quality"


def _limits(name: str, tier: Tier) -> Iterable[Row]:
    fields = {
        "requests_per_minute": "requests per minute",
        "tokens_per_minute": "tokens per minute",
        "requests_per_day": "requests per day",
        "batch_queue": "tokens in the batch queue",
    }
    for field, label in fields.items():
        value = getattr(tier, "batch_queue_tokens" if field == "batch_queue" else field)
        own, like = (facts.facts().get(f"{m}.tier_{tier.name}_{field}") for m in (name, LIKE))
        if value is None:
            yield label, "no limit", f"{ASSUMPTION}: none is in the facts"
        elif own is not None or like is None:
            yield label, value, _basis(own) if own is not None else ASSUMPTION
        else:
            yield label, value, f"{ASSUMPTION}: as for {LIKE}; there {_basis(like)}"


def _counting(name: str) -> Iterable[Row]:
    vague = name.startswith("gpt-6")
    told = f"{ASSUMPTION}: not documented" if vague else "published: OpenAI's tiktoken"
    yield "vocabulary", tokens.vocabulary(name), told
    yield from _known("tokens.per_message", "per message")
    yield from _known("tokens.per_name", "per name of a sender")
    yield from _known("tokens.per_reply", "per reply, in the prompt")
    yield from _known("tokens.cache_minimum", "shortest prompt that is cached")
    yield "cached in steps of", STEP, "published: OpenAI's prompt-caching guide"
    for field, label in (("base", "picture"), ("tile", "tile of a picture")):
        stand_in = facts.facts()[f"gpt-4o.image_{field}_tokens"]
        otherwise = (stand_in.value, f"{ASSUMPTION}: as for gpt-4o; there {_basis(stand_in)}")
        yield from _known(f"{name}.image_{field}_tokens", f"per {label}", otherwise=otherwise)


def _quality(name: str, abilities: Abilities) -> Iterable[Row]:
    for kind in able.BENCHMARKS:
        ability = abilities.ability(name, kind)
        yield kind, f"{ability.value:.2f}, so {ability.share:.1%}", ability.basis


def _draws() -> Iterable[Row]:
    yield "packing n items", f"-{able.PACKED} × log2(n)", f"{ASSUMPTION}, in logits"
    yield "an instruction in the text", f"-{able.INJECTED}", f"{ASSUMPTION}, in logits"
    yield "difficulty of a sum, at least", SUM_DIFFICULTY["start"], f"{ASSUMPTION}, in logits"
    digits = "for each digit of the two numbers"
    yield "+ and - add to that", SUM_DIFFICULTY["+"], f"{ASSUMPTION}, in logits, {digits}"
    times = "for each digit of the one times each of the other"
    yield "× and ÷ add to that", SUM_DIFFICULTY["*"], f"{ASSUMPTION}, in logits, {times}"
    yield "difficulty of other items", "with each item", f"{ASSUMPTION}: judged by its authors"
    yield "correlation of two models", able.RELATED, f"{ASSUMPTION}: hard items are hard for all"
    yield "what changes between runs", able.WOBBLE, f"{ASSUMPTION}; none at temperature 0 or a seed"
    yield "confidence: slope", able.SLOPE, f"{ASSUMPTION}, logits per standard deviation"
    yield "confidence: error", able.NOISE, f"{ASSUMPTION}, in standard deviations"
