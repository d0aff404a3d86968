"""What came back from a batch, as rows: one for each request, by its custom_id."""

import contextlib
from collections.abc import Collection, Mapping
from decimal import Decimal

from course import prices
from course.errors import CourseError
from course.throughput.batch_folder import Folder, Part
from course.throughput.batch_lines import Line

COLUMNS = (
    *("custom_id", "answer", "error", "status", "model", "prompt_tokens", "cached_tokens"),
    *("completion_tokens", "reasoning_tokens", "cost_usd", "source", "batch_id", "reply"),
)
_TYPES = dict.fromkeys(COLUMNS, "str")
_WHOLE = ("status", "prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens")
_TYPES |= dict.fromkeys(_WHOLE, "int64") | dict.fromkeys(("answer", "cost_usd", "reply"), "object")


def read_rows(folder: Folder, wanted: Mapping[str, Line]) -> dict[str, dict]:
    """The row of each request wanted: its answer, or what the last batch with it has to say."""
    rows = {name: _row(line, "planned: it is in no batch yet") for name, line in wanted.items()}
    for part in folder.parts if rows else ():
        told = f"{part.status}: {_state(part)}"
        back = {
            line["custom_id"]: line
            for kind in ("error", "output")
            for line in folder.back(part, kind)
        }
        for custom_id, _ in folder.sent(part):
            if custom_id not in rows or not rows[custom_id]["error"]:
                continue
            row = _row(wanted[custom_id], told, part)
            if custom_id in back:
                row |= _read(back[custom_id])
            rows[custom_id] = row
    return rows


def table(rows: Collection[Mapping]):
    """The rows as a DataFrame."""
    import pandas as pd

    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    return pd.DataFrame({name: pd.Series(v, dtype=_TYPES[name]) for name, v in columns.items()})


def _state(part: Part) -> str:
    if part.waits:
        return "its batch is not sent yet"
    if not part.over:
        return "its batch is not over"
    return part.why or "its batch's files have no line for it"


def _row(line: Line, error: str, part: Part | None = None) -> dict:
    row = dict.fromkeys(COLUMNS) | dict.fromkeys(_WHOLE, 0) | {"cost_usd": Decimal(0)}
    source, batch_id = (part.source, part.batch_id) if part else ("live", "")
    known = {"custom_id": line.custom_id, "model": line.model, "error": error}
    return row | known | {"source": source, "batch_id": batch_id}


def _read(line: Mapping) -> dict:
    """What a line of an output or an error file tells."""
    response, error = line.get("response"), line.get("error")
    if not isinstance(response, Mapping):
        return {"error": _told(error) or "missing: its line has no response"}
    body, status = response.get("body"), response.get("status_code")
    body = body if isinstance(body, Mapping) else {}
    if status != 200 or error:
        return {"status": status or 0, "error": f"{status}: {_told(error or body.get('error'))}"}
    return {"status": 200, "error": "", "answer": _answer(body), "reply": dict(body)} | _used(body)


def _told(error: object) -> str:
    if not isinstance(error, Mapping):
        return str(error or "no reason is given")
    return ": ".join(str(error[name]) for name in ("code", "message") if error.get(name))


def _answer(body: Mapping) -> object:
    """The text of the first choice, of a response's output, or the first embedding."""
    with contextlib.suppress(LookupError, TypeError, AttributeError):
        if "choices" in body:
            return body["choices"][0]["message"]["content"]
        if "output" in body:
            parts = [part for item in body["output"] for part in item.get("content") or ()]
            return "".join(part.get("text", "") for part in parts)
        return body["data"][0]["embedding"]
    return None


def _used(body: Mapping) -> dict:
    model = str(body.get("model"))
    known = {"model": model, "cost_usd": None}
    with contextlib.suppress(CourseError, TypeError):
        used = prices.read_usage(body.get("usage"))
        about = body["usage"]
        details = about.get("completion_tokens_details") or about.get("output_tokens_details") or {}
        known |= {
            "prompt_tokens": used.prompt_tokens,
            "cached_tokens": used.cached_tokens,
            "completion_tokens": used.completion_tokens,
            "reasoning_tokens": details.get("reasoning_tokens") or 0,
        }
        known["cost_usd"] = prices.cost(used, model, batch=True)
    return known
