"""Feedback that opens when its answer is given: a curtain, not a lock.

Each piece of feedback lies in a box whose key is worked out from the answer that it is for.
Nobody reads it by looking into items.json, by searching the folder, or by accident; but who
writes a program that tries all four options, or number after number, opens every box. So
sealed feedback belongs to practice. In an exam the policy is `after_release`, and then no box
is there at all.

Choices have one box an option. A number opens the box of the bucket it falls into; the box
holds the interval it is for and is only read when the number lies inside. Buckets are of the
exact value (tolerance 0), linear (absolute tolerance) or logarithmic with a sign (relative),
their widths are powers of ten or two, so that the file tells neither key nor tolerance.
All boxes of an item have one length, fillers make up the number, and the order is that of
the sealed bytes. The same bank gives the same boxes: AES-GCM under a key from scrypt (made
cheap on purpose: opening takes milliseconds), nonce derived from key and content.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from course.errors import CourseError
from course.quiz import score
from course.quiz.units import EXACT

if TYPE_CHECKING:
    from course.quiz.items import Item, Option, Tolerance

_NONCE = 12
_STEP = 256  # plain texts are padded to a multiple of this many bytes
_SHELF = 8  # numeric items have a multiple of this many boxes
_ANY = "any number"


@dataclass(frozen=True)
class Part:
    """Feedback on one chosen option."""

    option: str
    right: bool
    text: str


@dataclass(frozen=True)
class Feedback:
    """What a response gets to hear: `right` is the verdict on the whole response.

    `parts` has one entry a chosen option (none for numbers); `right_chosen` of `keys` says
    how many of the right options of a multiple are chosen, both None for other types.
    """

    right: bool
    text: str
    parts: tuple[Part, ...] = ()
    right_chosen: int | None = None
    keys: int | None = None


def seal(item: Item, *, quiz: str, digest: str) -> dict[str, Any]:
    """The sealed feedback of an item, for items.json: `{"salt", "boxes", "grids"}`."""
    salt = hashlib.sha256(f"{quiz}\n{item.id}\n{digest}".encode()).digest()[:16]
    if item.type == "numeric":
        contents, grids = _numeric_contents(item)
    else:
        keys = [item.key] if item.type == "single" else item.key
        contents = [_choice_content(option, keys) for option in item.options]
        grids = []
    boxes = _boxes(salt, contents, shelf=_SHELF if item.type == "numeric" else 1)
    return {"salt": salt.hex(), "grids": grids, "boxes": boxes}


def open_feedback(public_item: Mapping[str, Any], response: Any) -> Feedback | None:
    """The feedback on a response.

    None when the item holds no sealed feedback or the response is not one to this item.
    """
    sealed = public_item.get("sealed")
    if not sealed:
        return None
    try:
        answer = score.check(public_item, response)
    except CourseError:
        return None
    try:
        return _feedback(public_item, sealed, answer)
    except (KeyError, TypeError, ValueError, ArithmeticError, IndexError):
        raise CourseError(
            f"The feedback of {public_item['id']} in items.json is damaged; "
            "copy items.json from the quiz you were given again (your answer is not touched)."
        ) from None


def _feedback(public_item: Mapping[str, Any], sealed: Mapping[str, Any], answer: Any) -> Feedback:
    if public_item["type"] == "numeric":
        return _number_feedback(sealed, score.amount(public_item, answer))
    chosen = [answer] if isinstance(answer, str) else answer
    return _choice_feedback(public_item, [_option_part(sealed, option) for option in chosen])


def _choice_feedback(public_item: Mapping[str, Any], parts: list[Part]) -> Feedback:
    if public_item["type"] == "single":
        return Feedback(parts[0].right, parts[0].text, tuple(parts))
    right, keys = sum(part.right for part in parts), public_item["choose"]
    text = f"{right} of the {keys} right options chosen, {len(parts) - right} wrong."
    return Feedback(right == keys == len(parts), text, tuple(parts), right, keys)


def _option_part(sealed: Mapping[str, Any], option: str) -> Part:
    content = _opened(sealed, f"option {option}")[0]
    return Part(option, content["right"], content["feedback"])


def _number_feedback(sealed: Mapping[str, Any], value: Decimal) -> Feedback:
    found = [
        content
        for grid in sealed["grids"]
        for content in _opened(sealed, _bucket_name(grid, value))
        if Decimal(content["low"]) <= value <= Decimal(content["high"])
    ]
    found = sorted(found, key=lambda content: content["rank"]) or _opened(sealed, _ANY)
    return Feedback(found[0]["right"], found[0]["feedback"])


def _choice_content(option: Option, keys: list[str]) -> tuple[str, dict[str, Any]]:
    return f"option {option.id}", {"right": option.id in keys, "feedback": option.feedback}


def _numeric_contents(item: Item) -> tuple[list[tuple[str, dict[str, Any]]], list[list[Any]]]:
    """(secret, content) of each box, and the grids in use. The key's rank is 0: it wins."""
    told = {option.id: (option.value, option.feedback) for option in item.options}
    answers = {"right": (item.key, "")} | told
    contents, grids = [], []
    for rank, (name, (value, feedback)) in enumerate(answers.items()):
        low, high = score.interval(value, item.tolerance)
        grid = _grid(value, item.tolerance)
        content = {"right": name == "right", "feedback": feedback}
        content |= {"low": str(low), "high": str(high), "rank": rank}
        contents += [(secret, content) for secret in _bucket_names(grid, low, high)]
        grids += [grid] if grid not in grids else []
    contents.append((_ANY, {"right": False, "feedback": item.feedback}))
    return contents, sorted(grids)


