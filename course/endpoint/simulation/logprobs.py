"""Made-up probabilities of tokens, in the shape of real ones.

Only one thing in them carries a meaning: where an answer has a reference, its first token gets
the simulated confidence in it, and the other answers' first tokens share the rest. All others
are ASSUMPTIONS drawn from the text alone: nearly sure, and sometimes less so.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from course import tokens
from course.endpoint.simulation.ask import Logprob

FILLERS = (" the", ",", ".", " and", " a", " to", " of", "\n", " in", " is", " for", " that")
FILLERS += (" it", " on", " with", " as", " at", " by", " or", " an", " be")
LEAST = -9999.0
"""What the real service writes for a probability that is next to nothing."""


@dataclass(frozen=True, slots=True)
class Sure:
    """How sure the simulated model is of one answer in its text, and what else it might say."""

    text: str
    confidence: float
    instead: tuple[str, ...] = ()


def logprobs(
    text: str, model: str, *, sure: Sequence[Sure], top: int, draw: random.Random
) -> tuple[Logprob, ...]:
    """A Logprob for each token of the text, each with the `top` likeliest tokens."""
    sent, starts, at = text.encode(), {}, 0
    for one in sure:
        found = sent.find(one.text.encode(), at)
        if found >= 0 and one.text:
            starts[found], at = one, found + len(one.text.encode())
    told, place = [], 0
    for token in tokens.token_bytes(tokens.encode(text, model), model):
        inside = next((starts[at] for at in range(place, place + len(token)) if at in starts), None)
        told.append(_one(token.decode(errors="surrogateescape"), model, inside, top, draw))
        place += len(token)
    return tuple(told)


def _one(token: str, model: str, sure: Sure | None, top: int, draw: random.Random) -> Logprob:
    share = sure.confidence if sure else 1 - min(draw.expovariate(40), 0.6)
    others = [tokens.pieces(one, model)[0] for one in (sure.instead if sure else ()) if one]
    others = [one for one in dict.fromkeys(others) if one != token]
    others += [one for one in FILLERS if one != token and one not in others]
    rest, ranked = 1 - share, [(token, _log(share))]
    for other in others[: max(top, 1)]:
        part = rest * (0.8 if sure else draw.uniform(0.4, 0.8))
        ranked.append((other, _log(part)))
        rest -= part
    ranked.sort(key=lambda pair: -pair[1])
    return Logprob(token, _log(share), tuple(ranked[:top]))


def _log(share: float) -> float:
    return max(math.log(share), LEAST) if share > 0 else LEAST
