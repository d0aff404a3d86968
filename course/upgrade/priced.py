"""What rows of a usage log cost: reasoning, cached prefixes, batches and pictures included."""

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from course import prices
from course.errors import CourseError
from course.tokens import image_tokens

if TYPE_CHECKING:
    from pandas import DataFrame

_NEEDED = ("prompt_tokens", "completion_tokens")
_YES = ("true", "1", "1.0", "yes")
_SIZE = re.compile(r"(\d+)\s*[x×]\s*(\d+)")


def priced(
    usage: "DataFrame",
    model: str | None = None,
    *,
    batch: bool | None = None,
    tier: str | None = None,
) -> "DataFrame":
    """A copy of the rows with `cost_usd`, the list price of each in US dollars (Decimals).

    Columns: prompt_tokens, completion_tokens (reasoning included, as a reply's usage has it),
    optional cached_tokens (a part of the prompt tokens), reasoning_tokens (a part of the
    completion tokens, checked only), batch (true for the Batch API's prices), tier ("priority"),
    and model unless `model` says it for all. `images` holds pictures that prompt_tokens do NOT
    count yet, as "1024x768 512x512" or pairs of width and height; the usage in a reply counts
    them, so leave the column out then. `batch` and `tier` hold for all rows without such a column.

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"prompt_tokens": [200], "completion_tokens": [3]})
    >>> priced(rows, "gpt-4o-mini")["cost_usd"].tolist()
    [Decimal('0.0000318')]
    """
    if missing := [name for name in _NEEDED if name not in usage.columns]:
        raise CourseError(
            f"The usage has no column {' and no '.join(missing)}; each row needs "
            f"{' and '.join(_NEEDED)}."
        )
    if model is None and "model" not in usage.columns:
        raise CourseError("Say whose prices hold: priced(usage, 'gpt-4o-mini'), or a column model.")
    defaults = {"cached_tokens": 0, "reasoning_tokens": 0, "images": "", "batch": batch}
    columns = [
        usage[name].tolist() if name in usage.columns else [default] * len(usage)
        for name, default in {**dict.fromkeys(_NEEDED, 0), **defaults, "tier": tier}.items()
    ]
    models = [model] * len(usage) if model is not None else usage["model"].tolist()
    costs = [
        _cost(place, *row) for place, row in enumerate(zip(models, *columns, strict=True), start=1)
    ]
    import pandas as pd

    return usage.assign(cost_usd=pd.Series(costs, index=usage.index, dtype=object))


def _cost(place, model, prompt, completion, cached, reasoning, images, batch, tier) -> Decimal:
    prompt, completion, cached, reasoning = (
        _tokens(place, name, value)
        for name, value in (
            ("prompt_tokens", prompt),
            ("completion_tokens", completion),
            ("cached_tokens", cached),
            ("reasoning_tokens", reasoning),
        )
    )
    if reasoning > completion:
        raise CourseError(
            f"Row {place} has {reasoning} reasoning_tokens but only {completion} "
            "completion_tokens, which include them in a reply's usage; add the two."
        )
    for width, height in _sizes(place, images):
        prompt += image_tokens(width, height, model=model)
    in_batch = str(batch).strip().lower() in _YES
    return _list_price(
        str(model), prompt, cached, completion, in_batch, None if _absent(tier) else str(tier)
    )


@lru_cache(maxsize=65536)
def _list_price(
    model: str, prompt: int, cached: int, completion: int, batch: bool, tier: str | None
) -> Decimal:
    used = prices.Usage(prompt, cached, completion)
    return prices.cost(used, model, batch=batch, tier=None if tier == "default" else tier)


def _tokens(place: int, name: str, value: object) -> int:
    if _absent(value):
        if name in _NEEDED:
            raise CourseError(f"{name} is missing in row {place}; without it there is no price.")
        return 0
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if number < 0 or number != number // 1:
        raise CourseError(f"{name} in row {place} is {value!r}; write a whole number from 0 up.")
    return int(number)


def _absent(value: object) -> bool:
    return value is None or value != value or str(value).strip() in ("", "nan", "<NA>")


def _sizes(place: int, images: object) -> Iterable[tuple[int, int]]:
    """Width and height of each picture of a row."""
    if isinstance(images, list | tuple):
        pairs = [images] if len(images) == 2 and isinstance(images[0], int) else images
        if all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
            return [(int(width), int(height)) for width, height in pairs]
    elif _absent(images):
        return []
    elif isinstance(images, str):
        found = _SIZE.findall(images)
        if found and not re.sub(r"[\s,;]", "", _SIZE.sub("", images)):
            return [(int(width), int(height)) for width, height in found]
    raise CourseError(
        f"images in row {place} is {images!r:.60}; write sizes in pixels such as '1024x768'."
    )
