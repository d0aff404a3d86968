"""Every attack, through `nbgrader autograde`, the formgrader's button and `course grade`.

All of them sit in one class, among honest students: an attack may cost the one who hands it in,
and no one else.
"""

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hostile import sample, seen, table, ways
from hostile.attack import ALL, FOUND, GROUPS, prelude

from course.grading import report
from course.grading.sandbox import available

pytestmark = pytest.mark.skipif(bool(available()), reason=available() or "contained")

MOST_S = 400.0
"""What a grading of this class may take before it counts as hanging."""
MOST_NOTEBOOK = 3_000_000
MOST_PAGE = 6_000_000
EACH = [
    pytest.param(way, name, id=f"{name}-{way}")
    for name in table.ATTACKS
    for way in table.ways(name)
]


@dataclass
class Class:
    """A group of attacks, graded among honest students by one of the ways in."""

    root: Path
    group: str
    before: dict[str, str]
    said: str = ""
    rows: dict[str, dict] = field(default_factory=dict)
    graded: dict[str, seen.Graded] = field(default_factory=dict)
    marks: dict[str, tuple] = field(default_factory=dict)


@pytest.fixture(scope="module")
def listener(tmp_path_factory):
    with ways.listener(tmp_path_factory.mktemp("l")) as made:
        yield made


@pytest.fixture(scope="module")
def classes(tmp_path_factory, listener):
    """A class for each way in and each group of attacks, graded."""
    found = {}
    for together in (("h",), ("endless", "m")):  # in the small ones much is waiting
        runs = []
        for group in together:
            for way in ALL:
                root = tmp_path_factory.mktemp(f"{way}-{group}")
                found[way, group] = class_of(root, group, way, listener)
                runs.append((ways.start(way, GROUPS[group].quiz, root), found[way, group]))
        for run, each in runs:
            run.wait(MOST_S)
            print(f"{run.way}, {each.group}: {run.seconds:.1f} s")  # for people: pytest -s
            read(each, run)
    return found


def class_of(root, group, way, listener):
    ways.configure(sample.released(root), GROUPS[group])
    table.hand_all_in(root, group, way, listener.facts)
    return Class(root, group, ways.fingerprint(root))


def read(each, run):
    """All that came of a grading that has ended."""
    quiz = GROUPS[each.group].quiz
    each.said = run.said()
    each.rows = ways.rows(run) if run.way == "course" else {}
    report.feedback(quiz, root=each.root)
    each.graded, each.marks = seen.graded(each.root, quiz), seen.marks(each.root, quiz)


def expected(kind, quiz, *, loses=(), may_lose=()):
    """The least and the most of each item; None where a person is waited for."""
    found = {}
    for item, points in sample.marks(kind, quiz).items():
        if points is None and item not in loses:
            found[item] = None
        else:
            most = 0.0 if item in loses else points
            found[item] = (0.0 if item in may_lose else most, most)
    return found


def wrong_marks(graded, bounds):
    """Each item whose mark is not within its bounds, with both."""
    problems = []
    for item, bound in bounds.items():
        mark, waits = graded.marks.get(item, "no mark"), graded.waits.get(item)
        if bound is None:
            if mark is not None or not waits:
                problems.append(f"{item} has {mark} and should wait")
        elif not isinstance(mark, int | float) or not bound[0] <= mark <= bound[1] or waits:
            problems.append(f"{item} has {mark} (waits: {waits}), not {bound}")
    return problems


def had(graded, kind):
    """What a student reads that no one, or not this one, may read."""
    texts = {"notebook": graded.notebook, "page": graded.page}
    never = [*sample.SECRETS, ways.CANARY, *([sample.KEY] if kind != "right" else [])]
    problems = [f"{word} in the {name}" for name, text in texts.items() for word in never
                if word in text]  # fmt: skip
    if FOUND in graded.outputs or FOUND in graded.page:
        at = (graded.outputs + graded.page).index(FOUND)
        problems.append((graded.outputs + graded.page)[at : at + 300])
    problems += [f"the page has {danger}" for danger in graded.dangers()]
    return problems


