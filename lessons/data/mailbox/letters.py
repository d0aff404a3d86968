"""Writes the e-mails: single ones, those of one thread, and those that were written by hand."""

import re
import shlex
from dataclasses import dataclass, field
from random import Random

import voices
from customers import WEEKDAYS, facts_of
from grammar import HERE, Matter, expand, read_frames

FRAMES = read_frames()
FIRST = ("billing", "technical", "general")
"""Where two things are asked for, the first of these that is among them decides."""


SOURCES = ("a parent <parent@example.com>", "a family <family@example.org>")


@dataclass
class Letter:
    """One e-mail with what is known of it; `other` is the label that is most easily mistaken.

    `product` is None where the general rule finds it in the text, as it always finds the order.
    """

    subject: str
    body: str
    label: str
    hard: str = ""
    sentiment: str = "neutral"
    language: str = "en"
    other: str = ""
    injected: str = ""
    product: str | None = None
    thread: str = ""
    origin: str = "generated"
    own: str = field(default="", repr=False)
    """The part that a reply quotes: the body without what it quotes itself."""

    @property
    def text(self) -> str:
        return f"Subject: {self.subject}\n\n{self.body}".strip()


def written() -> list[Letter]:
    """The e-mails that were written one by one."""
    return [one for name in ("written.txt", "languages.txt") for one in _written(name)]


def _written(name: str) -> list[Letter]:
    text = (HERE / name).read_text(encoding="utf-8")
    letters = []
    for block in re.split(r"(?m)^@ ", text)[1:]:
        head, subject, *body = block.rstrip("\n").split("\n")
        label, hard, sentiment, *more = shlex.split(head)
        known = dict(one.split("=") for one in more)
        letters.append(
            Letter(
                subject.removeprefix("s "),
                "\n".join(body).strip(),
                label,
                "" if hard == "plain" else hard,
                sentiment,
                known.get("lang", "en"),
                known.get("else", ""),
                known.get("injected", ""),
                known.get("product"),
                origin="written",
            )
        )
    return letters


