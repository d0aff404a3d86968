"""Texts in pieces that can be sent one after another, and what of them fits into a limit."""

from collections.abc import Sequence
from functools import lru_cache

from course import tokens
from course.endpoint.simulation.ask import Piece


@lru_cache(maxsize=1024)
def cut(text: str, model: str) -> tuple[Piece, ...]:
    """The text in pieces that can be sent one after another."""
    pieces, waiting, count = [], b"", 0
    for token in tokens.token_bytes(tokens.encode(text, model), model):
        waiting += token
        count += 1
        try:
            pieces.append(Piece(waiting.decode(), count))
        except UnicodeDecodeError:
            continue
        waiting, count = b"", 0
    return tuple(pieces)


def whole(text: str, model: str) -> tuple[Piece, ...]:
    """The text in one piece, for answers that nobody reads token by token."""
    return (Piece(text, tokens.count(text, model)),) if text else ()


def until(pieces: tuple[Piece, ...], stops: Sequence[str]) -> tuple[Piece, ...]:
    """The pieces before the first of the stop strings."""
    text = "".join(piece.text for piece in pieces)
    left = min((at for stop in stops if (at := text.find(stop)) >= 0), default=None)
    if left is None:
        return pieces
    kept = []
    for piece in pieces:
        if left <= 0:
            break
        kept.append(Piece(piece.text[:left], piece.tokens))
        left -= len(piece.text)
    return tuple(kept)


def spend(pieces: tuple[Piece, ...], room: int) -> tuple[tuple[Piece, ...], int, bool]:
    """What of the pieces fits into so many tokens: pieces, tokens billed, whether all of them.

    A letter whose tokens do not all fit is billed but not shown.
    """
    spent = 0
    for kept, piece in enumerate(pieces):
        if spent + piece.tokens > room:
            return pieces[:kept], room, False
        spent += piece.tokens
    return pieces, spent, True
