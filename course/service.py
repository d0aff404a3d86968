"""The service that the environment asks for: OPENAI_API_KEY, OPENAI_BASE_URL, and their check.

A key is never shown: not in a message, not in a repr, not in what is remembered of a check.
"""

import hashlib
import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import openai

from course.errors import CourseError

OPENAI_URL = "https://api.openai.com/v1"
_CHECK_SECONDS = 10

_checked: dict[str, str] = {}


@dataclass(frozen=True)
class Service:
    """OpenAI or a gateway: its address, and the key for it (None: it is to work without)."""

    url: str
    key: str | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def is_openai(self) -> bool:
        return self.host == urlsplit(OPENAI_URL).netloc

    @property
    def name(self) -> str:
        return f"OpenAI ({self.host})" if self.is_openai else f"{self.host} (OPENAI_BASE_URL)"


def asked_for() -> Service | None:
    """The service in the environment; None when neither a key nor an address is set.

    Blank settings count as none; malformed ones are a CourseError.
    """
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    url = os.environ.get("OPENAI_BASE_URL", "").strip()
    if not key and not url:
        return None
    if key.startswith(("'", '"')) or not all("!" <= letter <= "~" for letter in key):
        raise CourseError(
            "OPENAI_API_KEY holds something that is in no key (a quotation mark, a space, a line "
            "break?); copy the key again, by itself."
        )
    return Service(_address(url) if url else OPENAI_URL, key or None)


def _address(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # such as a port that is no number
        good = False
    if not good or parts.username or parts.query or parts.fragment or " " in url:
        # Not repeated in the message: an address may hold a password or a key.
        raise CourseError(
            "OPENAI_BASE_URL is not an address to connect to; write it like "
            "https://gateway.example/v1, or unset it to use the simulator or OpenAI."
        )
    return url.rstrip("/")


def check(service: Service) -> str:
    """Ask the service once for its models, which is free; return the line that says what it is.

    A refused key or a host that cannot be reached is a CourseError.
    """
    secret = hashlib.sha256(f"{service.url} {service.key}".encode()).hexdigest()
    if secret not in _checked:
        _ask_for_models(service)
        _checked[secret] = _line(service)
    return _checked[secret]


def _line(service: Service) -> str:
    with_key = "with the key in OPENAI_API_KEY" if service.key else "without a key"
    charge = "calls cost money" if service.is_openai else "calls may cost money"
    return f"Connected to {service.name} {with_key}: {charge}."


def _ask_for_models(service: Service) -> None:
    # openai's messages quote a part of the key, so none of them is passed on.
    client = openai.OpenAI(
        api_key=service.key or "none",
        base_url=service.url,
        timeout=_CHECK_SECONDS,
        max_retries=0,
    )
    try:
        with client:
            client.models.list()
    except openai.APIStatusError as error:
        problem = _refusal(service, error.status_code)
    except openai.APIConnectionError:
        problem = (
            f"{service.name} could not be reached; check the "
            "network and OPENAI_BASE_URL, or unset OPENAI_API_KEY and OPENAI_BASE_URL and "
            "start again to use the simulator."
        )
    except (openai.OpenAIError, ValueError):
        problem = f"{service.name} answers, but not like OpenAI; check OPENAI_BASE_URL."
    else:
        return
    if problem:
        raise CourseError(problem)


def _refusal(service: Service, status: int) -> str | None:
    if status == 401:
        what = "refused the key in OPENAI_API_KEY" if service.key else "wants a key"
        return (
            f"{service.name} {what} (401); set OPENAI_API_KEY to a valid key, or unset it and "
            "OPENAI_BASE_URL to use the simulator."
        )
    if status == 404 and not urlsplit(service.url).path:
        return f"{service.name} has no models there (404); does OPENAI_BASE_URL lack its /v1?"
    if status >= 500:
        return f"{service.name} has trouble of its own just now ({status}); try again later."
    return None  # a key that may not list models, or a gateway without a list, can still work
