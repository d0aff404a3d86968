"""Quizzes in a notebook: `quiz("01_first_call").ask("01-first-call-03")`.

The package can be called, and gives a Quiz. Its files, in reading order:

    fields, items            what a question is
    bank, complete           bank.toml, read; what it still needs
    variants, drawn          arithmetic in its texts; numbers drawn for a student
    resolve, keys            facts and numbers put in; what must be right then
    units, numbers, words    numbers with their units, short texts
    answers, score, verdict  reading a response, and what it is worth
    difference, judge        what a function gave back, and what it is worth
    boxes, buckets, contents, seal    feedback that opens with its answer
    release, itemsfile       what a student receives, and reading it
    shown, place             what one student is shown, and where that lies
    event, journal           a learner's answers
    markup, static           texts, and items without a widget
    trial, practice          trying a function, and practising
    widget                   an item to answer
    live                     the same quiz, answered by the whole room at once
    handin, archive, collect the way to the teacher
"""

import difflib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from course.errors import CourseError
from course.quiz import answers, markup, shown, static
from course.quiz.journal import Event, Journal, JournalError
from course.quiz.place import Place, execution, locate
from course.quiz.seal import Feedback, Part, open_feedback

__all__ = ["Answer", "Quiz"]

LATER = "Feedback comes later: this quiz shows it after grading."
BY_HAND = "A person reads this answer and gives the points."
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
            parts = self.feedback.parts if self.item["type"] != "single" else ()
            lines += [f"{part.option}: {_part(part)}" for part in parts]
        return "\n".join(line for line in [*lines, self.note] if line)


