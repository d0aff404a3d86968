"""The flawed banks, and small courses made of them."""

from datetime import date
from pathlib import Path

from course.facts import read_facts
from course.quiz import lint

BANKS = Path(__file__).with_name("flawed_banks")
FACTS = read_facts(BANKS / "facts.toml")
DAY = date(2026, 11, 21)
FLAWLESS = (BANKS / "flawless.toml").read_text(encoding="utf-8")


def names() -> list[str]:
    """The flawed banks: each is named for the rule that fires, `--more` tells two apart."""
    return sorted(path.stem for path in BANKS.glob("*.toml") if path.stem not in _OTHERS)


_OTHERS = ("facts", "flawless")


def found_in(text: str, folder: Path, *, today: date = DAY) -> list[lint.Finding]:
    """What the rules find in a bank of that text."""
    path = folder / "bank.toml"
    path.write_text(text, encoding="utf-8")
    return lint.check(path, facts=FACTS, today=today)


def changed(old: str, new: str, *, name: str = "flawless") -> str:
    """The text of a bank with one change."""
    text = (BANKS / f"{name}.toml").read_text(encoding="utf-8")
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


def course(root: Path, **banks: str) -> Path:
    """solutions/NAME/bank.toml for each text; returns `root`."""
    for name, text in banks.items():
        folder = root / "solutions" / name
        folder.mkdir(parents=True)
        (folder / "bank.toml").write_text(text, encoding="utf-8")
    return root


def rules(findings: list[lint.Finding]) -> set[str]:
    """The ids of the rules that are broken and not waived."""
    return {finding.rule for finding in findings if finding.stops}
