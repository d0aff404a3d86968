"""What the clients' scripts have in common: what they ask, and how they tell what they saw."""

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ASKED = json.loads(Path(__file__).with_name("asked.json").read_text())
KEY = "any-key"
FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "event", "strict": True, "schema": ASKED["schema"]},
}
FORCED = {"type": "function", "function": {"name": "get_weather"}}
BATCH_S = 30.0


def tell(client: str, parts: Mapping[str, Callable[[], dict]]) -> None:
    """Print what each part saw, as one line of JSON; a part that fails does not stop the others."""
    seen = {"client": client}
    for name, part in parts.items():
        try:
            seen[name] = part()
        except Exception as error:
            seen[name] = failure(error)
    print(json.dumps(seen))


def failure(error: BaseException) -> dict:
    return {"failed": f"{type(error).__name__}: {error}"[:600]}


def refusal(error: Exception) -> dict:
    """What a client makes of an answer that is an error."""
    return {
        "type": type(error).__name__,
        "status": getattr(error, "status_code", None),
        "told": str(error)[:300],
    }


def lengths(vectors: Sequence[Sequence[float]]) -> dict:
    """How many vectors there are, their dimensions and their lengths."""
    return {
        "dimensions": [len(vector) for vector in vectors],
        "lengths": [round(math.hypot(*vector), 4) for vector in vectors],
    }


def batch_lines() -> bytes:
    """The input file of a batch of two requests."""
    body = {"model": ASKED["model"], "messages": ASKED["messages"]}
    lines = (
        {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body}
        for name in ("one", "two")
    )
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def batch_seen(status: str, output: str) -> dict:
    """What came back of a batch, from its status and its output file."""
    rows = [json.loads(line) for line in output.splitlines()]
    return {
        "status": status,
        "ids": sorted(row["custom_id"] for row in rows),
        "codes": [row["response"]["status_code"] for row in rows],
        "prompt_tokens": [row["response"]["body"]["usage"]["prompt_tokens"] for row in rows],
    }


def until_ended(look: Callable[[], object]) -> object:
    """The batch once it has ended."""
    end = time.monotonic() + BATCH_S
    while (batch := look()).status not in ("completed", "failed", "expired", "cancelled"):
        if time.monotonic() > end:
            raise TimeoutError(f"the batch is {batch.status} after {BATCH_S:.0f} s")
        time.sleep(0.05)
    return batch
