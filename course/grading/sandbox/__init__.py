"""Student code, run where it can reach nothing but what a student has.

    with Sandbox() as sandbox:
        with sandbox.submission(files, "03_prompts", None) as run:
            run.cell("def double(x): return 2 * x")
            run.call("double", Case(arguments=[2], expected=4))

A warm process, which has imported what notebooks use and knows no key, forks once a submission;
bubblewrap builds the walls around that fork. In reading order: limits; sandbox and run (the
grader's side), wire and outputs (what crosses); warm and imports, room, walls, watch, pages (the
warm process); drop, student, shell, collector (the process with the student's code).
"""

from course.grading.sandbox.limits import Limits
from course.grading.sandbox.run import Outcome, Ran, Run
from course.grading.sandbox.sandbox import Sandbox, available

__all__ = ["Limits", "Outcome", "Ran", "Run", "Sandbox", "available"]
