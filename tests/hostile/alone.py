"""Grade students one by one, each in a run of its own: `python alone.py QUIZ STUDENT …`."""

import sys
from pathlib import Path

from course.grading import batch

if __name__ == "__main__":
    for student in sys.argv[2:]:
        summary = batch.grade(sys.argv[1], root=Path.cwd(), students=[student])
        print(summary.rows[0].status, summary.rows[0].student)
