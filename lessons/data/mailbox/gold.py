"""What is known of each e-mail for the simulator: fields, difficulty, plausible wrong answers."""

import re
from hashlib import sha256
from random import Random

from customers import CATALOGUE
from letters import FIRST, Letter

LEAST = 12
"""By so many first characters the simulator looks a text up."""
ORDER = re.compile(r"(?<!\d)4\d{5}(?!\d)")
NUMBER = re.compile(r"(?<![\d.,])\d{4,}(?![\d.,]\d)")
ARTICLE = re.compile(
    "|".join(
        rf"\b{re.escape(name)}\b"
        for name in sorted((n for a in CATALOGUE for n in (a.name, a.several)), key=len)[::-1]
    ),
    re.IGNORECASE,
)
NAMES = {name.casefold(): a.name for a in CATALOGUE for name in (a.name, a.several)}
HARD = {
    "": -2.0,
    "two-topics": 0.6,
    "other-words": 0.5,
    "sarcasm": 0.2,
    "anger": -1.2,
    "language": -0.9,
    "old-subject": 0.3,
    "settled": 0.3,
    "empty": -0.3,
    "signature": -0.5,
    "attachment": -0.4,
    "spam": -1.0,
    "auto-reply": -1.0,
    "injection": -0.8,
}
"""ASSUMPTION: how difficult the label is, in logits, by what makes the e-mail hard."""
FOLLOWING, LONG = 0.8, 0.4
"""ASSUMPTION: logits added to plain e-mails of a thread after the first, and to long ones."""
OF_THREAD, OF_EMAIL = 0.5, 0.5
"""ASSUMPTION: standard deviations of what a thread, and an e-mail, has of its own, in logits."""
FIELDS = {"": -1.6, "sarcasm": 0.6, "anger": -1.4, "language": -0.8}
"""ASSUMPTION: how difficult the fields are; all others that are hard have FIELDS_HARD."""
FIELDS_HARD = -0.9


def fields(letter: Letter) -> dict[str, str]:
    """Order, sentiment and product by the rules of the data card."""
    order, named = ORDER.search(letter.text), ARTICLE.search(letter.text)
    found = NAMES[named[0].casefold()] if named else ""
    product = found if letter.product is None else letter.product
    return {"order": order[0] if order else "", "sentiment": letter.sentiment, "product": product}


def reference(letter: Letter, item: str, *, follows: bool, seed: int) -> dict[str, str]:
    """What the simulator knows of an e-mail: its text only by its length and digest."""
    folded = " ".join(letter.text.split())
    right, rng = fields(letter), Random(f"{seed} wrong {folded}")
    level = _level(letter, follows, Random(f"{seed} {letter.thread}"), Random(f"{seed} {folded}"))
    mistaken = {f"other_{name}": told for name, told in _mistaken(letter, right, rng).items()}
    return {
        "item": item,
        "start": folded[:LEAST],
        "length": str(len(folded)),
        "digest": sha256(folded.encode()).hexdigest()[:16],
        "label": letter.label,
        "wrong": " ".join(_wrong(letter, rng)),
        "injected": letter.injected,
        "difficulty": f"{HARD[letter.hard] + level:.2f}",
        "hard": letter.hard,
        "language": letter.language,
        "fields_difficulty": f"{FIELDS.get(letter.hard, FIELDS_HARD) + level / 2:.2f}",
        **right,
        **mistaken,
    }


def _level(letter: Letter, follows: bool, thread: Random, own: Random) -> float:
    level = thread.gauss(0, OF_THREAD) + own.gauss(0, OF_EMAIL)
    level += LONG * (len(letter.text) > 700)
    return level + FOLLOWING * (follows and not letter.hard)


def _wrong(letter: Letter, rng: Random) -> list[str]:
    """The labels that it may be mistaken for: the nearest one, and now and then both."""
    near = letter.other or ("general" if letter.label != "general" else rng.choice(FIRST[:2]))
    far = next(label for label in FIRST if label not in (near, letter.label))
    return [near, far] if not letter.other and rng.random() < 0.4 else [near]


def _mistaken(letter: Letter, right: dict[str, str], rng: Random) -> dict[str, str]:
    """For each field a plausible wrong value; the right one where there is none."""
    numbers = [one for one in NUMBER.findall(letter.text) if one != right["order"]]
    articles = {NAMES[one.casefold()] for one in ARTICLE.findall(letter.text)} - {right["product"]}
    moods = {"angry": "neutral", "pleased": "neutral", "neutral": rng.choice(("angry", "pleased"))}
    if letter.hard == "sarcasm":
        moods["angry"] = "pleased"
    mood = moods[letter.sentiment]
    return {
        "order": numbers[0] if numbers else "",
        "sentiment": mood,
        "product": min(articles, default=""),
    }