def test_outside_of_a_sandbox_an_attack_ends_before_it_begins(tmp_path, listener):
    sheet = sample.sheet(sample.released(tmp_path), "x", "right")
    sheet.facts.update(listener.facts)
    code = f"{prelude(sheet)}\nopen({str(tmp_path / 'begun')!r}, 'w')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert FOUND in done.stdout
    assert not (tmp_path / "begun").exists()


def test_every_named_threat_is_tried_on_all_ways_in():
    for names in table.THREATS.values():
        assert {table.ways(name) for name in names} == {ALL}


@pytest.mark.parametrize(("way", "name"), EACH)
def test_an_attack_gets_what_was_honest_and_nothing_else(classes, way, name):
    attack = table.ATTACKS[name]
    each = classes[way, attack.group]
    if way in attack.refused:
        assert refused(each, name) == ""
        return
    graded = each.graded.get(name)
    assert graded, f"not graded: {why(each, name)}"
    bounds = expected(attack.kind, attack.quiz, loses=attack.loses, may_lose=attack.may_lose)
    assert wrong_marks(graded, bounds) == [], graded.remarks
    assert had(graded, attack.kind) == []
    assert seen.says(graded, attack.told), f"{attack.told!r} is not in {graded.remarks!r}"
    assert str(each.root) not in graded.remarks
    assert len(graded.notebook) < MOST_NOTEBOOK
    assert 0 < len(graded.page) < MOST_PAGE


def refused(each, name):
    """What is wrong with how a submission was refused; "" where nothing is."""
    if name in each.graded:
        return "it is graded"
    points = each.marks.get(name, ({}, {}))[0]
    if any(points.values()):
        return f"points stand for it: {points}"
    if each.rows and not each.rows[name]["reason"]:
        return "no reason is given"
    return "" if name in each.said else "nothing is said of it"


def why(each, name):
    """What the grader said about a submission that has no grade."""
    if each.rows:
        return each.rows.get(name, {}).get("reason")
    at = each.said.find(name)
    return each.said[at : at + 1500]


@pytest.mark.parametrize("way", ALL)
@pytest.mark.parametrize("group", GROUPS)
def test_every_honest_student_has_the_marks_of_honest_work(classes, way, group):
    problems = {}
    for student, kind in table.honest(group).items():
        graded = classes[way, group].graded.get(student)
        bounds = expected(kind, GROUPS[group].quiz)
        found = wrong_marks(graded, bounds) if graded else ["not graded"]
        found += had(graded, kind) + [graded.remarks] * bool(graded.remarks) if graded else []
        if found:
            problems[student] = found
    assert problems == {}


def test_nothing_outlives_a_grading(classes, listener):
    assert ways.outlived(listener.mark) == []
    assert ways.left_lying(listener.mark) == []
    assert [path for each in classes.values() for path in each.root.glob(".*")] == []


def test_what_was_handed_in_and_what_is_kept_secret_stay_as_they_were(classes):
    for each in classes.values():
        assert ways.fingerprint(each.root) == each.before


def test_the_gradebook_holds_rows_and_nothing_that_acts(classes):
    for each in classes.values():
        with closing(sqlite3.connect(each.root / "gradebook.db")) as book:
            triggers = "select name from sqlite_master where type = 'trigger'"
            assert book.execute(triggers).fetchall() == []
            assert book.execute("pragma integrity_check").fetchone() == ("ok",)


def test_nobody_was_called(classes, listener):
    assert listener.seen == []


def test_a_summary_for_people_has_nothing_that_a_terminal_obeys(classes):
    for each in classes.values():
        for student, row in each.rows.items():
            assert row["reason"].isprintable(), student


@pytest.mark.parametrize("group", GROUPS)
def test_the_three_ways_give_the_same_marks(classes, group):
    """Where chance decides how far an attack comes, they may differ."""
    sure = [name for name, attack in table.of(group).items() if not attack.may_lose]
    for name in [*sure, *table.honest(group)]:
        marks = [classes[way, group].marks.get(name) for way in ALL
                 if name in classes[way, group].graded]  # fmt: skip
        assert len({str(each) for each in marks}) <= 1, (name, marks)
