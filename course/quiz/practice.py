"""Practice: the same items in another order, other variants, and answers that go nowhere."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from course.errors import CourseError
from course.quiz import Answer, Quiz, answers, shown
from course.quiz.journal import Journal

NOTHING_SAVED = "This is practice: nothing is saved."


class Practice(Quiz):
    """A quiz whose answers are kept in memory only, each item as often as one likes.

    An item that counts a limited number of answers can be practised once these are used up, or
    when it has closed; with variants at any time, for practice shows another one.
    """

    def __init__(self, graded: Quiz, *, seed: object = None):
        self.graded, self._random = graded, random.Random(seed)
        self.items = {name: self._mixed(name) for name in graded.items}
        path = graded.place.journal_path.with_name("practice.jsonl")  # never made
        self.place = replace(graded.place, items=self.items, journal_path=path)
        self.name, self.title = graded.name, graded.title
        self.journal = Journal(path, graded.name)
        self._given: dict[str, Answer] = {}

    def answer(self, item_id: str, response: Any, confidence: str | None = None) -> Answer:
        """Check a response and hear the feedback; the journal is not touched."""
        item = self._open(item_id)
        checked, _ = answers.check(item, response), shown.confidence(confidence)
        self._given[item["id"]] = self._heard(item, checked, None)
        return self._given[item["id"]]

    def ask(self, item_id: str, **more: Any) -> Any:
        """The question as a widget that saves nothing."""
        self._open(item_id)
        return super().ask(item_id, **more)

    def recorded(self, item_id: str) -> Answer | None:
        """The last answer to the item in this practice."""
        return self._given.get(self._item(item_id)["id"])

    def responses(self) -> dict[str, Any]:
        """The responses of this practice by item id, in the order of the quiz."""
        return {name: self._given[name].response for name in self.items if name in self._given}

    def practice(self) -> "Practice":
        """The graded quiz to practise with, mixed anew."""
        return Practice(self.graded)

    def submit(self, student: str | None = None) -> Any:
        """CourseError: practice is not handed in."""
        raise CourseError("Practice is not handed in; hand in the quiz itself.")

    def _widget(self, item: Mapping[str, Any], **more: Any) -> Any:
        from course.quiz.widget import ItemWidget

        return ItemWidget(self, item, practice=True, **more)

    def _heard(self, item: Mapping[str, Any], response: Any, event: object) -> Answer:
        heard = super()._heard(item, response, None)
        return replace(heard, note=f"{heard.note} {NOTHING_SAVED}".strip())

    def _mixed(self, name: str) -> dict[str, Any]:
        item, own = dict(self.graded.place.released[name]), self.graded.items[name]
        if "variants" in item:
            others = [each for each in item["variants"] if each["variant"] != own.get("variant")]
            item = dict(self._random.choice(others or item["variants"]))
        item["options"] = self._random.sample(item["options"], len(item["options"]))
        return item

    def _open(self, item_id: str) -> Mapping[str, Any]:
        """The item if it may be practised, else CourseError saying when."""
        item = self._item(item_id)
        rules, now = shown.rules(self.place.policy, item), datetime.now(UTC)
        why = shown.refusal(rules | {"closes": None}, now)
        if why:
            raise CourseError(why)
        most, closed = rules.get("attempts"), shown.refusal(rules | {"opens": None}, now)
        if most and not closed and "variant" not in item and self._used(item["id"]) < most:
            raise CourseError(
                f"{item['id']} counts at most {most} answers: it can be practised when they are "
                "given, or when the quiz has closed."
            )
        return item

    def _used(self, name: str) -> int:
        return sum(event.item == name for event in self.graded.journal.events())
