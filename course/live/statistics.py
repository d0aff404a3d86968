"""A meeting as records for the quiz statistics: what was known in the first vote on an item.

The share that counts for the figures is that of the first vote, before anybody had discussed;
`graded` is that of the last one. Who joined and did not answer an item left it blank, as in a
hand-in; late joiners are among them, and a remark counts those. Seconds go from the opening.
"""

from collections.abc import Mapping

from course.errors import CourseError
from course.live.past import Past
from course.live.rounds import Given, Round
from course.live.telling import Telling
from course.quiz import statistics_answers
from course.quiz.score import score
from course.quiz.statistics_records import Answer, Question, Student

Records = tuple[tuple[Question, ...], tuple[Student, ...], tuple[str, ...]]


def records(past: Past) -> Records:
    """Questions, students and remarks, for course.quiz.statistics.quiz_figures.

    Students are called by their id in the meeting. CourseError where nobody has answered.
    """
    votes = {
        name: [one for one in past.meeting.votes(name) if one.closed_at is not None]
        for name, telling in past.tellings.items()
        if telling.item.points
    }
    votes = {name: found for name, found in votes.items() if found}
    questions = tuple(
        statistics_answers.question(past.tellings[name].item, first_counts=True) for name in votes
    )
    counted = {name: [past.meeting.counted(one) for one in found] for name, found in votes.items()}
    answered = {who for rounds in counted.values() for given in rounds for who in given}
    if not answered:
        raise CourseError(f"Nobody has answered in the meeting {past.about.code}.")
    students = tuple(
        Student(who, {n: _answer(past.tellings[n], votes[n], who) for n in votes})
        for who in sorted(answered)
    )
    return questions, students, (*past.remarks, *_late(past, votes, answered))


def names(past: Past) -> Mapping[str, str]:
    """How each student is called in the meeting, by id."""
    return {who: person.name for who, person in past.meeting.people.items()}


def _answer(telling: Telling, votes: list[Round], who: str) -> Answer:
    first, last = votes[0].given.get(who), votes[-1].given.get(who)
    graded = _share(telling, last)
    if first is None:
        return Answer(0.0, graded, answered=False)
    item, response = telling.item, first.response
    return Answer(
        _share(telling, first),
        graded,
        chosen=statistics_answers.chosen(item, response),
        wrong=statistics_answers.wrong(item, response),
        sure=None if first.confidence is None else first.confidence == "sure",
        seconds=max(first.first_at - votes[0].opened_at, 0.0),
        events=first.times,
    )


def _share(telling: Telling, given: Given | None) -> float | None:
    """The share of the points; None while a person has to read it."""
    if given is None:
        return 0.0
    found = score(telling.item, given.response)
    return None if found.state == "by-hand" else found.points / (found.possible or 1.0)


def _late(past: Past, votes: Mapping[str, list[Round]], answered: set[str]) -> list[str]:
    people = past.meeting.people
    late = sum(people[who].at > found[0].closed_at for found in votes.values() for who in answered)
    return [f"{late} answer(s) are blank because somebody joined later."] if late else []
