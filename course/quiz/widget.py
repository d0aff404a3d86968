"""An item to answer in a notebook, saved by the kernel.

The front end sends `{kind: "answer", by, seq, response, confidence}`; the kernel writes the
response to the journal and only then changes `state`, which carries its reply: `told` says whose
answer was saved, or why it was not. One message back is all, because each costs milliseconds.
`state` is what every view shows, so one that is drawn again (a reload) shows the same.
"""

import hashlib
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import traitlets

from course.errors import CourseError
from course.quiz import shown, static, widget_view
from course.quiz.answers import PROGRAMS
from course.quiz.event import JournalError

if TYPE_CHECKING:
    from course.quiz import Answer, Quiz
    from course.quiz.trial import Trial

_HERE = Path(__file__).parent
_TO_ANSWER = '<div dir="ltr"><small>Run this cell to answer.</small></div>'
"""For where the notebook is read without its kernel: the widget is gone, and this is left."""
_MODULES = ("page", "fields", "types", "drafts", "words", "told", "talk")


def joined() -> str:
    """The browser's half as the one module that anywidget sends, from those that it is written in.

    They share one scope then, so no two may use a name for different things.
    """
    files = [*(f"widget_{name}.js" for name in _MODULES), "widget.js"]
    whole = "\n".join((_HERE / file).read_text(encoding="utf-8") for file in files)
    whole = re.sub(r'^import \{[^}]*\} from "\./\w+\.js";\n', "", whole, flags=re.MULTILINE)
    return re.sub(r"^export (?=const |function )", "", whole, flags=re.MULTILINE)


class ItemWidget(anywidget.AnyWidget):
    """The view of one item; `item` is what it asks, `state` the saved response and its feedback."""

    _esm = joined()
    _css = (_HERE / "widget.css").read_text(encoding="utf-8")

    _saved: ClassVar[dict[Path, set[str]]] = {}
    """The ids of the saved answers by journal: counted from here, not from the file each time."""

    item = traitlets.Dict(read_only=True).tag(sync=True)
    state = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        quiz: "Quiz",
        item: Mapping[str, Any],
        *,
        practice: bool = False,
        tried: "Trial | None" = None,
    ):
        self._quiz, self._public, self._practice, self._tried = quiz, item, practice, tried
        self.set_trait("item", self._shown())
        super().__init__(state=self._recorded())
        # ipykernel 7.4 sends what the front end says to the thread that opened the channel, here
        # the one that runs cells; without this note an answer need not wait for a running cell.
        vars(self.comm).pop("_reply_subshell_id", None)
        self.on_msg(self._receive)

    def _receive(self, _widget: object, content: Any, _buffers: object) -> None:
        kind = content.get("kind") if isinstance(content, dict) else None
        if kind == "answer":
            self._take(content)
        elif kind == "again" and self._practice:
            self._mix()

    def _take(self, content: Mapping[str, Any]) -> None:
        reply = {"by": content.get("by"), "seq": content.get("seq"), "saved": False, "lost": False}
        try:
            answer = self._answer(content.get("response"), content.get("confidence"))
        except JournalError as error:
            self.state = self.state | {"told": reply | {"lost": True, "message": str(error)}}
        except CourseError as error:
            self.state = self.state | {"told": reply | {"message": str(error)}}
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            self.state = self.state | {"told": reply | {"lost": True, "message": message}}
            raise
        else:
            self.state = self._state(answer) | {"told": reply | {"saved": True, "message": ""}}

    def _answer(self, response: Any, confidence: Any) -> "Answer":
        answer = self._quiz.answer(self._public["id"], response, confidence)
        if answer.event:
            self._answered().add(self._public["id"])
        return answer

    def _answered(self) -> set[str]:
        return self._saved.setdefault(self._quiz.journal.path, set())

    def _recorded(self) -> dict[str, Any]:
        """What is saved, or what is in the way of reading it."""
        try:
            self._saved[self._quiz.journal.path] = set(self._quiz.journal.read())
            is_program = self._public["type"] in PROGRAMS
            return self._state(None if is_program else self._quiz.recorded(self._public["id"]))
        except JournalError as error:
            return self._state(None) | {"problem": str(error)}

    def _state(self, answer: "Answer | None") -> dict[str, Any]:
        state = widget_view.told(answer) | {"problem": "", "told": None}
        if self._tried:
            state |= {"examples": widget_view.examples(self._tried)}
        if self._practice:
            return state
        used = answer.event.attempt or 1 if answer and answer.event else 0
        most = self._policy.get("attempts")
        left = None if most is None else max(most - used, 0)
        return state | {"attempts_left": left, "progress": self._progress()}

    def _progress(self) -> dict[str, Any]:
        """How many of the quiz's answers are saved; those that stand in the notebook aside."""
        items = self._quiz.items.values()
        asked = {item["id"] for item in items if item["type"] not in PROGRAMS}
        return {"saved": len(asked & self._answered()), "of": len(asked), "at": time.time()}

    @property
    def _policy(self) -> Mapping[str, Any]:
        return shown.rules(self._quiz.place.policy, self._public)

    def _shown(self) -> dict[str, Any]:
        path = str(self._quiz.journal.path)
        folder = hashlib.sha256(path.encode()).hexdigest()[:12]
        key = {"key": f"{folder}/{self._public['id']}", "practice": self._practice}
        return widget_view.shown(self._public, self._policy) | key | {"line": self._line()}

    def _line(self) -> dict[str, Any]:
        """What a line of the journal holds besides the answer: for answers that can't be saved."""
        place, item = self._quiz.place, self._public
        line = {"assignment": self._quiz.name, "item": item["id"], "bank": place.bank}
        line |= {"variant": item["variant"], "student": place.student} if "variant" in item else {}
        return line | ({"digest": item["digest"]} if "digest" in item else {})

    def _mix(self) -> None:
        """The item once more: another variant, its options in another order."""
        self._quiz = self._quiz.practice()
        self._public = self._quiz.items[self._public["id"]]
        self.state = self._state(None)
        self.set_trait("item", self._shown())

    @property
    def _response(self) -> Any:
        return self.state.get("response")

    def __repr__(self) -> str:
        return repr(self._tried) if self._tried else static.text(self._public, self._response)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        data["text/plain"] = repr(self)
        tried = self._tried._repr_html_() if self._tried else None
        data["text/html"] = (tried or static.page(self._public, self._response)) + _TO_ANSWER
        return data, metadata
