"""The band of the break-even: against Fieller's theorem, by hand, and in every direction."""

import math

import numpy as np
import pytest

from course.evaluate import Estimate, paired_interval
from course.upgrade.breakeven import Balance
from course.upgrade.paired import mean_interval, pair
from course.upgrade.table import Answers

Z = 1.959963984540054


def normal(value, error, n=500):
    return Estimate(value, value - Z * error, value + Z * error, n=n, method="normal")


@pytest.mark.parametrize("correlation", [-0.8, -0.2, 0.0, 0.5, 0.95])
def test_the_band_of_normal_intervals_is_that_of_fiellers_theorem(correlation):
    gain, gain_error, cost, cost_error = 0.03, 0.006, 0.0017, 0.0002
    together = correlation * gain_error * cost_error
    # Fieller: all w with (K − w·D)² ≤ z² · (s_K² − 2·w·s_DK + w²·s_D²), solved as he did.
    g = (Z * gain_error / gain) ** 2
    middle = cost / gain - g * together / gain_error**2
    ratio = cost / gain
    reach = (Z / gain) * math.sqrt(
        cost_error**2
        - 2 * ratio * together
        + ratio**2 * gain_error**2
        - g * (cost_error**2 - together**2 / gain_error**2)
    )
    expected = (middle - reach) / (1 - g), (middle + reach) / (1 - g)
    balance = Balance(normal(gain, gain_error), normal(cost, cost_error), correlation)
    assert balance.band == pytest.approx(expected, rel=1e-9)
    assert [span.says for span in balance.spans()] == ["stay", "measure-more", "upgrade"]


def test_the_net_benefit_by_hand():
    gain = Estimate(0.10, 0.06, 0.13, n=100, method="given")
    cost = Estimate(0.004, 0.003, 0.006, n=100, method="given")
    net = Balance(gain, cost).net_benefit(0.1)
    assert net.value == pytest.approx(0.1 * 0.10 - 0.004)
    # Below: 0.1 · 0.04 of the gain and 0.002 of the cost; above: 0.1 · 0.03 and 0.001.
    assert net.low == pytest.approx(0.006 - math.hypot(0.004, 0.002))
    assert net.high == pytest.approx(0.006 + math.hypot(0.003, 0.001))
    # Gains that come with costs take off from each other's chance: √(a² + c² − 2·ρ·a·c).
    paired = Balance(gain, cost, 0.5).net_benefit(0.1)
    assert paired.low == pytest.approx(0.006 - math.sqrt(0.004**2 + 0.002**2 - 0.004 * 0.002))


@pytest.mark.parametrize(
    ("gain", "cost", "expected"),
    [
        (normal(0.03, 0.006), normal(0.002, 1e-5), ["stay", "measure-more", "upgrade"]),
        (normal(0.03, 0.03), normal(0.002, 1e-5), ["stay", "measure-more"]),
        (normal(0.03, 0.006), normal(0.002, 0.002), ["measure-more", "upgrade"]),
        (normal(0.03, 0.03), normal(0.002, 0.002), ["measure-more"]),
        (normal(-0.03, 0.006), normal(-0.002, 1e-5), ["upgrade", "measure-more", "stay"]),
        (normal(0.03, 0.006), normal(-0.002, 1e-5), ["upgrade"]),
        (normal(0.03, 0.03), normal(-0.002, 1e-5), ["upgrade", "measure-more"]),
        (normal(-0.03, 0.006), normal(0.002, 1e-5), ["stay"]),
        (normal(-0.03, 0.03), normal(0.002, 1e-5), ["stay", "measure-more"]),
        (normal(0.03, 0.006), normal(0, 0), ["upgrade"]),
    ],
)
def test_what_each_worth_of_an_error_says(gain, cost, expected):
    balance = Balance(gain, cost)
    spans = balance.spans()
    assert [span.says for span in spans] == expected
    assert spans[0].low == 0 and spans[-1].high == math.inf
    for span in spans:  # the borders are where they should be: within a span all say the same
        end = min(span.high, 2 * span.low + 1)
        for part in (0.001, 0.25, 0.5, 0.75, 0.999):
            assert balance.says(span.low + part * (end - span.low)) == span.says


def test_a_band_in_two_pieces_is_not_told_as_one():
    # Neither gain nor saving is sure alone; together, at one worth, they are.
    balance = Balance(normal(0.9 * 0.01, 0.01 / Z), normal(-0.0005, 0.001 / Z), 0.99)
    assert [span.says for span in balance.spans()] == ["measure-more", "upgrade", "measure-more"]
    assert balance.band is None


def test_no_item_that_differs_still_leaves_a_doubt_that_grows_with_the_worth():
    cost = Estimate(0.002, 0.002, 0.002, n=100, method="paid", unit="USD")
    spans = Balance(paired_interval(0, 0, 100), cost).spans()
    assert [span.says for span in spans] == ["stay", "measure-more"]
    # Tango's end without discordant items: z² / (n + z²); 0.002 over that.
    assert spans[0].high == pytest.approx(0.002 * (100 + Z**2) / Z**2, rel=1e-6)


def test_the_mean_cost_has_students_interval():
    # Four amounts, mean 2.5, sd √(5/3), t with 3 degrees of freedom at 97.5 %: 3.182446.
    found = mean_interval(np.array([1.0, 2.0, 3.0, 4.0]), confidence=0.95)
    half = 3.182446 * math.sqrt(5 / 3) / 2
    assert (found.low, found.high) == pytest.approx((2.5 - half, 2.5 + half), rel=1e-6)
    alone = mean_interval(np.array([1.0]), confidence=0.95)
    assert (alone.low, alone.high) == (-math.inf, math.inf)


def world(draw, n):
    """Two models on n items: the second right on 12 % more and 4 % less, dearer on long items."""
    kind = draw.choice(4, n, p=[0.70, 0.12, 0.04, 0.14])
    length = draw.lognormal(-0.125, 0.5, n)
    right = (kind == 0) | (kind == 2), (kind == 0) | (kind == 1)
    costs = 0.0001 * length, 0.002 * length * np.where(kind == 1, 1.5, 1.0)
    return [Answers(name, *parts) for name, *parts in zip("ab", right, costs, strict=True)]


@pytest.mark.parametrize("n", [30, 100, 400])
@pytest.mark.parametrize("times", [0.5, 1.0, 2.0])
def test_a_sure_verdict_is_seldom_wrong(n, times):
    draw = np.random.default_rng(20_261_121)
    gain, cost = 0.08, 0.002 * (1 + 0.12 * 0.5) - 0.0001  # by the chances in `world`
    worth = times * cost / gain
    truly = {0.5: "stay", 1.0: "measure-more", 2.0: "upgrade"}[times]
    tries = 400
    said = [pair(*world(draw, n), confidence=0.95).balance.says(worth) for _ in range(tries)]
    wrong = sum(one not in (truly, "measure-more") for one in said)
    # At the break-even itself any sure verdict is wrong, 5 % of them; else far fewer are.
    assert wrong <= (0.08 if times == 1.0 else 0.02) * tries