class Writer:
    """Writes e-mails of one customer, whose order, article and name stay the same."""

    def __init__(self, rng: Random, matter: Matter, order: str):
        self._rng, self.matter = rng, matter
        self.facts = facts_of(rng, matter, order)
        self.voice = rng.choices(("plain", "formal", "terse", "young"), (45, 20, 21, 14))[0]
        self.place = rng.choice(("school", "family"))
        if self.place == "family":
            self.facts["role"] = ""

    def single(self, mood: str, *, core: int) -> Letter:
        """An e-mail about the matter; `core` tells which of its phrases to use."""
        if mood == "angry" and self.matter.mood == "calm":
            mood = "neutral"
        mood = self.matter.told or mood
        body, hard = self._body(mood, core)
        subject = self._say(self._rng.choice(self.matter.subjects))
        return self._letter(subject, body, self.matter.label, mood=mood, hard=hard)

    def two_topics(self, second: Matter, *, core: int) -> Letter:
        """An e-mail that asks for something of another label as well."""
        one, other = (self._core(matter, core, ask=True) for matter in (self.matter, second))
        parts = [one, f"{self._line('two-topics')} {other}"]
        labels = {self.matter.label, second.label}
        label = next(label for label in FIRST if label in labels)
        subjects = [self._say(self._rng.choice(self.matter.subjects)), "Two things", "2 questions"]
        subject = self._rng.choices(subjects, (3, 1, 1))[0]
        letter = self._letter(subject, self._framed(parts, "neutral"), label, hard="two-topics")
        letter.other = (labels - {label}).pop()
        return letter

    def chasing(self, before: Letter, mood: str) -> Letter:
        """A further e-mail about the same, with what was written before."""
        calm = self.matter.mood == "calm"
        kind = self._rng.choice(("chase", f"answer-{'general' if calm else self.matter.label}"))
        mood = "neutral" if calm else mood
        line = self._line("chase-angry" if mood == "angry" else kind)
        return self._reply(before, [line], self.matter.label, mood=mood)

    def settled(self, before: Letter) -> Letter:
        """Thanks for a matter that is closed: general, whatever it was about."""
        letter = self._reply(before, [self._line("solved")], "general", mood="pleased")
        letter.hard, letter.other = "settled", self.matter.label
        if letter.other == "general":
            letter.hard, letter.other = "", "technical"
        return letter

    def new_matter(self, before: Letter, second: Matter, *, core: int) -> Letter:
        """Something new under the subject of the old."""
        parts = [self._line("new-topic"), self._core(second, core, ask=True)]
        letter = self._reply(before, parts, second.label, mood="neutral")
        letter.hard, letter.other = "old-subject", self.matter.label
        return letter

    def forwarded(self, letter: Letter) -> Letter:
        """The same e-mail, passed on by somebody else."""
        source = self._rng.choice(SOURCES)
        letter.body = (
            f"{self._line('forward')}\n\n---------- Forwarded message ----------\n"
            f"From: {source}\nSubject: {letter.subject}\n\n{letter.body}"
        )
        letter.subject = f"Fwd: {letter.subject}"
        return letter

    def answered(self, letter: Letter) -> Letter:
        """The same e-mail as an answer to something that the shop sends to everybody."""
        subject, said = self._line("shop-any").split(" :: ")
        letter.body += "\n\n" + voices.quoted(said, self._heading("you"))
        letter.subject = self._rng.choice(("Re: ", "RE: ", "Re: Re: ")) + subject
        return letter

    def _reply(self, before: Letter, parts: list[str], label: str, *, mood: str) -> Letter:
        own = self._framed(parts, mood, short=True)
        mine = voices.quoted(before.own, self._heading("I"))
        if self._rng.random() < 0.5:
            mine = voices.quoted(f"{self._shop()}\n\n{mine}", self._heading("you"))
        old = before.subject
        subject = old if old.startswith("Re:") else f"Re: {old}"
        letter = self._letter(subject, f"{own}\n\n{mine}", label, mood=mood)
        letter.own = own
        return letter

    def _letter(
        self, subject: str, body: str, label: str, *, mood: str = "neutral", hard: str = ""
    ) -> Letter:
        if self.voice == "young":
            subject = voices.lower(subject)
        return Letter(subject, body, label, hard, mood, own=body)

    def _body(self, mood: str, core: int) -> tuple[str, str]:
        rng = self._rng
        parts, hard, calm = [self._core(self.matter, core)], "", self.voice in ("plain", "formal")
        if calm and not self.matter.told and rng.random() < 0.45:
            told = rng.sample((f"story-{self.place}", "story-any"), rng.choice((1, 1, 2)))
            parts = [*(self._line(kind) for kind in told), *parts]
        if mood == "angry" and not self.matter.told:
            if rng.random() < 0.3 and self.voice != "terse":
                parts.insert(0, self._line("rant"))
                hard = "anger"
            parts = [self._line("open-angry"), *parts, self._line("end-angry")]
        elif mood == "pleased" and not self.matter.told:
            parts.insert(0, self._line("open-pleased"))
        elif calm and rng.random() < 0.3:
            parts.insert(0, self._line("open-neutral"))
        return self._framed(parts, mood), hard

    def _core(self, matter: Matter, core: int, *, ask: bool = False) -> str:
        rng = self._rng
        extra = {"plain": 0.55, "formal": 0.75, "terse": 0.12, "young": 0.25}[self.voice]
        said = [matter.cores[core % len(matter.cores)]]
        count = (rng.random() < extra) + (rng.random() < extra / 4)
        said += rng.sample(matter.more, min(count, len(matter.more)))
        if matter.label != "general" and rng.random() < 0.08:
            said.append(rng.choice(FRAMES[f"attached-{matter.label}"]))
        if ask or rng.random() < (0.5 if self.voice in ("terse", "young") else 0.85):
            said.append(rng.choice(matter.asks))
        return voices.joined([_ended(self._say(one)) for one in said], rng)

    def _framed(self, parts: list[str], mood: str, *, short: bool = False) -> str:
        """The parts with a greeting, an end and a signature, in the customer's voice."""
        frames = voices.frames(self.voice, mood)
        lines = {part: self._line(kind) for part, kind in frames.items()}
        return voices.framed(parts, lines, self.facts, self.voice, rng=self._rng, short=short)

    def _heading(self, who: str) -> str:
        day = self._rng.choice(WEEKDAYS)
        told = {"I": (f"On {day} I wrote:", f"{self.facts['name']} wrote ({day}):")}
        told["you"] = (f"On {day} you wrote:", "-----Original message-----", f"Shop, {day}:")
        return self._rng.choice(told[who])

    def _shop(self) -> str:
        return self._line(f"shop-{self.matter.label}")

    def _line(self, kind: str) -> str:
        phrase = self._rng.choice(FRAMES[kind])
        if self.matter.articles == "none":
            phrase = phrase.replace("the <p>", "your service")
        line = self._say(phrase)
        return line if kind.startswith(voices.UNENDED) else _ended(line)

    def _say(self, phrase: str) -> str:
        return expand(phrase, self.facts, self._rng)


def _ended(line: str) -> str:
    return line if line[-1] in '.?!:")' else f"{line}."
