"""From an item as written to an item that can be shown and scored: texts filled, numbers known."""

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from course.errors import CourseError
from course.quiz import units, variants
from course.quiz.items import Item, Option

# A key outside these is a slip of the pen, and no unit turns it into a readable number.
_LARGEST = Decimal("1e30")

# For a name that is told to be wrong, so that the rest of the item is read all the same.
_STAND_IN = Decimal(1)


def items(
    written: Iterable[Item], facts: Mapping[str, object]
) -> tuple[tuple[Item, ...], list[str]]:
    """The items worked out from `facts`, and a sentence for each mistake found in them."""
    written = list(written)
    problems = [
        f"item {name}, field id: {count} items have this id; each needs its own."
        for name, count in Counter(item.id for item in written).items()
        if count > 1
    ]
    done = []
    for item in written:
        work = _Work(item, facts)
        done.append(work.done())
        problems += work.problems
    return tuple(done), problems


class _Work:
    """One item being worked out; mistakes are collected so that all are told at once."""

    def __init__(self, item: Item, facts: Mapping[str, object]):
        self.item = item
        self.problems: list[str] = []
        self.names = self._names(facts)

    def done(self) -> Item:
        item = self.item
        if item.type == "numeric":
            return self._numeric()
        self._check_options()
        check = {"single": self._check_single, "multiple": self._check_multiple}.get(item.type)
        if check and item.key is not None:
            check()
        options = tuple(self._option(option, self.names) for option in item.options)
        return item.model_copy(update=self._texts(self.names) | {"options": options})

    def _numeric(self) -> Item:
        item = self.item
        self._check_options()
        self._check_units()
        if item.tolerance is None:
            self._problem("tolerance", "it is missing; expected a number or a table, 0 for exact.")
        key, names = None, self.names
        if item.key is not None:
            key = self._number("key", item.key)
            # Feedback may tell the key, the stem may not: only here is `key` a name.
            names = names | {"key": _STAND_IN if key is None else key}
        options = tuple(self._anticipated(option, names) for option in item.options)
        self._check_right_option(key, options)
        return item.model_copy(update=self._texts(names) | {"key": key, "options": options})

    def _names(self, facts: Mapping[str, object]) -> dict[str, object]:
        found = dict.fromkeys(self.item.facts, _STAND_IN)
        for name, fact in self.item.facts.items():
            field = f"facts.{name}"
            if not name.isidentifier() or variants.is_function(name) or name == "key":
                self._problem(field, "expected a plain name that is not key or a function's name.")
            elif fact not in facts:
                near = difflib.get_close_matches(fact, facts, n=3)
                hint = f"near to it: {', '.join(near)}" if near else "no fact is near to it"
                self._problem(field, f"there is no fact {fact!r} ({hint}).")
            else:
                found[name] = facts[fact]
        return found

    def _texts(self, names: Mapping[str, object]) -> dict[str, str]:
        return {
            "stem": self._fill("stem", self.item.stem, self.names),
            "feedback": self._fill("feedback", self.item.feedback, names),
        }

    def _option(self, option: Option, names: Mapping[str, object]) -> Option:
        field = f"options.{option.id}"
        return option.model_copy(
            update={
                "text": self._fill(f"{field}.text", str(option.text), names),
                "feedback": self._fill(f"{field}.feedback", option.feedback, names),
            }
        )

    def _anticipated(self, option: Option, names: Mapping[str, object]) -> Option:
        value = self._number(f"options.{option.id}.text", option.text)
        return self._option(option, names).model_copy(update={"value": value})

    def _fill(self, field: str, text: str, names: Mapping[str, object]) -> str:
        return self._tried(field, lambda: variants.fill(text, names)) or ""

    def _number(self, field: str, written: object) -> Decimal | None:
        if isinstance(written, bool) or not isinstance(written, str | int | Decimal):
            return self._problem(field, "expected a number or an expression in quotes.")
        if isinstance(written, str):
            return self._tried(field, lambda: self._worked_out(written))
        return self._tried(field, lambda: _within_bounds(Decimal(written)))

    def _worked_out(self, written: str) -> Decimal:
        text = variants.fill(written, self.names) if "{" in written else written
        return _within_bounds(variants.evaluate(text, self.names))

    def _check_options(self) -> None:
        for name, count in Counter(option.id for option in self.item.options).items():
            if count > 1:
                self._problem("options", f"{count} options have the id {name!r}.")

    def _check_single(self) -> None:
        ids = [option.id for option in self.item.options]
        if self.item.key not in ids:
            self._problem("key", f"{self.item.key!r} found, expected one of {', '.join(ids)}.")

    def _check_multiple(self) -> None:
        key, ids = self.item.key, [option.id for option in self.item.options]
        if not isinstance(key, list) or not all(isinstance(part, str) for part in key):
            self._problem("key", f"{key!r} found, expected a list of option ids.")
            return
        for part in dict.fromkeys(key):
            if part not in ids:
                self._problem("key", f"{part!r} found, expected some of {', '.join(ids)}.")
            if key.count(part) > 1:
                self._problem("key", f"{part!r} stands in the list {key.count(part)} times.")

    def _check_units(self) -> None:
        item = self.item
        if not item.unit:
            self._problem("unit", f"it is missing; expected one such as {units.known()[0]}.")
        elif self._tried("unit", lambda: units.unit(item.unit)):
            for name in item.units:
                self._tried("units", lambda name=name: units.convert(Decimal(1), name, item.unit))

    def _check_right_option(self, key: Decimal | None, options: Iterable[Option]) -> None:
        for option in options:
            if option.id == "right" and None not in (key, option.value) and option.value != key:
                self._problem(
                    "options.right.text",
                    f"it is {variants.plain(option.value)}, but the key is {variants.plain(key)}; "
                    "the option called right holds the key.",
                )

    def _tried(self, field: str, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except CourseError as error:
            return self._problem(field, str(error))

    def _problem(self, field: str, said: str) -> None:
        self.problems.append(f"item {self.item.id}, field {field}: {said}")


def _within_bounds(value: Decimal) -> Decimal:
    if not value.is_finite() or abs(value) > _LARGEST or 0 < abs(value) < 1 / _LARGEST:
        raise CourseError("expected a number of ordinary size.")
    return value
