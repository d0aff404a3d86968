"""QTI 1.2, read: as Canvas, Blackboard and many older systems write it.

What is right is taken from the conditions that earn points, what is said from those that show
feedback. Conditions that compute (variables, sums, areas of pictures) have no counterpart.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from course.errors import CourseError
from course.quiz.exchange import qti12_rules, qti12_text
from course.quiz.exchange.found import Answer, Question, number
from course.quiz.exchange.losses import Losses
from course.quiz.exchange.qti12_rules import Rule
from course.quiz.exchange.qti12_text import Response
from course.quiz.exchange.safe_xml import Node

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


def questions(root: Node, name: str, losses: Losses) -> Iterator[Question]:
    """The questions of a file called `name`, in order."""
    if root.name != "questestinterop":
        raise CourseError(
            f"{name}, line {root.line}: <{root.name}> found, expected <questestinterop> "
            "(QTI 1.2) or <quiz> (Moodle XML)."
        )
    sections = {
        id(item): section.attributes.get("title", "")
        for section in root.every("section")
        for item in section.nodes("item")
    }
    for item in root.every("item"):
        question = _Item(item).question()
        question.section = " ".join(sections.get(id(item), "").split())[:200]
        if question.type:
            yield question
        else:
            title = item.attributes.get("title", "")[:60] or f"line {item.line}"
            losses.add("", f"{title!r} is left out: {'; '.join(question.lost)}.")


def title_of(root: Node) -> str:
    """The title of the assessment."""
    found = next(root.every("assessment", "objectbank"), None)
    return " ".join(found.attributes.get("title", "").split())[:200] if found else ""


class _Item:
    def __init__(self, node: Node):
        self.node = node
        self.found = Question("", line=node.line, name=_name(node))
        self.fields = {
            each.text("fieldlabel").strip().lower(): each.text("fieldentry").strip()
            for each in node.every("qtimetadatafield")
        }
        shown = qti12_text.Presentation(node.first("presentation"), self.found.lost)
        self.responses, self.stem = shown.responses, shown.stem
        self.rules = qti12_rules.read(node)
        self.told = {each.attributes.get("ident", ""): each for each in node.nodes("itemfeedback")}

    def question(self) -> Question:
        """The item as a question; without a type, and with the reason, if there is none."""
        self.found.points = self._points()
        self.found.stem = self.stem("")
        kind = self.fields.get("question_type", "")
        if not self.responses:
            self._left_out("it asks for nothing")
        elif any(each.node.name in ("response_xy", "response_grp") for each in self.responses):
            self._left_out("a bank has no places in pictures and no groups")
        elif len(self.responses) == 1 and not kind.startswith(
            ("fill_in_multiple", "multiple_dropdowns")
        ):
            self._one(self.responses[0])
        elif kind == "matching_question" or (not kind and self._is_match()):
            self._match()
        else:
            self._cloze()
        return self.found

    def _left_out(self, why: str) -> None:
        self.found.type = ""
        self.found.lost.append(why)

    def _points(self) -> Decimal | None:
        for name in ("points_possible", "qmd_weighting", "cc_weighting"):
            points = number(self.fields.get(name, ""))
            if points is not None and 0 <= points <= 1000:
                return points
        return None

    def _feedback(self, name: str) -> str:
        """What is shown when only this answer's condition holds."""
        rules = [rule for rule in self.rules if rule.told and rule.answers == {name}]
        return self._told(rules)

    def _other_feedback(self) -> str:
        return self._told([rule for rule in self.rules if rule.told and rule.is_other])

    def _told(self, rules: list[Rule]) -> str:
        names = dict.fromkeys(name for rule in rules for name in rule.told)
        return "\n\n".join(
            filter(None, (qti12_text.said(self.told.get(name), self.found.lost) for name in names))
        )

    def _one(self, response: Response) -> None:
        if response.node.name == "response_lid" and response.labels:
            if response.cardinality == "ordered":
                self._order(response)
            else:
                self._choice(self.found, response)
            if self._other_feedback():
                self.found.lost.append("the feedback that all answers share is left out")
            return
        self.found.feedback = self._other_feedback()
        is_number = response.node.name == "response_num" or "numerical" in self.fields.get(
            "question_type", ""
        )
        self._typed(self.found, response, is_number=is_number)

    def _choice(self, question: Question, response: Response) -> None:
        question.type = "multiple" if response.cardinality == "multiple" else "single"
        worth = qti12_rules.worths(self.rules, response.name, one=question.type == "single")
        for name, text in response.labels:
            # A wrong choice takes away as much as here: QTI 1.2 does not say, Canvas does it so.
            share = worth.get(name, Decimal(-1) / max(1, len(response.labels) - len(worth)))
            question.answers.append(Answer(text, share, self._feedback(name)))

    def _order(self, response: Response) -> None:
        self.found.type = "order"
        texts = dict(response.labels)
        key = [name for name in qti12_rules.in_order(self.rules, response.name) if name in texts]
        if len(key) < len(texts):
            self._left_out("its right order is not said")
        self.found.answers = [Answer(texts[name]) for name in key]

    def _typed(self, question: Question, response: Response, *, is_number: bool) -> None:
        found = qti12_rules.numbers(self.rules, response.name)
        question.type = "numeric" if is_number and found else "text"
        if question.type == "numeric":
            question.answers = [Answer("", Decimal(1), "", *each) for each in found]
            return
        if is_number:
            self.found.lost.append("its number is not said, so that a person has to grade it")
            return
        for text, is_right in qti12_rules.texts(self.rules, response.name).items():
            question.answers.append(Answer(text, Decimal(is_right), self._feedback(text)))

    def _is_match(self) -> bool:
        """Several choices with the same labels, each with a text of its own."""
        first = [text for _, text in self.responses[0].labels]
        return bool(first) and all(
            each.text and [text for _, text in each.labels] == first for each in self.responses
        )

    def _match(self) -> None:
        self.found.type, self.found.feedback = "match", self._other_feedback()
        self.found.pairs = []
        for response in self.responses:
            worth = qti12_rules.worths(self.rules, response.name, one=True)
            texts = dict(response.labels)
            right = next((name for name in worth if worth[name] > 0 and name in texts), None)
            if right is None:
                self.found.lost.append("a pair without a right side is left out")
            else:
                self.found.pairs.append((response.text, texts[right]))
            spare = [("", text) for text in texts.values()]
            self.found.pairs += spare if response is self.responses[-1] else []

    def _cloze(self) -> None:
        """Gaps where the responses stand, or, as Canvas has it, where the stem says [name]."""
        self.found.type, self.found.feedback = "cloze", self._other_feedback()
        stem = self.stem("[[\ue000{}]]")
        for place, response in enumerate(self.responses):
            gap = self._gap(response)
            here = f"[[\ue000{place}]]"
            named = f"[{response.text}]"
            if response.text and named in stem:
                stem = stem.replace(here, "").replace(named, here, 1)
            elif response.text:
                stem = stem.replace(here, f"{response.text} {here}")
            self.found.gaps.append(gap)
        self.found.stem = re.sub(r"\n{3,}", "\n\n", stem).strip()

    def _gap(self, response: Response) -> Question:
        gap = Question("single")
        kind = self.fields.get("question_type", "")
        if response.labels and kind == "fill_in_multiple_blanks_question":
            gap.type = "text"
            gap.answers = [
                Answer(qti12_text.typed(text), Decimal(1), self._feedback(name))
                for name, text in response.labels
            ]
        elif response.node.name == "response_lid":
            self._choice(gap, response)
            gap.type = "single"
        else:
            self._typed(gap, response, is_number=response.node.name == "response_num")
        return gap


def _name(node: Node) -> str:
    """A name that a person can use: the title if it is one word, else a short ident."""
    names = (node.attributes.get("title", "").strip(), node.attributes.get("ident", ""))
    named = [name for name in names if _NAME.fullmatch(name) and any(map(str.isdigit, name))]
    return named[0] if named else ""
