"""A small model, used well: call it, measure it, decide when to upgrade.

The names a first lesson needs, loaded when they are first used (importing `course` is quick):

    from course import connect, fact, meter, quiz
"""

from importlib import import_module

__all__ = ["connect", "fact", "meter", "quiz"]

_HOME = {"connect": "course.client", "fact": "course.facts", "meter": "course.ledger"}


def __getattr__(name: str):
    if name == "quiz":  # the package course.quiz is itself callable: quiz("01_first_call")
        return import_module("course.quiz")
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"course has no {name!r}; it offers {', '.join(__all__)}")


def __dir__():
    return sorted(__all__)
