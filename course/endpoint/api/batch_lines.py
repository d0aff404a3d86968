"""The lines of a batch's files: what is wrong with one that goes in, and those that come out.

Codes and messages are OpenAI's where they are known. ASSUMPTIONS, for want of a source: the
codes invalid_value, invalid_type, line_too_long and too_many_tasks (the last is Azure's), how
many findings are listed, and how long a line may be.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from pydantic_core import from_json, to_json

from course.endpoint.refusals import field, not_one_of
from course.endpoint.wire import WireError, new_id

ENDPOINTS = ("/v1/chat/completions", "/v1/embeddings", "/v1/responses")
MOST_LINES = MOST_INPUTS = 50_000
"""The most requests of a batch, and the most texts that all requests for embeddings have."""
MOST_BLANKS = 50_000
LINE_BYTES = 8 * 1024**2
MOST_FINDINGS = 100
EXPIRED = {
    "code": "batch_expired",
    "message": "This request could not be executed before the completion window expired.",
}
CANCELLED = {
    "code": "batch_cancelled",
    "message": "This request was not executed because the batch was cancelled.",
}
_EXPECTED = {"custom_id": str, "method": str, "url": str, "body": dict}
_NEEDED = {"/v1/chat/completions": ("model", "messages"), "/v1/embeddings": ("model", "input")}
_NAMES = {"/v1/chat/completions": "Chat Completions", "/v1/responses": "Responses"}


def finding(code: str | None, message: str, *, param: str | None = None, line: int | None = None):
    """One of a batch's `errors`."""
    return {"code": code, "message": message, "param": param, "line": line}


class Checker:
    """Checks a batch's lines one after the other, and keeps none of them.

    `weigh(path, body)` gives a request's tokens, or raises a WireError for a model that batches
    can't have. After the last line, `end`; then `findings` tells what is wrong (the first
    MOST_FINDINGS), `total` how many requests there are, `tokens` what they weigh, `model` which
    one they are for.
    """

    def __init__(self, endpoint: str, weigh: Callable[[str, dict], int]):
        self._endpoint, self._weigh = endpoint, weigh
        self.findings: list[dict] = []
        self.total = self.tokens = self._inputs = self._number = 0
        self.model: str | None = None
        self._seen: set[bytes] = set()

    @property
    def full(self) -> bool:
        """Whether the rest of the file need not be read."""
        blanks = self._number - self.total
        many = self.total > MOST_LINES or blanks > MOST_BLANKS
        return many or len(self.findings) >= MOST_FINDINGS

    def take(self, line: bytes) -> None:
        self._number += 1
        if not line.strip():
            return
        self.total += 1
        before = len(self.findings)
        if (request := self._parse(line)) is None:
            return
        checks = (self._check_fields, self._check_route, self._check_body, self._check_batch)
        for check in checks:
            check(request)
            if len(self.findings) > before:
                return
        self._add_up(request["body"])

    def end(self) -> None:
        many = f"The input file has more than {MOST_LINES:,}"
        if self._number - self.total > MOST_BLANKS:
            told = f"The input file has more than {MOST_BLANKS:,} blank lines."
            self._find("invalid_request", told, "input_file_id", line=None)
        elif not self.total:
            told = "The input file is empty. Please ensure that your batch has at least one request"
            self._find("empty_file", f"{told}.", "input_file_id", line=None)
        elif self.total > MOST_LINES:
            self._find("too_many_tasks", f"{many} requests.", "input_file_id", line=None)
        elif self._inputs > MOST_INPUTS:
            self._find("too_many_tasks", f"{many} embedding inputs.", "input_file_id", line=None)
        del self.findings[MOST_FINDINGS:]

    def _find(self, code: str, message: str, param: str | None, *, line: int | None = -1) -> None:
        number = self._number if line == -1 else line
        self.findings.append(finding(code, message, param=param, line=number))

    def _parse(self, line: bytes) -> dict | None:
        if len(line) > LINE_BYTES:
            self._find("line_too_long", f"This line has more than {LINE_BYTES:,} bytes.", None)
            return None
        try:
            request = from_json(line, allow_inf_nan=False)
        except ValueError:
            self._find("invalid_json_line", "This line is not parseable as valid JSON.", None)
            return None
        if not isinstance(request, dict):
            self._find("invalid_request", "Each line must be a JSON object.", None)
            return None
        return request

    def _check_fields(self, request: Mapping) -> None:
        for name, kind in _EXPECTED.items():
            try:
                field(request, name, "", kind)
            except WireError as error:
                self._find(error.code, error.message, name)

    def _check_route(self, request: Mapping) -> None:
        if request["method"] != "POST":
            wrong = not_one_of("method", request["method"], ("POST",))
            self._find(wrong.code, wrong.message, "method")
        if request["url"] != self._endpoint:
            told = "The URL provided for this request does not match the batch endpoint."
            self._find("invalid_url", told, "url")

    def _check_body(self, request: Mapping) -> None:
        body = request["body"]
        for name in _NEEDED.get(self._endpoint, ("model",)):
            if name not in body:
                told = f"{name.capitalize()} parameter is required."
                self._find("invalid_request", told, f"body.{name}")
        if not isinstance(body.get("model", ""), str):
            self._find("invalid_request", "Model must be a string.", "body.model")
        if body.get("stream"):
            name = _NAMES.get(self._endpoint, "Embeddings")
            told = f"{name}: Streaming is not supported in the Batch API."
            self._find("streaming_unsupported", told, "body.stream")

    def _check_batch(self, request: Mapping) -> None:
        # Of the ids only digests are kept: 50,000 long ones would fill the memory.
        digest = hashlib.blake2b(request["custom_id"].encode(), digest_size=16).digest()
        if digest in self._seen:
            told = (
                "The custom_id for this request is a duplicate of another request. "
                "The custom_id parameter must be unique for each request in a batch."
            )
            self._find("duplicate_custom_id", told, "custom_id")
        self._seen.add(digest)
        model = request["body"]["model"]
        self.model = self.model or model
        if model != self.model:
            told = (
                f"The model '{model:.100}' for this request does not match the rest of the "
                "batch. Each batch must contain requests for a single model."
            )
            self._find("mismatched_model", told, "body.model")

    def _add_up(self, body: dict) -> None:
        texts = body.get("input")
        many = self._endpoint == "/v1/embeddings" and isinstance(texts, list)
        # A list of numbers is one text, told by its tokens.
        self._inputs += len(texts) if many and texts and not isinstance(texts[0], int) else 1
        try:
            self.tokens += self._weigh(self._endpoint, body)
        except WireError as error:
            param, told = f"body.{error.param}" if error.param else None, error.message
            if error.code == "model_not_found":
                told = f"The provided model '{body['model']:.100}' is not supported by the Batch"
                told = f"{told} API."
            self._find(error.code or "invalid_request", told, param)


