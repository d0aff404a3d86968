"""Exact token counts of texts and chat requests, without any network.

The vocabularies are o200k_base, and cl100k_base for the older gpt-3.5-turbo and gpt-4-turbo and
for the embedding models. That the gpt-6 models use o200k_base is an assumption: it is not
documented.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache

from course import pictures
from course.errors import CourseError
from course.facts import facts, family

_REMEMBERED = 4096
_OLDER = ("gpt-3.5", "gpt-35", "gpt-4-turbo", "gpt-4-0", "gpt-4-1106", "text-embedding-")


def vocabulary(model: str) -> str:
    """The name of the vocabulary that a model's texts are cut with."""
    older = model == "gpt-4" or model.startswith(_OLDER)
    return "cl100k_base" if older else "o200k_base"


@cache
def _cutter(name: str):
    from splintr import Tokenizer

    return Tokenizer.from_pretrained(name)


@lru_cache(maxsize=256)
def _encoder(model: str):
    return _cutter(vocabulary(model)).encode_ordinary


def encode(text: str, model: str = "gpt-4o-mini") -> list[int]:
    """The token numbers of a text. Marks such as <|endoftext|> count as ordinary text."""
    if not isinstance(text, str):
        raise CourseError(f"A text is needed to count tokens, not {type(text).__name__}.")
    if not text.isascii():
        # Half of a surrogate pair can't be sent as UTF-8; the service would see a replacement.
        text = text.encode("utf-8", errors="replace").decode("utf-8")
    return _encoder(model)(text)


def count(text: str, model: str = "gpt-4o-mini") -> int:
    """How many tokens a text has.

    >>> count("antidisestablishmentarianism")
    6
    """
    return len(encode(text, model))


def pieces(text: str, model: str = "gpt-4o-mini") -> list[str]:
    """The text of each token; a token that is only a part of a letter shows as �.

    >>> pieces("tiktoken is great!")
    ['t', 'ikt', 'oken', ' is', ' great', '!']
    """
    return [
        token.decode("utf-8", errors="replace") for token in token_bytes(encode(text, model), model)
    ]


def token_bytes(numbers: Sequence[int], model: str = "gpt-4o-mini") -> list[bytes]:
    """The bytes that each token number stands for, some of them only a part of a letter.

    A number that is not in the vocabulary is a CourseError.

    >>> token_bytes(encode("great!"))
    [b'great', b'!']
    """
    cutter = _cutter(vocabulary(model))
    try:
        return [cutter.decode_token_bytes(number) for number in numbers]
    except (ValueError, OverflowError, TypeError):
        raise CourseError(
            f"There is a token number that {vocabulary(model)}, the vocabulary of {model}, "
            "does not have; take numbers from encode()."
        ) from None


def count_messages(messages: Iterable[Mapping], model: str = "gpt-4o-mini") -> int:
    """The prompt tokens that a list of chat messages is billed for.

    3 a message, its role and its content, 1 more for a name, and 3 that start the reply
    (OpenAI's cookbook). Tool calls in a message count by their names and arguments: a close
    estimate, since how the service writes them down is not published.

    >>> count_messages([{"role": "system", "content": "You are a helpful assistant."},
    ...                 {"role": "user", "content": "Hello!"}])
    19
    """
    return 3 + sum(_count_message(message, model) for message in messages)


def count_request(body: Mapping) -> int:
    """The prompt tokens of a whole chat request, as sent: {"model": …, "messages": […], …}.

    Tools and a JSON schema count by their JSON text: a close estimate, since how the service
    writes them down is not published.
    """
    model = _model_of(body)
    messages = body.get("messages")
    total = count_messages(messages if isinstance(messages, list) else [], model)
    answer_format = body.get("response_format")
    schema = answer_format.get("json_schema") if isinstance(answer_format, Mapping) else None
    return total + sum(
        _count_json(extra, model)
        for extra in (body.get("tools"), body.get("functions"), schema)
        if extra
    )


def image_tokens(width: int, height: int, model: str = "gpt-4o-mini") -> int:
    """The prompt tokens of a picture at high detail, its size in pixels.

    Fitted into 2,048 pixels, the shortest side brought down to 768, then a base plus so much
    per started tile of 512 pixels. A model without figures of its own in the facts counts like
    gpt-4o: a stand-in, not a published figure.

    >>> image_tokens(1024, 1024), image_tokens(1024, 1024, model="gpt-4o")
    (25501, 765)
    """
    if min(width, height) <= 0:
        raise CourseError(f"A picture of {width} by {height} pixels has no size to count.")
    base, per_tile = _image_prices(model)
    shrink = min(1, 2048 / max(width, height))
    shrink = min(shrink, 768 / min(width, height))
    # Rounded before the tiles are counted: 768 pixels must not become 768.0000001. A thread of a
    # picture, thousands of times as long as it is wide, still starts a tile.
    across, down = (max(1, math.ceil(round(side * shrink, 6) / 512)) for side in (width, height))
    return base + per_tile * across * down


def _model_of(body: Mapping) -> str:
    model = body.get("model")
    return model if isinstance(model, str) else facts()["course.small_model"]


def _count_message(message: object, model: str) -> int:
    if not isinstance(message, Mapping):
        return 3
    role, content = message.get("role"), message.get("content")
    total = 3 + (_count_again(role, model) if isinstance(role, str) else 0)
    if not isinstance(content, str):
        total += _count_content(content, model)
    elif role == "system" and len(content) <= _REMEMBERED:
        total += _count_again(content, model)
    else:
        total += count(content, model)
    if message.get("name"):
        total += 1 + _count_content(message["name"], model)
    for extra in ("tool_calls", "function_call"):
        if message.get(extra):
            total += _count_json(message[extra], model)
    return total


@lru_cache(maxsize=1024)
def _count_again(text: str, model: str) -> int:
    """For what stands in many requests: roles and system messages."""
    return count(text, model)


def _count_json(value: object, model: str) -> int:
    return count(json.dumps(value, ensure_ascii=False, default=str), model)


def _count_content(content: object, model: str) -> int:
    if isinstance(content, str):
        return count(content, model)
    if not isinstance(content, list):
        return 0
    return sum(_count_part(part, model) for part in content)


def _count_part(part: object, model: str) -> int:
    if isinstance(part, str):
        return count(part, model)
    if not isinstance(part, Mapping):
        return 0
    if isinstance(part.get("text"), str):
        return count(part["text"], model)
    if isinstance(part.get("refusal"), str):
        return count(part["refusal"], model)
    if isinstance(part.get("image_url"), Mapping):
        return _count_image(part["image_url"], model)
    return 0


def _image_prices(model: str) -> tuple[int, int]:
    known = facts()
    name = family(model)
    if f"{name}.image_base_tokens" not in known:
        name = "gpt-4o"
    return known[f"{name}.image_base_tokens"], known[f"{name}.image_tile_tokens"]


def _count_image(image: Mapping, model: str) -> int:
    if image.get("detail") == "low":
        return int(_image_prices(model)[0])
    url = image.get("url")
    size = pictures.data_url_size(url) if isinstance(url, str) else None
    # A picture whose size can't be seen from here counts as the largest there is.
    return image_tokens(*(size or (2048, 768)), model=model)
