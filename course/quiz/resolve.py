"""From an item as written to an item that can be shown and scored: texts filled, numbers known."""

import difflib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from course.errors import CourseError
from course.quiz import drawn, keys, variants
from course.quiz.fields import Case, Tolerance, plain_json
from course.quiz.items import Gap, Item, Option, Question

# A key outside these is a slip of the pen, and no unit turns it into a readable number.
_LARGEST = Decimal("1e30")

# For a name that is told to be wrong, so that the rest of the item is read all the same.
_STAND_IN = Decimal(1)


def items(
    written: Iterable[Item], facts: Mapping[str, object], *, assignment: str = ""
) -> tuple[tuple[Item, ...], list[str]]:
    """The items worked out from `facts`, and a sentence for each mistake found in them.

    The variants of items with parameters are those of the quiz called `assignment`.
    """
    written = list(written)
    problems = [
        f"item {name}, field id: {count} items have this id; each needs its own."
        for name, count in Counter(item.id for item in written).items()
        if count > 1
    ]
    done = []
    for item in written:
        item, found = _item(item, facts, assignment)
        done.append(item)
        problems += [f"item {item.id}, {said}" for said in dict.fromkeys(found)]
    return tuple(done), problems


def _item(item: Item, facts: Mapping[str, object], assignment: str) -> tuple[Item, list[str]]:
    if not item.parameters:
        work = _Work(item, facts, {})
        return work.done(), work.problems
    made, problems = [], []
    for number, values in enumerate(drawn.values(item, assignment=assignment)):
        work = _Work(item, facts, values)
        made.append(work.done().model_copy(update={"number": number}))
        problems += work.problems
        if work.problems:  # the other variants would tell the same
            break
    return made[0].model_copy(update={"drawn": tuple(made)}), problems


