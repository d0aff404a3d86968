import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COURSE = [sys.executable, "-c", "from course.cli import main; main()"]


def course(*words, cwd=ROOT, **environment):
    return subprocess.run(
        [*COURSE, *words],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_names_every_verb():
    said = course("--help").stdout
    verbs = [
        "lab",
        "doctor",
        "endpoint",
        "submit",
        "collect",
        "release",
        "grade",
        "feedback",
        "report",
        "bank",
        "demo",
        "refresh",
    ]
    assert all(f" {verb} " in said for verb in verbs)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["submit", "99_nothing"], "99_nothing"),
        (["grade", "99_nothing"], "99_nothing"),
        (["feedback", "99_nothing"], "99_nothing"),
        (["release", "99_nothing"], "99_nothing"),
        (["release"], "--all"),
        (["collect", "no_such_folder"], "no_such_folder"),
        (["lab", "--check", "--port", "99999"], "65535"),
        (["refresh", "no_such.ipynb"], "no_such.ipynb"),
    ],
    ids=" ".join,
)
def test_a_users_mistake_is_told_without_a_traceback(words, told):
    done = course(*words)
    assert done.returncode != 0
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_outside_a_course_the_package_finds_its_own_folder(tmp_path):
    done = course("doctor", "--facts", cwd=tmp_path, COURSE_DATE="2026-11-21")
    assert done.returncode == 0, done.stderr
    assert "in date" in done.stdout


def test_doctor_looks_at_everything():
    said = course("doctor").stdout
    for part in ("Python", "packages", "browser", "bubblewrap", "OPENAI_API_KEY", "endpoint"):
        assert part in said, said


def test_importing_the_front_door_loads_nothing_heavy():
    loaded = subprocess.run(
        [sys.executable, "-c", "import course, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"openai", "pandas", "nbgrader", "anywidget"} & set(loaded)


def test_what_a_notebook_imports_never_imports_grading():
    program = (
        "import sys; from course import connect, fact, meter, quiz; import course.plots; "
        "import course.quiz.handin; "
        "print(*[name for name in sys.modules if name.startswith(('course.grading', 'nbgrader'))])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert loaded == []