class Quiz:
    """One quiz in its folder; making it writes nothing."""

    def __init__(self, name: str):
        self.place: Place = locate(name)
        self.name, self.title, self.items = self.place.name, self.place.title, self.place.items
        self.journal = Journal(self.place.journal_path, self.name)

    def ask(self, item_id: str, *, function: Callable[..., Any] | None = None) -> Any:
        """The question as a widget: the last line of its own cell.

        Where the answer is a function, the examples that are shown are tried with it: the one
        of that name in the notebook, or `function`. While nbgrader grades: its text with the
        recorded answer, and 0 until the score is set.
        """
        item = self._item(item_id)
        if execution():
            return self._shown_while_grading(item)
        if item["type"] in answers.PROGRAMS:
            from course.quiz import trial

            tried = trial.run(item, function or trial.find(item["function"]))
            return self._widget(item, tried=tried)
        return self._widget(item)

    def answer(self, item_id: str, response: Any, confidence: str | None = None) -> Answer:
        """Check a response and save it: `quiz(…).answer("01-first-call-03", "B")`.

        `confidence` is "sure" or "guess". Raises CourseError for what is no answer to the item,
        when the quiz is not open, or when no attempt is left, and JournalError (a CourseError)
        when it can't be saved. While nbgrader grades, nothing is written.
        """
        item = self._item(item_id)
        checked, sure = answers.check(item, response), shown.confidence(confidence)
        if execution():
            return Answer(item, checked, None, None, "This run is for grading.")
        rules = shown.rules(self.place.policy, item)
        if why := shown.refusal(rules, _now()):
            raise CourseError(why)
        line = {"confidence": sure, "digest": item.get("digest")}
        if "variant" in item:
            line |= {"variant": item["variant"], "student": self.place.student}
        event = self.journal.append(
            item["id"], checked, bank=self.place.bank, attempts=rules.get("attempts"), **line
        )
        return self._heard(item, checked, event)

    def order(self, item: str | Mapping[str, Any]) -> list[str]:
        """The ids of the item's options in the order in which this student sees them."""
        found = self._item(item if isinstance(item, str) else item["id"])
        return [option["id"] for option in found["options"]]

    def practice(self) -> "Quiz":
        """The same quiz to practise with: reshuffled, and its answers go nowhere."""
        from course.quiz.practice import Practice

        return Practice(self)

    def live(self, code: str, *, server: str | None = None, name: str | None = None) -> Any:
        """The live class with this code as a widget; nothing of it goes into the journal.

        `server` is the address on the screen (default: COURSE_LIVE), `name` what the class sees.
        """
        from course.quiz import live

        return live.join(self, code, server=server, name=name)

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
        """The ids of the items that are still open, in the order of the quiz.

        Functions are not among them: they stand in the notebook and not in the journal.
        """
        answered = self.responses()
        return [name for name in self._recordable() if name not in answered]

    def submit(self, student: str | None = None) -> Any:
        """Hand the answers in; returns a receipt that says what went where and what is open.

        With an empty name, as the last cell of a quiz is released, nothing is handed in.
        """
        from course.quiz import handin

        return handin.submit(self, student=student)

    def __repr__(self) -> str:
        still_open = self.unanswered()
        of = len(self._recordable())
        done = f"{self.name}: {of - len(still_open)} of {of} answered"
        lines = [f"{done}; open: {', '.join(still_open)}" if still_open else done]
        if self.place.edition == "solutions":
            lines.append("This is the solutions edition: answers last until the kernel stops.")
        return "\n".join(lines + self.journal.problems)

    def _item(self, item_id: str) -> Mapping[str, Any]:
        if isinstance(item_id, str) and item_id in self.items:
            return self.items[item_id]
        near = difflib.get_close_matches(str(item_id), self.items, n=3) or list(self.items)
        raise CourseError(f"{self.name} has no item {item_id!r}; try {', '.join(near)}.")

    def _recordable(self) -> list[str]:
        return [name for name, item in self.items.items() if item["type"] not in answers.PROGRAMS]

    def _widget(self, item: Mapping[str, Any], **more: Any) -> Any:
        from course.quiz.widget import ItemWidget  # a script that calls answer() needs none

        return ItemWidget(self, item, **more)

    def _heard(self, item: Mapping[str, Any], response: Any, event: Event | None) -> Answer:
        count = self._attempt(item, event)
        if "sealed" not in item:
            later = BY_HAND if item.get("by_hand") else LATER
            return Answer(item, response, event, None, f"{later} {count}".strip())
        try:
            feedback = open_feedback(item, response)
        except Exception:  # whatever lies in the file: the answer is saved, and that must be told
            feedback = None
        note = count if feedback else f"{BROKEN} {count}".strip()
        return Answer(item, response, event, feedback, note)

    def _attempt(self, item: Mapping[str, Any], event: Event | None) -> str:
        most = shown.rules(self.place.policy, item).get("attempts")
        return f"Attempt {event.attempt} of {most}." if most and event and event.attempt else ""

    def _shown_while_grading(self, item: Mapping[str, Any]) -> int | None:
        is_program = item["type"] in answers.PROGRAMS
        try:
            response = _checked(item, self.journal.read().get(item["id"]))
        except JournalError as error:  # told, but the notebook goes on
            response = print(error)
        print(static.text(item, response))
        if not is_program:
            print("Answer: " + ("none" if response is None else static.told(item, response)))
        if execution() != "validate":
            return 0  # the scorer sets the points
        if is_program:
            return self._validate(item)
        if response is None:
            raise CourseError(f"{item['id']} is not answered yet.")
        return None

    def _validate(self, item: Mapping[str, Any]) -> None:
        from course.quiz import trial

        tried = trial.run(item, trial.find(item["function"]))
        if not tried.is_right:
            raise CourseError(f"{item['id']} is not right yet.\n{tried.told()}")


def _checked(item: Mapping[str, Any], event: Event | None) -> Any:
    """The response of an event as the item reads it; None for one that does not fit it."""
    if event is None or event.variant != item.get("variant"):
        return None
    try:
        return answers.check(item, event.response)
    except CourseError:
        return None


def _part(part: Part) -> str:
    return markup.plain(part.text) or ("right" if part.right else "not right yet")


def _now() -> datetime:
    return datetime.now(UTC)


class _CallablePackage(ModuleType):
    def __call__(self, name: str) -> Quiz:
        """The quiz of that name, found from the folder of the notebook."""
        return Quiz(name)


sys.modules[__name__].__class__ = _CallablePackage