def _grid(value: Decimal, tolerance: Tolerance) -> list[Any]:
    """How values are put into buckets: ["exact", 0], ["linear", n] of width 10^n, or ["log", n]
    of width 2^-n in the logarithm. The width is at least half an interval: few buckets do."""
    relative = EXACT.multiply(tolerance.relative, abs(value))
    if max(tolerance.absolute, relative) == 0:
        return ["exact", 0]
    if tolerance.absolute >= relative:
        return ["linear", tolerance.absolute.adjusted() + 1]
    halvings = 0
    while Decimal(2) ** -(halvings + 1) >= tolerance.relative:
        halvings += 1
    return ["log", halvings]


def _bucket(grid: list[Any], value: Decimal) -> int:
    """The number of the bucket of a value; never falls as |value| (log) or value (linear) grows."""
    kind, size = grid
    if kind == "linear":
        place = EXACT.scaleb(value, -size)
    else:
        place = EXACT.multiply(EXACT.ln(abs(value)), Decimal(2) ** size)
    return int(place.to_integral_value(ROUND_FLOOR))


def _bucket_name(grid: list[Any], value: Decimal) -> str:
    if grid[0] == "exact" or (grid[0] == "log" and not value):
        return f"exact {EXACT.normalize(value) if value else 0:f}"
    sign = "-" if grid[0] == "log" and value < 0 else "+"
    return f"{grid[0]} {grid[1]} {sign} {_bucket(grid, value)}"


def _bucket_names(grid: list[Any], low: Decimal, high: Decimal) -> list[str]:
    if grid[0] == "exact":
        return [_bucket_name(grid, low)]
    first, last = sorted([_bucket(grid, low), _bucket(grid, high)])
    sign = "-" if grid[0] == "log" and high < 0 else "+"
    return [f"{grid[0]} {grid[1]} {sign} {number}" for number in range(first, last + 1)]


def _boxes(salt: bytes, contents: list[tuple[str, dict[str, Any]]], *, shelf: int) -> list[str]:
    plain = [json.dumps(content, ensure_ascii=False).encode() for _, content in contents]
    size = -(-max(map(len, plain), default=1) // _STEP) * _STEP
    boxes = [
        _shut(_key(salt, secret), text.ljust(size))  # JSON may end in spaces
        for (secret, _), text in zip(contents, plain, strict=True)
    ]
    seed = b"".join([salt, *plain])
    for number in range(-len(boxes) % shelf):
        boxes.append(hashlib.shake_256(seed + bytes([number])).digest(len(boxes[0])))
    return [base64.b64encode(box).decode() for box in sorted(boxes)]


def _opened(sealed: Mapping[str, Any], secret: str) -> list[dict[str, Any]]:
    key = _key(bytes.fromhex(sealed["salt"]), secret)
    found = []
    for box in map(base64.b64decode, sealed["boxes"]):
        try:
            text = AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], None)
        except InvalidTag:
            continue
        found.append(json.loads(text))
    return found


def _key(salt: bytes, secret: str) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=salt, n=256, r=8, p=1, dklen=32)


def _shut(key: bytes, text: bytes) -> bytes:
    nonce = hmac.digest(key, text, "sha256")[:_NONCE]
    return nonce + AESGCM(key).encrypt(nonce, text, None)
