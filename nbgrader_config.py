"""nbgrader's settings come from the course itself: its command and the formgrader read this."""

from pathlib import Path

from course.grading import settings

settings.apply(get_config(), root=Path(__file__).parent)  # noqa: F821 (nbgrader provides it)
