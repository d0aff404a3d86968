"""An item to answer in a notebook: radios, checkboxes or a number, saved by the kernel.

The front end sends `{kind: "answer", seq, response}`; the kernel writes the response to the
journal and only then answers `{seq, saved, message}`. `state` is what is saved, as every view
shows it, so a view that is drawn again (a reload, a second view) shows the same.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from course.errors import CourseError
from course.quiz import markup, static
from course.quiz.journal import JournalError

if TYPE_CHECKING:
    from course.quiz import Answer, Quiz

_HERE = Path(__file__).parent


class ItemWidget(anywidget.AnyWidget):
    """The view of one item; `item` is what it asks, `state` the saved response and its feedback."""

    _esm = (_HERE / "widget.js").read_text(encoding="utf-8")
    _css = (_HERE / "widget.css").read_text(encoding="utf-8")

    item = traitlets.Dict(read_only=True).tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, quiz: "Quiz", item: Mapping[str, Any]):
        self._quiz, self._public = quiz, item
        answer, problem = _recorded(quiz, item)
        self.set_trait("item", _shown(quiz, item))
        super().__init__(state=_state(answer, problem))
        # ipykernel 7.4 sends what the front end says to the thread that opened the channel, here
        # the one that runs cells; without this note an answer need not wait for a running cell.
        vars(self.comm).pop("_reply_subshell_id", None)
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: Any, _buffers: object) -> None:
        if not isinstance(content, dict) or content.get("kind") != "answer":
            return
        reply = {"kind": "answer", "seq": content.get("seq"), "saved": False, "lost": False}
        try:
            answer = self._quiz.answer(self._public["id"], content.get("response"))
        except JournalError as error:
            self.send(reply | {"lost": True, "message": str(error)})
        except CourseError as error:
            self.send(reply | {"message": str(error)})
        except Exception as error:
            self.send(reply | {"lost": True, "message": f"{type(error).__name__}: {error}"})
            raise
        else:
            self.state = _state(answer, "")
            self.send(reply | {"saved": True, "message": ""})

    def __repr__(self) -> str:
        return static.text(self._public, self.state.get("response"))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        data["text/plain"] = repr(self)
        data["text/html"] = static.page(self._public, self.state.get("response"))
        return data, metadata


def _recorded(quiz: "Quiz", item: Mapping[str, Any]) -> tuple["Answer | None", str]:
    """The saved answer, and what is in the way of reading it."""
    try:
        return quiz.recorded(item["id"]), ""
    except JournalError as error:
        return None, str(error)


def _shown(quiz: "Quiz", item: Mapping[str, Any]) -> dict[str, Any]:
    """What the view draws: texts as trees, no sealed feedback."""
    folder = hashlib.sha256(str(quiz.journal.path).encode()).hexdigest()[:12]
    options = [{"id": each["id"], "text": markup.parse(each["text"])} for each in item["options"]]
    return {
        "key": f"{folder}/{item['id']}",
        "type": item["type"],
        "stem": markup.parse(item["stem"]),
        "task": static.task(item),
        "options": options,
        "units": item.get("units") or [item.get("unit", "")],
    }


def _state(answer: "Answer | None", problem: str) -> dict[str, Any]:
    if answer is None:
        return {"response": None, "feedback": None, "note": "", "problem": problem}
    feedback = _feedback(answer) if answer.feedback else None
    return {
        "response": answer.response,
        "feedback": feedback,
        "note": answer.note,
        "problem": problem,
    }


def _feedback(answer: "Answer") -> dict[str, Any]:
    """Verdict, text and parts, one a chosen option of a multiple."""
    heard = answer.feedback
    parts = heard.parts if answer.item["type"] == "multiple" else ()
    return {
        "right": heard.right,
        "answer": static.told(answer.item, answer.response),
        "text": markup.parse(heard.text),
        "parts": [
            {"option": part.option, "right": part.right, "text": markup.parse(part.text)}
            for part in parts
        ],
    }
