"""A cell's outputs on their way from the student's process: packed there, read here. Pure.

The head lists them with the size of each text; the texts themselves follow as plain bytes, so
that a large output costs no more than its bytes to read, whatever is in it.
"""

from typing import Any

from nbformat import NotebookNode

MOST_OUTPUTS = 100
MOST_TYPES = 8
_MOST_NAME = 200
_MOST_MESSAGE = 2_000
TYPES = (
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/png",
    "image/jpeg",
    "image/svg+xml",
)
"""What is taken of an output; nothing else is ever shown."""


def packed(outputs: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], bytes]:
    """The head's list and the body for nbformat's outputs."""
    head, texts = [], []
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            parts = {"text": output["text"]}
            about = {"name": output["name"]}
        elif kind == "error":
            parts = {"text": "\n".join(output["traceback"])}
            about = {"name": output["ename"][:_MOST_NAME], "said": output["evalue"][:_MOST_MESSAGE]}
        else:
            parts, about = output["data"], {"count": output.get("execution_count")}
        as_bytes = {name: text.encode("utf-8", "replace") for name, text in parts.items()}
        sizes = {name: len(text) for name, text in as_bytes.items()}
        head.append({"kind": kind, "sizes": sizes} | about)
        texts += as_bytes.values()
    return head, b"".join(texts)


def read(head: Any, body: bytes) -> list[NotebookNode]:
    """nbformat's outputs out of what a student's process said; what can't be read is left out."""
    outputs, at = [], 0
    for one in head[:MOST_OUTPUTS] if isinstance(head, list) else []:
        sizes = one.get("sizes") if isinstance(one, dict) else None
        if not isinstance(sizes, dict) or len(sizes) > MOST_TYPES:
            break
        parts = {}
        for name, size in sizes.items():
            if type(size) is not int or not 0 <= size <= len(body) - at:
                return outputs
            parts[name] = body[at : at + size].decode("utf-8", "replace")
            at += size
        if output := _output(one, parts):
            outputs.append(output)
    return outputs


def _output(one: dict[str, Any], parts: dict[str, str]) -> NotebookNode | None:
    match one.get("kind"):
        case "stream":
            name = "stderr" if one.get("name") == "stderr" else "stdout"
            return NotebookNode(output_type="stream", name=name, text=parts.get("text", ""))
        case "error":
            return NotebookNode(
                output_type="error",
                ename=str(one.get("name"))[:_MOST_NAME],
                evalue=str(one.get("said"))[:_MOST_MESSAGE],
                traceback=parts.get("text", "").split("\n"),
            )
        case "execute_result" | "display_data" as kind:
            data = NotebookNode({name: parts[name] for name in TYPES if name in parts})
            found = NotebookNode(output_type=kind, data=data, metadata=NotebookNode())
            if kind == "execute_result":
                count = one.get("count")
                found.execution_count = count if type(count) is int and count >= 0 else None
            return found if data else None
    return None
