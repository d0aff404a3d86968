"""Imports nbgrader in half of the time that it takes.

jsonschema imports a grammar of internationalised addresses, which takes longer than all the rest
of nbgrader together; it is for checks of the format "iri", and no notebook has such a field.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_GRAMMAR = "rfc3987_syntax"


@contextmanager
def imports() -> Iterator[None]:
    """What is imported inside does without the grammar; jsonschema is made for that."""
    absent = _GRAMMAR not in sys.modules and "jsonschema" not in sys.modules
    if absent:
        sys.modules[_GRAMMAR] = None
    try:
        yield
    finally:
        if absent:
            del sys.modules[_GRAMMAR]
