"""Play a class from release to feedback, with real parts, in a course of its own.

Each learner works in a folder and a process of their own, as on a computer of their own; the
scores at the end are held against those worked out from the bank.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from course.errors import CourseError
from course.grading import batch, generate, report, scorer
from course.project import find_root
from course.quiz import handin
from course.quiz.bank import Bank, Item
from course.quiz.score import score

FIRST = "01_first_call"
NAMES = ("ada", "bao", "chidi", "dana", "emre")
SHARES_RIGHT = (1.0, 0.75, 0.4, 1.0, 0.1)
"""How much each learner knows, in the order of NAMES and over again; the fourth stops half way."""
_STOPS_HALF_WAY = 3
_LEARNER_S = 120
_LEARNER = """
import json, sys
from course import quiz

plan = json.load(sys.stdin)
mine = quiz(plan["quiz"])
for item, response in plan["answers"].items():
    mine.answer(item, response)
print(mine.submit())
"""


@dataclass(frozen=True)
class Row:
    """One learner: points recorded and points expected from the bank, and the feedback page."""

    student: str
    answered: int
    score: float
    max: float
    expected: float
    feedback: str


@dataclass(frozen=True)
class Played:
    """The class as it went; `folder` is None when the course was a temporary one."""

    quiz: str
    items: int
    rows: tuple[Row, ...]
    folder: str | None

    @property
    def ok(self) -> bool:
        """Whether every recorded score is the one worked out from the bank."""
        return all(abs(row.score - row.expected) < 1e-9 for row in self.rows)

    def as_dict(self) -> dict:
        """The table as plain JSON."""
        rows = [asdict(row) for row in self.rows]
        return {"quiz": self.quiz, "ok": self.ok, "folder": self.folder, "rows": rows}

    def __str__(self) -> str:
        heads = "  feedback" if self.folder else ""
        lines = [f"{'student':<12} {'answered':>9} {'score':>8} {'expected':>9}{heads}"]
        lines += [
            f"{row.student:<12} {row.answered:>4} of {self.items:<2} {row.score:>8.4g} "
            f"{row.expected:>9.4g}" + (f"  {row.feedback}" if self.folder else "")
            for row in self.rows
        ]
        verdict = (
            f"All {len(self.rows)} scores are those worked out from the bank."
            if self.ok
            else "Some scores are NOT those worked out from the bank."
        )
        kept = f"The course is in {self.folder}." if self.folder else "--into DIR keeps the pages."
        return "\n".join([f"Played {self.quiz}:", *lines, verdict, kept])


def play(
    students: int = 5, *, into: str | Path | None = None, root: str | Path | None = None
) -> Played:
    """Release, answer, hand in, collect, grade and feed back, for a class of `students`.

    The quiz is 01_first_call of the course in `root` (default: the one around here), or its
    first. Everything happens in the empty or new folder `into`, or in a temporary one.
    """
    source = Path(root).absolute() if root else find_root("solutions")
    names = generate.quizzes(source)
    if not names:
        raise CourseError(f"There is no quiz in {source / 'solutions'} to play with.")
    with ExitStack() as stack:
        if into is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="course-demo-")))
        else:
            folder = _empty(Path(into).absolute())
        return _play(FIRST if FIRST in names else names[0], students, source, folder, into)


def _empty(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise CourseError(f"{folder} is not empty: name a new folder for the demo to keep.")
    return folder


def _play(quiz: str, students: int, source: Path, folder: Path, into: object) -> Played:
    course, desks = folder / "course", folder / "learners"
    ignored = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__", "answers.jsonl")
    shutil.copytree(source / "solutions", course / "solutions", ignore=ignored)
    generate.release([quiz], root=course)
    bank = scorer.quiz(quiz, root=course).bank
    plans = {_name(number): _plan(bank, number) for number in range(students)}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda name: _learn(desks / name, course, quiz, plans[name]), plans))
    handin.collect([desks], root=course)
    batch.grade(quiz, root=course)
    pages = {page.parent.parent.name: page for page in report.feedback(quiz, root=course)}
    recorded = {row.student: row for row in report.scores(quiz, root=course)}
    rows = [
        Row(
            name,
            len(plan),
            recorded[name].score,
            recorded[name].max,
            sum(score(bank.item(item), response).points for item, response in plan.items()),
            str(pages[name].relative_to(folder)),
        )
        for name, plan in plans.items()
    ]
    return Played(quiz, len(bank.items), tuple(rows), str(folder) if into else None)


def _name(number: int) -> str:
    lap = number // len(NAMES)
    return NAMES[number % len(NAMES)] + (f"-{lap + 1}" if lap else "")


def _plan(bank: Bank, number: int) -> dict[str, object]:
    """What a learner will answer, by item; the same each time."""
    kind = number % len(NAMES)
    items = bank.items[: len(bank.items) // 2] if kind == _STOPS_HALF_WAY else bank.items
    chance = random.Random(f"{bank.quiz}/{number}")
    return {
        item.id: _right(item) if chance.random() < SHARES_RIGHT[kind] else _wrong(item)
        for item in items
    }


def _right(item: Item) -> object:
    return {"value": float(item.key), "unit": item.unit} if item.type == "numeric" else item.key


def _wrong(item: Item) -> object:
    if item.type == "numeric":
        return {"value": float(item.key) * 2 + 1, "unit": item.unit}
    if item.type == "multiple":
        return item.key[:1]
    return next(option.id for option in item.options if option.id != item.key)


def _learn(desk: Path, course: Path, quiz: str, plan: dict[str, object]) -> None:
    """A learner's work: a copy of the student's edition, answers, and the zip of the hand-in."""
    shutil.copytree(course / "quizzes" / quiz, desk / "quizzes" / quiz)
    done = subprocess.run(
        [sys.executable, "-c", _LEARNER],
        cwd=desk,
        env=os.environ | {"COURSE_STUDENT": desk.name, "NBGRADER_EXCHANGE": ""},
        input=json.dumps({"quiz": quiz, "answers": plan}),
        capture_output=True,
        text=True,
        timeout=_LEARNER_S,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["no reason given"]
        raise CourseError(f"The learner {desk.name} could not hand in: {said[-1]}")
