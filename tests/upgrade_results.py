"""Results for tests of decisions, from how many items which of two models has right."""

import numpy as np
import pandas as pd

SMALL, BIG = "small", "big"
RULE = {"baseline": SMALL, "candidate": BIG, "error_worth_usd": 0.05}

GSM8K = {"both": 1228, "gained": 40, "lost": 14, "neither": 37, "small_usd": 0.154 / 1319,
         "big_usd": 2.456 / 1319}  # fmt: skip
"""1,319 grade-school sums: gpt-4o-mini has 1,242 right for $0.154, gpt-4o 1,268 for $2.456.

From WildEval/ZeroEval's published outcomes (8c1485ed, Apache-2.0), at $0.15 and $0.60, $2.50 and
$10 per million tokens.
"""


def rows(model, correct, cost_usd, **more):
    """One model's rows, a row for each entry of `correct`."""
    items = [f"item {place}" for place in range(len(correct))]
    return pd.DataFrame(
        {"item": items, "model": model, "correct": correct, "cost_usd": cost_usd, **more}
    )


def outcomes(*, both=0, gained=0, lost=0, neither=0, small_usd=0.0001, big_usd=0.002, spread=0.0):
    """Rows of both models, where `gained` items are right with the big one only, and so on.

    Each costs its model's price, or is spread evenly around that by so large a share.
    """
    first = [1] * both + [0] * gained + [1] * lost + [0] * neither
    second = [1] * both + [1] * gained + [0] * lost + [0] * neither
    near = np.random.default_rng(5).uniform(1 - spread, 1 + spread, (2, len(first)))
    return pd.concat(
        [rows(SMALL, first, small_usd * near[0]), rows(BIG, second, big_usd * near[1])],
        ignore_index=True,
    )


def doubtful(n=2000, *, seed=1, small_usd=0.0001, big_usd=0.004, big_right=0.93):
    """Results in which the small model's confidence tells where it is wrong."""
    draw = np.random.default_rng(seed)
    confidence = draw.beta(4, 2, n).round(3)
    small = rows(SMALL, draw.random(n) < confidence, small_usd, confidence=confidence)
    big = rows(BIG, draw.random(n) < big_right, big_usd)
    return pd.concat([small, big], ignore_index=True)
