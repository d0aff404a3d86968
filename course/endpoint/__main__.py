"""python -m course.endpoint: the endpoint alone."""

import argparse
import sys
from pathlib import Path

from course.endpoint.server import serve
from course.errors import CourseError


def main() -> int:
    reader = argparse.ArgumentParser(
        prog="python -m course.endpoint",
        description="Simulates the OpenAI API on this computer: no reply is a language model's.",
    )
    reader.add_argument("--port", type=int, default=8010, help="0 takes a free one")
    reader.add_argument("--speed", type=float, default=1.0, help="2: twice as fast; 0: no waiting")
    reader.add_argument("--seed", type=int, default=0, help="decides how waiting times spread")
    reader.add_argument(
        "--until-unused", action="store_true", help="end some seconds after the last lease"
    )
    # For course.endpoint.local: the file in which it looks for the port.
    reader.add_argument("--state", type=Path, help=argparse.SUPPRESS)
    try:
        serve(**vars(reader.parse_args()))
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
