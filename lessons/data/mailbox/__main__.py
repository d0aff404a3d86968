"""Makes the mailbox: `python lessons/data/mailbox` writes mailbox.csv and what the simulator knows.

All that is drawn comes from SEED, so that the same files come out of every run.
"""

import csv
import sys
from collections import Counter
from io import StringIO
from itertools import cycle
from pathlib import Path
from random import Random

import gold
from grammar import HERE, Matter, read_matters
from letters import FIRST, Letter, Writer, written

SEED = 2026
SHARES = {"billing": 384, "technical": 384, "general": 512}
"""So many e-mails have each label: 30, 30 and 40 per cent."""
THREADS, TWO_TOPICS = 96, 36
CSV = HERE.parent / "mailbox.csv"
KNOWN = HERE.parents[2] / "course/endpoint/simulation/references/mailbox.csv"
SECOND = HERE / "second.csv"
COLUMNS = ("item", "text", "label", "hard", "language", "thread")
COLUMNS += ("order", "sentiment", "product", "origin", "label_2")


OWN = ("text", "label", "hard", "language", "origin")


class Mailbox:
    """Makes all e-mails, in the order in which they are drawn."""

    def __init__(self, seed: int):
        self._seed = seed
        self._begin("orders")
        orders = self._rng.sample(range(400_000, 500_000), 6000)
        self.letters = written()
        taken = {order for one in self.letters for order in gold.ORDER.findall(one.text)}
        self._orders = (str(order) for order in orders if str(order) not in taken)
        self._matters = {label: self._deck(read_matters(label)) for label in FIRST}
        self._cores: Counter[str] = Counter()
        self._seen: dict[str, list[set]] = {}

    def make(self) -> list[Letter]:
        """All e-mails in the order of the file."""
        for number in range(THREADS):
            self._begin("thread", number)
            self._thread()
        for number in range(TWO_TOPICS):
            self._begin("two topics", number)
            self.letters.append(self._fresh(self._two_topics, FIRST[number % 3]))
        made = Counter(one.label for one in self.letters)
        for label in FIRST:
            for number in range(SHARES[label] - made[label]):
                self._begin(label, number)
                self.letters.append(self._fresh(self._single, label))
        self._begin("order")
        return self._mixed()

    def _begin(self, *names: object) -> None:
        """Draw anew from here: what is changed in one e-mail then changes no other."""
        self._rng = Random(f"{self._seed} {names}")

    def _deck(self, matters: list[Matter]) -> cycle:
        return cycle(self._rng.sample(matters, len(matters)))

    def _writer(self, label: str, *, calm: bool = False) -> tuple[Writer, int]:
        matter = next(one for one in self._matters[label] if not (calm and one.told))
        self._cores[matter.name] += 1
        return Writer(self._rng, matter, next(self._orders)), self._cores[matter.name]

    def _second(self, writer: Writer) -> tuple[Matter, int]:
        """A matter of another label that goes with the article of the first."""
        label = self._rng.choice([one for one in FIRST if one != writer.matter.label])
        about = writer.matter.articles
        kinds = ("none",) if about == "none" else ("none", "any", about)
        fitting = (one for one in self._matters[label] if not one.told and one.articles in kinds)
        return next(fitting), self._rng.randrange(9)

    def _single(self, label: str) -> Letter:
        writer, core = self._writer(label)
        mood = self._rng.choices(("neutral", "angry", "pleased"), (75, 20, 5))[0]
        letter = writer.single(mood, core=core)
        chance = self._rng.random()
        if chance < 0.04:
            return writer.forwarded(letter)
        return writer.answered(letter) if chance < 0.09 else letter

    def _two_topics(self, label: str) -> Letter:
        writer, core = self._writer(label, calm=True)
        second, _ = self._second(writer)
        return writer.two_topics(second, core=core)

    def _thread(self) -> None:
        label = self._rng.choices(FIRST, (35, 35, 30))[0]
        writer, core = self._writer(label, calm=True)
        mood = self._rng.choices(("neutral", "angry"), (85, 15))[0]
        letters = [writer.single(mood, core=core)]
        for left in range(self._rng.choices((1, 2, 3), (60, 28, 12))[0])[::-1]:
            kind = self._rng.choices(("chase", "settled", "new"), (60, 0 if left else 35, 12))[0]
            if kind == "chase":
                mood = "angry" if mood == "angry" or self._rng.random() < 0.25 else "neutral"
                letters.append(writer.chasing(letters[-1], mood))
            elif kind == "settled":
                letters.append(writer.settled(letters[-1]))
            else:
                second, other = self._second(writer)
                letters.append(writer.new_matter(letters[-1], second, core=other))
                break
        for one in letters:
            one.thread = writer.facts["o"]
        self.letters += letters

    def _fresh(self, make, label: str) -> Letter:
        """An e-mail that is not too much like an earlier one."""
        for _ in range(30):
            letter = make(label)
            words = set(letter.body.lower().split())
            alike = self._seen.setdefault(label, [])
            if all(len(words & one) < 0.7 * min(len(words), len(one)) for one in alike):
                alike.append(words)
                return letter
        raise SystemExit(f"The phrases of {label} are used up; write more of them.")

    def _mixed(self) -> list[Letter]:
        """In a drawn order in which the e-mails of a thread keep theirs."""
        places = self._rng.sample(range(len(self.letters)), len(self.letters))
        mixed = dict(zip(places, self.letters, strict=True))
        for name in dict.fromkeys(one.thread for one in self.letters if one.thread):
            ours = [one for one in self.letters if one.thread == name]
            spots = sorted(place for place, one in mixed.items() if one.thread == name)
            mixed |= dict(zip(spots, ours, strict=True))
        return [mixed[place] for place in range(len(mixed))]


def build(seed: int = SEED) -> tuple[str, str]:
    """The texts of mailbox.csv and of the simulator's references."""
    letters = Mailbox(seed).make()
    second = dict(csv.reader(SECOND.read_text(encoding="utf-8").splitlines()))
    names = list(dict.fromkeys(one.thread or id(one) for one in letters))
    thread = {name: f"thread-{number:04}" for number, name in enumerate(names, 1)}
    rows, known, begun = [], [], set()
    for number, one in enumerate(letters, 1):
        item = f"mail-{number:04}"
        known.append(gold.reference(one, item, follows=one.thread in begun, seed=seed))
        begun |= {one.thread} - {""}
        row = {"item": item, "thread": thread[one.thread or id(one)], **gold.fields(one)}
        row |= {name: getattr(one, name) for name in OWN}
        rows.append(row | {"label_2": second.get(item, "")})
    return _csv(rows, COLUMNS), _csv(known, tuple(known[0]))


def _csv(rows: list[dict[str, str]], columns: tuple[str, ...]) -> str:
    text = StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def main() -> int:
    for path, text in zip((CSV, KNOWN), build(), strict=True):
        Path(path).write_text(text, encoding="utf-8", newline="\n")
        print(f"{path.name}: {len(text.encode()) / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
