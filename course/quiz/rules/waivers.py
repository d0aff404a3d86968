"""Waivers: an author's reason for leaving a finding, and waivers that are of no use."""

from collections.abc import Iterator

from course.quiz.rules.rule import RULES, E, Finding, Matter, Subject, waived

WAIVER = "waiver"
_LEAST_WORDS = 3


def settled(found: list[Finding], matter: Matter) -> list[Finding]:
    """The findings, those marked that a waiver covers, and a finding for each useless waiver."""
    reasons = {
        (subject.item.id, name): reason
        for subject in matter.subjects
        for name, reason in _reasons(subject).items()
    }
    result = []
    for finding in found:
        reason = reasons.get((finding.item, finding.rule), "")
        counts = RULES[finding.rule].waivable and len(reason.split()) >= _LEAST_WORDS
        result.append(waived(finding, reason) if counts else finding)
    return result + [one for subject in matter.subjects for one in _useless(subject, found)]


def _reasons(subject: Subject) -> dict[str, str]:
    waive = subject.item.waive
    return waive if isinstance(waive, dict) else dict.fromkeys(waive, "")


def _useless(subject: Subject, found: list[Finding]) -> Iterator[Finding]:
    hit = {finding.rule for finding in found if finding.item == subject.item.id}
    for name, reason in _reasons(subject).items():
        if name not in RULES:
            said, mend = f"There is no rule {name!r} to waive.", "correct the rule's name"
        elif not RULES[name].waivable:
            said, mend = f"The rule {name} cannot be waived.", "mend the item instead"
        elif len(reason.split()) < _LEAST_WORDS:
            said, mend = (
                f"The waiver of {name} gives no reason.",
                "say in a few words why it may stay",
            )
        elif name not in hit:
            said, mend = f"The waiver of {name} waives nothing.", "take it out"
        else:
            continue
        yield Finding(subject.quiz.file, subject.item.id, WAIVER, E, said, mend)
