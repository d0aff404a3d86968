"""Vectors of texts, computed from how the texts are spelt. No model is behind them.

A text is lower-cased and cut into words. A word counts by itself, by its first four letters and by
its parts of three to five letters; neighbouring words count as a pair, a little; stop words count
little; a word said n times counts 1 + ln n times (sub-linear term frequency). Writing that has no
spaces counts by its single signs and pairs of them. Each of these features is hashed to sixteen
places of the vector, with a sign each: feature hashing (Weinberger et al. 2009) as a sparse random
projection (Achlioptas 2003). There are four places in each of four bands, so that the start of a
vector says nearly as much as the whole. The sum is brought to length 1.

Texts that share words, stems or spellings are near to each other, other texts about at right
angles. What real embedding models know of meaning is missing: "sofa" is as far from "couch" as
from "moon".
"""

import re
import unicodedata
from collections import Counter
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import pairwise
from math import log, sqrt

BANDS = (256, 512, 768, 1536)
"""The places of a vector, in bands: 1,536 are the first three, 3,072 are all four."""

_PLACES = 4  # of each feature in each band
# Punctuation ends a word as a space does: Latin, general, Arabic, Hindi, Chinese and full width.
_BREAKS = (
    r"\s!-/:-@\[-`{-~\u00a1-\u00bf\u2010-\u205e\u060c\u061b\u061f\u0964\u0965"
    r"\u3000-\u3004\u3006-\u303f\uff01-\uff0f\uff1a-\uff20"
)
# Chinese, Japanese and Korean signs, which carry more than a letter does.
_SIGNS = r"\u3005\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_WORDS = f"[{_SIGNS}]+|[^{_BREAKS}{_SIGNS}]{{1,40}}"
_STOP_WORDS = """
a about all also am an and any are as at be been but by can could did do does for from had has have
he her him his how i if in into is it its just may me more must my no not of on or our out s she
should so some t than that the their them then there these they this those to up us was we were what
when where which who whom why will with would you your
"""
_STOP_WEIGHT = 0.15
_SIGN_WEIGHT = 0.4
_PAIR_WEIGHT = 0.3
_START_WEIGHT = 0.5
_PARTS_WEIGHT = 1.0


def vector(text: str, space: str, *, dimensions: int):
    """The text's vector: a numpy array of so many numbers, rounded to eight decimals, length 1.

    A shorter vector is the start of a longer one, brought to length 1 again, up to 1,536 numbers
    or up to 3,072. Vectors of different spaces (say, models) have nothing to do with each other.
    """
    import numpy

    bands = 3 if dimensions <= sum(BANDS[:3]) else 4
    places, values = _features(text, space, bands)
    whole = numpy.bincount(places, weights=values, minlength=sum(BANDS[:bands]))[:dimensions]
    size = sqrt(whole @ whole)
    if not size:  # all places were cut off, or cancelled each other out
        whole[0] = size = 1.0
    return numpy.round(whole / size, 8)


def _features(text: str, space: str, bands: int) -> tuple:
    """All places that a text counts in, with the amounts, one entry for each time."""
    import numpy

    words = re.findall(_WORDS, unicodedata.normalize("NFKC", text).casefold())
    said = Counter()
    for word in words:
        said.update(_units(word))
    if not said:
        said[text] = 1
    found = [_unit(unit, space, bands) for unit in said]
    places = [found_places for found_places, _ in found]
    values = [
        found_values * (_weight(unit) * (1 + log(times)))
        for (unit, times), (_, found_values) in zip(said.items(), found, strict=True)
    ]
    if len(words) > 1:
        pairs = [f"2{one} {other}" for one, other in pairwise(words)]
        pair_places, pair_signs = _hashed(pairs, space, bands)
        places.append(pair_places.ravel())
        values.append(pair_signs.ravel() * _PAIR_WEIGHT)
    return numpy.concatenate(places), numpy.concatenate(values)


def _units(word: str) -> list[str]:
    if not _is_sign(word[0]):
        return [word]
    return [*word, *(one + other for one, other in pairwise(word))]


@lru_cache(maxsize=8192)
def _is_sign(letter: str) -> bool:
    return re.match(f"[{_SIGNS}]", letter) is not None


def _weight(unit: str) -> float:
    if unit in _stop_words():
        return _STOP_WEIGHT
    return _SIGN_WEIGHT if len(unit) == 1 and _is_sign(unit[:1]) else 1.0


@lru_cache(maxsize=8192)
def _unit(unit: str, space: str, bands: int) -> tuple:
    """The places and amounts of one word (or sign, or pair of signs) with its start and parts."""
    features, weights = ["1" + unit], [1.0]
    if not _is_sign(unit[:1]):
        if len(unit) > 4:
            features.append("4" + unit[:4])
            weights.append(_START_WEIGHT)
        edged = f"<{unit}>"
        parts = {edged[at : at + n] for n in (3, 4, 5) for at in range(len(edged) - n + 1)}
        features += [f"3{part}" for part in sorted(parts)]
        weights += [_PARTS_WEIGHT / sqrt(len(parts) or 1)] * len(parts)
    places, signs = _hashed(features, space, bands)
    return places.ravel(), (signs.T * weights).T.ravel()


def _hashed(features: list[str], space: str, bands: int) -> tuple:
    """The places of features and the signs there, both of shape (features, 4 * bands)."""
    import numpy

    person, sizes, starts = _layout(space, bands)
    digests = b"".join(
        blake2b(feature.encode("utf-8", "replace"), digest_size=32, person=person).digest()
        for feature in features
    )
    drawn = numpy.frombuffer(digests, "<u2").reshape(len(features), -1)[:, : len(sizes)]
    # 15 bits choose the place, the last one the sign.
    return (drawn & 0x7FFF) % sizes + starts, 1.0 - 2.0 * (drawn >> 15)


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(_STOP_WORDS.split())


@cache
def _layout(space: str, bands: int) -> tuple:
    import numpy

    sizes = numpy.repeat(BANDS[:bands], _PLACES)
    starts = numpy.repeat(numpy.cumsum((0, *BANDS[: bands - 1])), _PLACES)
    return blake2b(space.encode(), digest_size=16).digest(), sizes, starts