class _Work:
    """One variant being worked out; mistakes are collected so that all are told at once."""

    def __init__(self, item: Item, facts: Mapping[str, object], parameters: Mapping[str, object]):
        self.item = item
        self.problems: list[str] = []
        self.names = self._names(facts, parameters)

    def done(self) -> Item:
        item = self.item
        changes = self._question("", item) | {"stem": self._fill("stem", item.stem, self.names)}
        changes["prompts"] = tuple(
            self._option(f"prompts.{prompt.id}", prompt, self.names) for prompt in item.prompts
        )
        changes["gaps"] = tuple(self._gap(gap) for gap in item.gaps)
        changes["cases"] = tuple(
            self._case(f"cases.number {place}", case)
            for place, case in enumerate(item.cases, start=1)
        )
        item = item.model_copy(update=changes)
        for field, said in keys.problems(item):
            self._problem(field, said)
        return item

    def _gap(self, gap: Gap) -> Gap:
        return gap.model_copy(update=self._question(f"gaps.{gap.id}.", gap))

    def _question(self, at: str, item: Question) -> dict[str, Any]:
        """The worked-out fields of an item or a gap; `at` stands before their names."""
        key, names, option = self._key(f"{at}key", item), self.names, self._option
        if item.type == "numeric":
            # Feedback may tell the key, the stem may not: only here is `key` a name.
            names = names | {"key": key if isinstance(key, Decimal) else _STAND_IN}
            option = self._anticipated
        options = tuple(option(f"{at}options.{each.id}", each, names) for each in item.options)
        if item.type == "numeric":
            self._check_right_option(at, key, options)
        return {
            "key": key,
            "options": options,
            "feedback": self._fill(f"{at}feedback", item.feedback, names),
            "tolerance": self._tolerance(f"{at}tolerance", item.tolerance),
            "accept": tuple(self._fill(f"{at}accept", each, names) for each in item.accept),
            "pattern": self._fill(f"{at}pattern", item.pattern, names),
        }

    def _names(
        self, facts: Mapping[str, object], parameters: Mapping[str, object]
    ) -> dict[str, object]:
        found = dict.fromkeys(self.item.facts, _STAND_IN)
        for name, fact in self.item.facts.items():
            self._check_name(f"facts.{name}", name)
            if fact not in facts:
                near = difflib.get_close_matches(fact, facts, n=3)
                hint = f"near to it: {', '.join(near)}" if near else "no fact is near to it"
                self._problem(f"facts.{name}", f"there is no fact {fact!r} ({hint}).")
            else:
                found[name] = facts[fact]
        for name in self.item.parameters:
            self._check_name(f"parameters.{name}", name)
            if name in self.item.facts:
                self._problem(f"parameters.{name}", "a fact has this name already.")
        return found | dict(parameters)

    def _check_name(self, field: str, name: str) -> None:
        if not name.isidentifier() or variants.is_function(name) or name == "key":
            self._problem(field, "expected a plain name that is not key or a function's name.")

    def _key(self, field: str, item: Question) -> Any:
        if item.type == "numeric":
            return None if item.key is None else self._number(field, item.key)
        return self._filled_key(field, item.key)

    def _filled_key(self, field: str, key: Any) -> Any:
        """An option id may be a place to fill, also inside a list or table."""
        if isinstance(key, str):
            return self._fill(field, key, self.names)
        if isinstance(key, list):
            return [self._filled_key(field, part) for part in key]
        if isinstance(key, dict):
            return {name: self._filled_key(field, part) for name, part in key.items()}
        return key

    def _option(self, field: str, option: Option, names: Mapping[str, object]) -> Option:
        return option.model_copy(
            update={
                "text": self._fill(f"{field}.text", str(option.text), names),
                "feedback": self._fill(f"{field}.feedback", option.feedback, names),
            }
        )

    def _anticipated(self, field: str, option: Option, names: Mapping[str, object]) -> Option:
        value = self._number(f"{field}.text", option.text)
        return self._option(field, option, names).model_copy(update={"value": value})

    def _tolerance(self, field: str, written: Tolerance | None) -> Tolerance | None:
        if written is None:
            return None
        sizes = {
            name: self._number(f"{field}.{name}", getattr(written, name))
            for name in ("absolute", "relative")
        }
        if None in sizes.values():
            return Tolerance()
        return self._tried(field, lambda: _sensible(sizes)) or Tolerance()

    def _case(self, field: str, case: Case) -> Case:
        given = {
            name: self._tried(f"{field}.{name}", lambda name=name: self._value(getattr(case, name)))
            for name in ("arguments", "named", "expected")
        }
        sizes = self._tolerance(f"{field}.tolerance", case.tolerance)
        return case.model_copy(update=given | {"tolerance": sizes})

    def _value(self, value: Any) -> Any:
        """A case's value; a text that is one place to fill, "{= price * 2}", is a number."""
        if isinstance(value, list):
            return [self._value(each) for each in value]
        if isinstance(value, dict):
            return {name: self._value(each) for name, each in value.items()}
        found = variants.only_place(value, self.names) if isinstance(value, str) else None
        if found is None:
            return value
        if isinstance(found, Decimal):
            return int(found) if found == found.to_integral_value() else float(found)
        return plain_json(found)

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

    def _check_right_option(self, at: str, key: Decimal | None, options: Iterable[Option]) -> None:
        for option in options:
            if option.id == "right" and None not in (key, option.value) and option.value != key:
                self._problem(
                    f"{at}options.right.text",
                    f"it is {variants.plain(option.value)}, but the key is {variants.plain(key)}; "
                    "the option called right holds the key.",
                )

    def _tried(self, field: str, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except CourseError as error:
            return self._problem(field, str(error))

    def _problem(self, field: str, said: str) -> None:
        self.problems.append(f"field {field}: {said}")


def _sensible(sizes: Mapping[str, Decimal]) -> Tolerance:
    if min(sizes.values()) < 0 or sizes["relative"] > Decimal("0.5"):
        raise CourseError("expected sizes not below 0, and a relative one of at most 0.5.")
    return Tolerance(**sizes)


def _within_bounds(value: Decimal) -> Decimal:
    if not value.is_finite() or abs(value) > _LARGEST or 0 < abs(value) < 1 / _LARGEST:
        raise CourseError("expected a number of ordinary size.")
    return value
