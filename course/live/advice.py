"""What to do after a vote, by the share of right answers (Peer Instruction). Pure.

The method is Mazur's (Crouch and Mazur, 2001, "Peer Instruction: Ten years of experience and
results", American Journal of Physics 69). ASSUMPTION: the thresholds are rules of thumb. Under
35 % right there is too little in the room to learn from each other, over 70 % too little left to
discuss.
"""

from dataclasses import dataclass

TEACH_UNDER, GO_ON_OVER = 0.35, 0.70
FEW = 5
"""Under so many answers chance decides what the share is."""


@dataclass(frozen=True, slots=True)
class Advice:
    """`do` is teach, discuss, explain or none; `words` say so in a sentence or two."""

    do: str
    words: str


def advice(*, right: int, answered: int, vote: int, by_hand: bool = False) -> Advice:
    """What to do after a vote of that number (from 1) on an item."""
    if by_hand:
        return Advice("none", "These answers are in their own words: read some of them together.")
    if not answered:
        return Advice("none", "Nobody has answered.")
    share = right / answered
    told = f"{share:.0%} right".replace("%", " %")
    do, words = _after_first(share) if vote == 1 else _after_more(share)
    few = f" (Only {answered} answered, so chance has a say.)" if answered < FEW else ""
    return Advice(do, f"{told}: {words}{few}")


def _after_first(share: float) -> tuple[str, str]:
    if share < TEACH_UNDER:
        return "teach", "explain the idea once more, then vote again."
    if share <= GO_ON_OVER:
        return "discuss", "let them convince each other, then vote again."
    return "explain", "explain shortly, then go on."


def _after_more(share: float) -> tuple[str, str]:
    if share < TEACH_UNDER:
        return "teach", "most are not there yet; explain the idea and come back to it later."
    return "explain", "reveal the key, explain, then go on."
