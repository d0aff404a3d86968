"""What the queries and bodies about files and batches may say, and how their lists are told."""

from collections.abc import Callable, Mapping, Sequence

from course.endpoint.refusals import not_one_of, out_of_bounds, wrong_type
from course.endpoint.wire import WireError

SHORTEST_S, LONGEST_S = 3600, 30 * 24 * 3600
"""Seconds: the least and the most after which a file can be told to expire."""


def page(
    rows: Sequence[Mapping],
    query: Mapping[str, str],
    *,
    most: int,
    usual: int,
    missing: Callable[[str], WireError],
) -> dict:
    """The rows that `limit` and `after` of a query ask for, in the shape of OpenAI's lists.

    `usual` is how many a page has by default, at most `most`; `missing` makes the refusal of an
    `after` that none of the rows has.
    """
    limit, after = _limit(query.get("limit"), most, usual), query.get("after")
    if after is not None:
        places = [place for place, row in enumerate(rows) if row["id"] == after]
        if not places:
            raise missing(after)
        rows = rows[places[0] + 1 :]
    shown = [dict(row) for row in rows[:limit]]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": len(rows) > limit,
    }


def newest_first(query: Mapping[str, str]) -> bool:
    """Whether `order` of a query is "desc", as where it is not said; WireError 400 for others."""
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise not_one_of("order", order, ("asc", "desc"))
    return order == "desc"


def expiry(anchor: object, seconds: object, *, param: str) -> int:
    """The seconds of an `expires_after`; WireError 400 that names what is wrong with it."""
    if anchor != "created_at":
        raise not_one_of(f"{param}.anchor", anchor, ("created_at",))
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise wrong_type(f"{param}.seconds", "an integer", seconds)
    _check_between(f"{param}.seconds", seconds, SHORTEST_S, LONGEST_S)
    return seconds


def _limit(sent: str | None, most: int, usual: int) -> int:
    if sent is None:
        return usual
    if not (sent.isdecimal() and len(sent) < 10):
        raise wrong_type("limit", "an integer", sent)
    _check_between("limit", int(sent), 1, most)
    return int(sent)


def _check_between(param: str, value: int, least: int, most: int) -> None:
    if value < least:
        raise out_of_bounds(param, value, least=least)
    if value > most:
        raise out_of_bounds(param, value, most=most)
