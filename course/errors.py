"""Mistakes a user can mend, told in one sentence and without a traceback."""


class CourseError(Exception):
    """What went wrong, where, and what to do, in one clear sentence.

    Notebooks show the sentence alone (IPython asks `_render_traceback_`); the `course`
    command prints it and exits with 1.
    """

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]
