"""`course doctor`: what this machine has, what is missing, and what to do about it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from course.errors import CourseError
from course.facts import Fact, edition, expired, near_expiry, today
from course.project import find_root

TESTED = Path(__file__).with_name("constraints.txt")
DISTRIBUTION = "gpt-4o-mini-course"
SOON_DAYS = 30

GOOD, NOTE, BAD = "ok", "note", "BAD"


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it is (ok, note or BAD), what was found, and what to do."""

    how: str
    what: str
    do: str = ""

    def __str__(self) -> str:
        return f"{self.how:>4}  {self.what}" + (f"\n      -> {self.do}" if self.do else "")


def examine() -> Iterator[Finding]:
    """Look at Python, packages, browser, sandbox, key, endpoint and facts, one after another."""
    yield python()
    yield from packages()
    yield browser()
    yield sandbox()
    yield key()
    yield endpoint()
    yield from facts()
    yield from teaching()


def python() -> Finding:
    """The interpreter; one that is too old could not have installed the package."""
    found = ".".join(map(str, sys.version_info[:3]))
    return Finding(GOOD, f"Python {found} at {sys.executable}")


def tested_versions() -> dict[str, str]:
    """Package name -> the version the course was tested with."""
    lines = TESTED.read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if "==" in line and not line.startswith("#")]
    return {name.strip().lower(): number.strip() for name, number in pairs}


def packages() -> Iterator[Finding]:
    """The packages the course needs, against its requirements and the tested versions."""
    tested, odd = tested_versions(), 0
    needed = [Requirement(text) for text in requires(DISTRIBUTION) or []]
    needed = [need for need in needed if not need.marker]
    for need in needed:
        try:
            found = version(need.name)
        except PackageNotFoundError:
            found = None
        if found is None or not need.specifier.contains(found, prereleases=True):
            odd += 1
            yield Finding(
                BAD,
                f"{need.name} {found or 'is missing'}, the course needs {need.specifier}",
                'run: pip install -e ".[test]"',
            )
        elif found != tested.get(need.name.lower(), found):
            odd += 1
            yield Finding(
                NOTE,
                f"{need.name} {found}; tested with {tested[need.name.lower()]}",
                "if a lesson misbehaves: pip install -c course/constraints.txt -e .",
            )
    yield Finding(GOOD, f"{len(needed) - odd} of {len(needed)} packages are the tested versions")


def browser() -> Finding:
    for name in ("chromium", "google-chrome", "firefox", "safari", "msedge"):
        if path := shutil.which(name):
            return Finding(GOOD, f"browser {name} at {path}")
    return Finding(
        NOTE,
        "no browser found on the path (the system may still have one)",
        "open the address that `course lab` prints in any browser; "
        "the browser tests need Debian's package chromium",
    )


def sandbox() -> Finding:
    """bubblewrap, for a grading sandbox: nobody needs it yet, for no student code is run."""
    path = shutil.which("bwrap")
    install = "only for grading: apt-get install bubblewrap; without it functions wait for a person"
    if path is None:
        return Finding(NOTE, "bubblewrap (for a grading sandbox) is not installed", install)
    trial = subprocess.run(
        [path, "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "true"],
        capture_output=True,
        check=False,
        timeout=20,
    )
    if trial.returncode:
        return Finding(
            NOTE,
            "bubblewrap is installed but may not make namespaces here",
            "allow unprivileged user namespaces, or grade on another machine",
        )
    return Finding(GOOD, f"bubblewrap at {path} works (grading runs student code behind its walls)")


def key() -> Finding:
    """Whether a key is set; its value is never read out."""
    value = os.environ.get("OPENAI_API_KEY", "")
    gateway = os.environ.get("OPENAI_BASE_URL", "").strip()
    where = f"the gateway at {re.sub('//[^/@]*@', '//', gateway)}" if gateway else "OpenAI"
    if not value.strip():
        if gateway:
            return Finding(NOTE, f"OPENAI_BASE_URL is set and no key: lessons call {where}")
        return Finding(GOOD, "OPENAI_API_KEY is not set: lessons run offline and cost nothing")
    if value != value.strip() or len(value.split()) > 1:
        return Finding(
            BAD,
            "OPENAI_API_KEY is set but holds spaces or line breaks",
            "set it again without them",
        )
    charge = "may cost money" if gateway else "cost money"
    return Finding(NOTE, f"OPENAI_API_KEY is set: lessons call {where}, and calls {charge}")


def endpoint() -> Finding:
    from course.endpoint import local

    try:
        address = local.ensure()
    except CourseError as error:
        return Finding(BAD, str(error), "offline lessons need it; mend what the sentence names")
    how = "started for this look" if address.started else "was already running"
    return Finding(GOOD, f"the simulated endpoint answers at {address.url} ({how})")


def teaching(root: Path | None = None) -> Iterator[Finding]:
    """For an instructor: what is odd about hand-ins, and what others on this computer can reach."""
    try:
        root = root or find_root("solutions", "submitted")
    except CourseError:
        return
    from course.grading import preflight, settings

    said = [said for quiz in settings.quizzes(root) for said in preflight.hand_ins(root, quiz)]
    said += preflight.computer(root)
    yield from (Finding(NOTE, one) for one in said)
    if not said:
        yield Finding(GOOD, f"nothing is odd about the hand-ins in {root / 'submitted'}")


def facts() -> Iterator[Finding]:
    """Facts past their check-by date, and those that come up for a check soon."""
    gone = expired()
    yield from (Finding(BAD, *_told(fact)) for fact in gone)
    soon = [fact for fact in near_expiry(SOON_DAYS) if fact not in gone]
    if soon:
        first = min(fact.expires for fact in soon)
        yield Finding(NOTE, f"{len(soon)} facts fall due for a check soon, the first on {first}")
    if not gone:
        yield Finding(GOOD, f"facts of {edition()} are in date on {today()}")


def _told(fact: Fact) -> tuple[str, str]:
    return (
        f"fact {fact.name} = {fact} was due for a check on {fact.expires}",
        f"look at its source ({fact.source}) and bring course/facts.toml up to date",
    )


def say(findings: Iterator[Finding]) -> bool:
    """Print each finding as it comes; True when none of them is BAD."""
    well = True
    for finding in findings:
        print(finding, flush=True)
        well &= finding.how != BAD
    return well
