"""The rules of good questions, and what they find in the banks.

words       what is counted in a text        chance     how likely a count is
literals    facts typed into a text          rule       what a rule is and looks at
structure   key, options, feedback           stem       the question
options     what gives a key away            forms      options in a row
kinds       rules of one type each           truth      facts and models
whole       a bank as a whole                leaks      keys in quizzes/
"""

from course.quiz.rules import forms, kinds, leaks, options, stem, structure, truth, whole
from course.quiz.rules.rule import RULES, E, Finding, Matter, Quiz, Rule, W
from course.quiz.rules.waivers import settled

__all__ = ["RULES", "E", "Finding", "Matter", "Quiz", "Rule", "W", "apply"]

MODULES = (structure, stem, options, forms, kinds, truth, whole, leaks)


def apply(matter: Matter) -> list[Finding]:
    """What all rules find in the banks, the waived ones marked, in the order of the banks."""
    found = [finding for rule in RULES.values() for finding in rule.findings(matter)]
    places = {quiz.file: number for number, quiz in enumerate(matter.quizzes)}
    items = {subject.item.id: number for number, subject in enumerate(matter.subjects)}
    return sorted(
        settled(found, matter),
        key=lambda one: (places.get(one.file, len(places)), items.get(one.item, -1)),
    )
