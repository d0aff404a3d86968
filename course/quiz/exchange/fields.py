"""From a question found in a file to the fields of an item in bank.toml."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from course.errors import CourseError
from course.quiz import units
from course.quiz.exchange import notes
from course.quiz.exchange.found import Answer, Question
from course.quiz.exchange.losses import Losses

NO_UNIT = "times"
"""ASSUMPTION: a number without a unit in the file is a plain number, the course's `times`."""

_WORKED_OUT = re.compile(r"\{=([^{}]*\})")
_SHARES_APART = Decimal("0.02")


def of(question: Question, name: str, losses: Losses) -> dict[str, Any]:
    """The fields of the item `name`, besides id and tags; what does not fit goes to `losses`."""
    work = _Work(name, losses)
    table = {"type": question.type, "points": _points(question), "stem": work.said(question.stem)}
    table |= {
        field: question.kept[field] for field in ("section", "scoring") if field in question.kept
    }
    if question.type == "cloze":
        return table | work.feedback(question) | work.gaps(question)
    return table | work.question(question)


def _points(question: Question) -> int | Decimal:
    points = question.points
    if points is None:
        points = Decimal(str(question.kept.get("points", 1)))
    return int(points) if points == int(points) else points


class _Work:
    def __init__(self, name: str, losses: Losses):
        self.name, self.losses = name, losses

    def question(self, question: Question) -> dict[str, Any]:
        """The fields of an item or a gap that its type decides on."""
        kinds: dict[str, Callable[[Question], dict[str, Any]]] = {
            "single": self._choice,
            "multiple": self._choice,
            "numeric": self._numeric,
            "text": self._text,
            "order": self._order,
            "match": self._match,
        }
        return self.feedback(question) | kinds[question.type](question)

    def gaps(self, question: Question) -> dict[str, Any]:
        """The gaps of a cloze; their marks in the stem are g1, g2, … or the kept ids."""
        kept = question.kept.get("gaps", [])
        kept = kept if len(kept) == len(question.gaps) else [{}] * len(question.gaps)
        made = []
        for place, (gap, own) in enumerate(zip(question.gaps, kept, strict=True)):
            gap.kept = own
            weight = Decimal(str(own.get("weight") or gap.weight))
            weight = int(weight) if weight == int(weight) else weight
            name = own.get("id", f"g{place + 1}")
            table = {"id": name, "type": gap.type, "weight": weight} | self.question(gap)
            made.append(table)
        stem = self.said(question.stem)
        for place, gap in enumerate(made):
            stem = stem.replace(f"[[\ue000{place}]]", f"[[{gap['id']}]]")
        return {"stem": stem, "gaps": made}

    def feedback(self, question: Question) -> dict[str, str]:
        return {"feedback": self.said(question.feedback)} if question.feedback.strip() else {}

    def lose(self, what: str) -> None:
        self.losses.add(self.name, what)

    def said(self, text: str) -> str:
        """A text that the bank shows as it is: it would work out what stands in `{= }`."""
        if _WORKED_OUT.search(text):
            self.lose("a space was put into {=, which a bank would work out.")
        return _WORKED_OUT.sub(r"{ =\1", text)

    def _option(self, name: str, answer: Answer, text: object = None) -> dict[str, Any]:
        table = {"id": name, "text": self.said(answer.text) if text is None else text}
        return table | ({"feedback": self.said(answer.feedback)} if answer.feedback.strip() else {})

    def _choice(self, question: Question) -> dict[str, Any]:
        names = notes.ids(question.kept, "options", len(question.answers), "A")
        options = [self._option(*pair) for pair in zip(names, question.answers, strict=True)]
        right = [name for name, each in zip(names, question.answers, strict=True) if each.share > 0]
        table: dict[str, Any] = {"options": options}
        if question.type == "multiple":
            self._check_shares(question.answers)
            return table | ({"key": right} if right else {})
        best = max(question.answers, key=lambda each: each.share, default=None)
        if len(right) > 1:
            self.lose(
                "several options earn points in a single choice; the best of them is the key."
            )
        return table | ({"key": names[question.answers.index(best)]} if right else {})

    def _check_shares(self, answers: list[Answer]) -> None:
        right = [answer.share for answer in answers if answer.share > 0]
        wrong = [answer.share for answer in answers if answer.share <= 0]
        for shares, whole in ((right, 1), (wrong, -1)):
            even = Decimal(whole) / (len(shares) or 1)
            if any(abs(share - even) > _SHARES_APART for share in shares):
                self.lose("its options have weights of their own; here right ones weigh the same.")
                return

    def _numeric(self, question: Question) -> dict[str, Any]:
        right = [answer for answer in question.answers if answer.share > 0]
        best = max(right, key=lambda answer: answer.share, default=None)
        if len(right) > 1:
            self.lose("several numbers earn points; the best of them is the key.")
        table: dict[str, Any] = self._units(question)
        if best is None:
            return table | {"tolerance": 0}
        table |= {"key": best.value, "tolerance": self._tolerance(question, best)}
        wrong = [answer for answer in question.answers if answer.share <= 0]
        return table | self._anticipated(question, best, wrong, text=lambda answer: answer.value)

    def _tolerance(self, question: Question, best: Answer) -> Any:
        relative = Decimal(question.kept.get("relative", "0"))
        if relative and units.EXACT.multiply(relative, abs(best.value)) == best.tolerance:
            return {"relative": relative}
        return best.tolerance

    def _units(self, question: Question) -> dict[str, Any]:
        wanted = [question.unit or question.kept.get("unit", "")]
        wanted += question.units or question.kept.get("units", [])
        known = [name for name in wanted if name and _is_unit(name, wanted[0])]
        for name in wanted:
            if name and name not in known:
                self.lose(f"the unit {name[:40]!r} is not known here.")
        if not wanted[0] or wanted[0] not in known:
            self.lose(f"a number without a unit; `{NO_UNIT}` stands for it: write the right one.")
            return {"unit": NO_UNIT}
        return {"unit": known[0]} | ({"units": known[1:]} if known[1:] else {})

    def _text(self, question: Question) -> dict[str, Any]:
        right = [answer for answer in question.answers if answer.share > 0]
        if any(answer.share < 1 for answer in right):
            self.lose("a text earns a part of the points in the file; here it earns all.")
        table: dict[str, Any] = (
            {"accept": [self.said(answer.text) for answer in right]} if right else {}
        )
        pattern = question.pattern or question.kept.get("pattern", "")
        table |= {"pattern": pattern} if pattern else {}
        wrong = [answer for answer in question.answers if answer.share <= 0]
        best = right[0] if right else Answer()
        return table | self._anticipated(question, best, wrong, text=lambda answer: None)

    def _anticipated(
        self, question: Question, best: Answer, wrong: list[Answer], *, text: Callable
    ) -> dict[str, Any]:
        """Wrong answers with their feedback, and `right` with what is said to a right one."""
        kept = [name for name in question.kept.get("options", []) if name != "right"]
        names = notes.ids({"options": kept}, "options", len(wrong), "A")
        options = [
            self._option(name, answer, text(answer))
            for name, answer in zip(names, wrong, strict=True)
        ]
        if best.feedback.strip() or "right" in question.kept.get("options", []):
            options.append(self._option("right", best, text(best)))
        return {"options": options} if options else {}

    def _order(self, question: Question) -> dict[str, Any]:
        """The answers come in their right order; the bank must not show them so."""
        texts = [answer.text for answer in question.answers]
        kept = question.kept.get("key", [])
        names = kept if len(kept) == len(texts) else _by_text(texts)
        pairs = zip(names, question.answers, strict=True)
        options = {name: self._option(name, answer) for name, answer in pairs}
        return {"key": names, "options": [options[name] for name in _shown(question, names)]}

    def _match(self, question: Question) -> dict[str, Any]:
        """The right sides are the options; a pair without a left side is one more of them."""
        texts = list(dict.fromkeys(right for _, right in question.pairs))
        kept = question.kept.get("key", [])
        names = kept if len(kept) == len(texts) else _by_text(texts)
        by_text = dict(zip(texts, names, strict=True))
        left = [(prompt, right) for prompt, right in question.pairs if prompt.strip()]
        prompts = notes.ids(question.kept, "prompts", len(left), "p")
        options = {by_text[text]: self._option(by_text[text], Answer(text)) for text in texts}
        return {
            "key": {name: by_text[right] for name, (_, right) in zip(prompts, left, strict=True)},
            "prompts": [
                {"id": name, "text": self.said(prompt)}
                for name, (prompt, _) in zip(prompts, left, strict=True)
            ],
            "options": [options[name] for name in _shown(question, names)],
        }


def _by_text(texts: list[str]) -> list[str]:
    """An id for each text, in the order of the alphabet: in that of the file they would tell."""
    by_text = sorted(range(len(texts)), key=lambda place: texts[place])
    return [notes.name_of(by_text.index(place), "A") for place in range(len(texts))]


def _shown(question: Question, names: list[str]) -> list[str]:
    """The ids in the order in which the bank has them: the kept one, else sorted."""
    shown = question.kept.get("options", [])
    return shown if sorted(shown) == sorted(names) else sorted(names, key=lambda id: (len(id), id))


def _is_unit(name: str, first: str) -> bool:
    try:
        units.convert(Decimal(1), name, first)
    except CourseError:
        return False
    return True
