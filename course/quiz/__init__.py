"""Quizzes in a notebook: `quiz("01_first_call").ask("01-first-call-03")`.

The package can be called, and gives a Quiz. Its files, in reading order:

    items      what a question is          bank      bank.toml, read and worked out
    variants   arithmetic in its texts     resolve   facts and numbers put in
    units      units of numbers            score     what a response is worth
    seal       feedback that opens with its answer
    release    what a student receives     place     where that lies
    journal    a learner's answers         markup, static   texts, and items without a widget
    widget     an item to answer           handin, archive, collect   the way to the teacher
"""

import difflib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from course.errors import CourseError
from course.quiz import markup, score, static
from course.quiz.journal import Event, Journal, JournalError
from course.quiz.place import Place, execution, locate
from course.quiz.seal import Feedback, open_feedback

__all__ = ["Answer", "Quiz"]

LATER = "Feedback comes later: this quiz shows it after grading."
BROKEN = "The feedback on it can't be opened: items.json is damaged."


@dataclass(frozen=True, repr=False)
class Answer:
    """A response to an item; `event` is its line in the journal, None when nothing was written."""

    item: Mapping[str, Any]
    response: Any
    event: Event | None
    feedback: Feedback | None
    note: str = ""

    def __repr__(self) -> str:
        told = static.told(self.item, self.response)
        lines = [f"{'Saved' if self.event else 'Not saved'}: {told}"]
        if self.feedback:
            lines.append("Right." if self.feedback.right else "Not right yet.")
            lines.append(markup.plain(self.feedback.text))
            if self.item["type"] == "multiple":
                parts = self.feedback.parts
                lines += [f"{part.option}: {markup.plain(part.text)}" for part in parts]
        return "\n".join(line for line in [*lines, self.note] if line)


class Quiz:
    """One quiz in its folder; making it writes nothing."""

    def __init__(self, name: str):
        self.place: Place = locate(name)
        self.name, self.title, self.items = self.place.name, self.place.title, self.place.items
        self.journal = Journal(self.place.journal_path, self.name)

    def ask(self, item_id: str) -> Any:
        """The question as a widget: the last line of its own cell.

        While nbgrader grades: its text with the recorded answer, and 0 until the score is set.
        """
        item = self._item(item_id)
        if execution():
            return self._shown_while_grading(item)
        from course.quiz.widget import ItemWidget  # a script that calls answer() needs none

        return ItemWidget(self, item)

    def answer(self, item_id: str, response: Any) -> Answer:
        """Check a response and save it: `quiz(…).answer("01-first-call-03", "B")`.

        Raises CourseError for what is no answer to the item, and JournalError (a CourseError)
        when it can't be saved. While nbgrader grades, nothing is written.
        """
        item = self._item(item_id)
        checked = score.check(item, response)
        if execution():
            return Answer(item, checked, None, None, "This run is for grading.")
        event = self.journal.append(item["id"], checked, bank=self.place.bank)
        return self._heard(item, checked, event)

    def recorded(self, item_id: str) -> Answer | None:
        """The answer in the journal, with its feedback; None when there is no valid one."""
        item = self._item(item_id)
        event = self.journal.read().get(item["id"])
        response = _checked(item, event)
        return None if response is None else self._heard(item, response, event)

    def responses(self) -> dict[str, Any]:
        """The valid recorded responses by item id, in the order of the quiz."""
        events = self.journal.read()
        found = {name: _checked(item, events.get(name)) for name, item in self.items.items()}
        return {name: response for name, response in found.items() if response is not None}

    def unanswered(self) -> list[str]:
        """The ids of the items that are still open, in the order of the quiz."""
        answered = self.responses()
        return [name for name in self.items if name not in answered]

    def submit(self, student: str | None = None) -> Any:
        """Hand the answers in; returns a receipt that says what went where and what is open.

        With an empty name, as the last cell of a quiz is released, nothing is handed in.
        """
        from course.quiz import handin

        return handin.submit(self, student=student)

    def __repr__(self) -> str:
        still_open = self.unanswered()
        done = f"{self.name}: {len(self.items) - len(still_open)} of {len(self.items)} answered"
        lines = [f"{done}; open: {', '.join(still_open)}" if still_open else done]
        if self.place.edition == "solutions":
            lines.append("This is the solutions edition: answers last until the kernel stops.")
        return "\n".join(lines + self.journal.problems)

    def _item(self, item_id: str) -> Mapping[str, Any]:
        if isinstance(item_id, str) and item_id in self.items:
            return self.items[item_id]
        near = difflib.get_close_matches(str(item_id), self.items, n=3) or list(self.items)
        raise CourseError(f"{self.name} has no item {item_id!r}; try {', '.join(near)}.")

    def _heard(self, item: Mapping[str, Any], response: Any, event: Event | None) -> Answer:
        if "sealed" not in item:
            return Answer(item, response, event, None, LATER)
        try:
            feedback = open_feedback(item, response)
        except Exception:  # whatever lies in the file: the answer is saved, and that must be told
            feedback = None
        return Answer(item, response, event, feedback, "" if feedback else BROKEN)

    def _shown_while_grading(self, item: Mapping[str, Any]) -> int | None:
        try:
            response = _checked(item, self.journal.read().get(item["id"]))
        except JournalError as error:  # told, but the notebook goes on
            response = print(error)
        print(static.text(item, response))
        print("Answer: " + ("none" if response is None else static.told(item, response)))
        if execution() != "validate":
            return 0  # the scorer sets the points
        if response is None:
            raise CourseError(f"{item['id']} is not answered yet.")
        return None


def _checked(item: Mapping[str, Any], event: Event | None) -> Any:
    """The response of an event as the item reads it; None for one that does not fit it."""
    try:
        return score.check(item, event.response) if event else None
    except CourseError:
        return None


class _CallablePackage(ModuleType):
    def __call__(self, name: str) -> Quiz:
        """The quiz of that name, found from the folder of the notebook."""
        return Quiz(name)


sys.modules[__name__].__class__ = _CallablePackage
