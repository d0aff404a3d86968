"""How a schema is refused, and how a search for a value ends without one."""


class Refused(Exception):
    """Why a schema is refused, as the end of the sentence or, if `whole`, all of it."""

    def __init__(self, told: str, path: tuple | None = None, *, whole: bool = False):
        super().__init__(told if path is None else f"In context={path}, {told}")
        self.whole = whole


class NoInstance(Exception):
    """There is no value, or none was found here; the text says why."""


class NotRegular(NoInstance):
    """A pattern is no regular expression."""


class LooksAround(NoInstance):
    """A pattern looks ahead or back, which Structured Outputs do not have."""


class GaveUp(Exception):
    """The search has taken all its steps."""
