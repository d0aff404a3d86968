"""The page at /: what this endpoint is, how to call it, what it plays."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template

from course.endpoint.models import Profile

TEMPLATE = Path(__file__).with_name("page.html")


def render(url: str, profiles: Mapping[str, Profile], *, about: Mapping) -> bytes:
    """The page in UTF-8; `url` is where this endpoint is, `about` what /health tells."""
    played = list(dict.fromkeys(profiles.values()))
    told = {
        "url": url,
        "model": played[0].id,
        "speed": f"{about['speed']:g}",
        "seed": about["seed"],
        "fingerprint": about["fingerprint"],
    }
    safe = {name: escape(str(value)) for name, value in told.items()}
    rows = "\n".join(map(_row, played))
    sources = dict.fromkeys(profile.speed.source for profile in played)
    items = "\n".join(_source(source, played) for source in sources)
    page = Template(TEMPLATE.read_text(encoding="utf-8"))
    return page.substitute(safe, rows=rows, sources=items).encode()


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
