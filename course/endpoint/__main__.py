"""python -m course.endpoint, which `course endpoint` runs too: the endpoint alone."""

import sys
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from course.endpoint import options
from course.endpoint.server import serve
from course.errors import CourseError


def reader(program: str) -> ArgumentParser:
    """A reader of all that the command takes: the options, and where it is to listen."""
    made = options.reader(
        program, "Simulates the OpenAI API on this computer: no reply is a language model's."
    )
    add = made.add_argument
    add("--port", type=options.port, default=8010, help="8010 by default; 0 takes a free one")
    add("--uds", type=Path, metavar="FILE", help="listen on this Unix socket instead of a port")
    add("--card", metavar="MODEL", help="print what this endpoint assumes of a model, and end")
    add("--until-unused", action="store_true", help="end some seconds after the last lease")
    # For course.endpoint.local: the file in which it looks for the port.
    add("--state", type=Path, help=SUPPRESS)
    return made


def main(line: Sequence[str], *, program: str = "python -m course.endpoint") -> int:
    """Run the endpoint that a command line asks for; the exit code. Mistakes are CourseErrors."""
    given = reader(program).parse_args(line)
    chosen = options.options(given)
    if given.card:
        from course.endpoint.simulation.card import show

        print(show(given.card, chosen))
        return 0
    serve(
        chosen, port=given.port, uds=given.uds, until_unused=given.until_unused, state=given.state
    )
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CourseError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