def read_lines(source: BinaryIO) -> Iterator[bytes]:
    """A file's lines, one in memory at a time; of a longer one than LINE_BYTES only the start."""
    while line := source.readline(LINE_BYTES + 1):
        yield line
        while len(line) > LINE_BYTES and not line.endswith(b"\n"):
            line = source.readline(LINE_BYTES + 1)


def answered(custom_id: str, *, status: int, body: dict, request_id: str) -> bytes:
    """The line of a request that was answered, well or badly, for the output or error file."""
    response = {"status_code": status, "request_id": request_id, "body": body}
    return _line(custom_id, response=response, error=None)


def unanswered(custom_id: str, why: Mapping[str, str]) -> bytes:
    """The line of a request that was not tried, for the error file."""
    return _line(custom_id, response=None, error=why)


def _line(custom_id: str, **rest) -> bytes:
    return to_json({"id": new_id("batch_req_"), "custom_id": custom_id} | rest) + b"\n"


class Sheet:
    """A file of lines, which comes to be with its first."""

    def __init__(self, path: Path):
        self._path, self._file = path, None

    def write(self, line: bytes) -> None:
        if self._file is None:
            self._file = self._path.open("wb")
        self._file.write(line)

    def done(self) -> Path | None:
        """Where the lines are, if there were any; from now on they are someone else's."""
        if self._file is None:
            return None
        self._file.close()
        self._file = None
        return self._path

    def discard(self) -> None:
        """Remove what is not `done`."""
        if (path := self.done()) is not None:
            path.unlink(missing_ok=True)


def no_usage() -> dict:
    """A batch's `usage` before any line is answered."""
    return {
        "input_tokens": 0,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 0,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 0,
    }


def add_usage(total: dict, used: Mapping) -> None:
    """Add a reply's usage, be it in the names of responses or in those of the other two APIs."""
    for side, other, detail in (
        ("input", "prompt", "cached_tokens"),
        ("output", "completion", "reasoning_tokens"),
    ):
        tokens = used.get(f"{side}_tokens", used.get(f"{other}_tokens", 0))
        details = used.get(f"{side}_tokens_details") or used.get(f"{other}_tokens_details") or {}
        total[f"{side}_tokens"] += tokens
        total["total_tokens"] += tokens
        total[f"{side}_tokens_details"][detail] += details.get(detail) or 0
