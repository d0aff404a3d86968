"""The page at /: what this endpoint is, what it is doing, how to call it, what it plays."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from string import Template

from course.endpoint.calls import Calls
from course.endpoint.simulation.models import Profile

TEMPLATE = Path(__file__).with_name("page.html")
SHOWN = 20
"""So many of the latest calls are listed."""


def render(url: str, profiles: Mapping[str, Profile], *, about: Mapping, calls: Calls) -> bytes:
    """The page in UTF-8; `url` is where this endpoint is, `about` what /health tells."""
    played = list(dict.fromkeys(profiles.values()))
    told = {
        "url": url,
        "model": played[0].id,
        "fingerprint": about["fingerprint"],
        "options": _options(about["options"]),
        "now": _now(calls),
    }
    safe = {name: escape(str(value)) for name, value in told.items()}
    rows = "\n".join(map(_row, played))
    sources = dict.fromkeys(profile.speed.source for profile in played)
    items = "\n".join(_source(source, played) for source in sources)
    page = Template(TEMPLATE.read_text(encoding="utf-8"))
    newest = _calls(calls.truth.recent(SHOWN))
    return page.substitute(safe, rows=rows, sources=items, calls=newest).encode()


def _options(told: Mapping[str, str]) -> str:
    if not told:
        return "with the usual options"
    return ", ".join(f"{name.replace('_', '-')} {value}" for name, value in told.items())


def _now(calls: Calls) -> str:
    totals = calls.truth.totals
    return (
        f"{calls.active} in work; {totals.calls:,} ended, {totals.failed:,} of them refused or "
        f"failed; {totals.prompt_tokens:,} prompt tokens and {totals.completion_tokens:,} "
        f"completion tokens, ${totals.cost_usd:.6f} at list price. Nothing was charged."
    )


def _calls(records: Sequence[Mapping]) -> str:
    if not records:
        return '<tr><td colspan="9">None yet.</td></tr>'
    return "\n".join(map(_call, records))


def _call(record: Mapping) -> str:
    ended = datetime.fromtimestamp(record["at"], UTC).strftime("%H:%M:%S UTC")
    texts = (ended, record["model"] or "", record["path"].removeprefix("/v1/"))
    cost = "" if record["cost_usd"] is None else f"${record['cost_usd']}"
    numbers = (
        record["status"],
        record["prompt_tokens"],
        record["completion_tokens"],
        cost,
        record["remaining_requests"],
        record["remaining_tokens"],
    )
    shown = [
        "" if value is None else f"{value:,}" if isinstance(value, int) else value
        for value in numbers
    ]
    cells = "".join(f"<td>{escape(text)}</td>" for text in texts)
    return "<tr>" + cells + "".join(f'<td class="number">{cell}</td>' for cell in shown) + "</tr>"


def _row(profile: Profile) -> str:
    numbers = (
        f"{profile.context_window:,}",
        f"{profile.max_output:,}",
        f"{1 / profile.speed.inter_token_latency_s:.1f}",
    )
    cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
    leaves = profile.shutdown or "no date announced"
    name = f'<th scope="row"><code>{escape(profile.id)}</code></th>'
    return f"<tr>{name}{cells}<td>{leaves}</td></tr>"


def _source(source: str, played: list[Profile]) -> str:
    """What a speed rests on, and for which models."""
    names = (profile.id for profile in played if profile.speed.source == source)
    return (
        f"<li>{', '.join(f'<code>{escape(name)}</code>' for name in names)}: {escape(source)}</li>"
    )
