"""The functions that learners write in quiz 06, right and wrong, and its sums by hand."""

import pytest
from learners import item_of, told

QUIZ, FEWEST, PAIRED = "06_measure_quality", "06-quality-06", "06-quality-08"


LOOP = """from course.evaluate import wilson

def fewest_right(n, target):
    for right in range(n + 1):
        if wilson(right, n).low >= target:
            return right
    return "never"
"""
PLAIN = """def fewest_right(n, target):
    for right in range(n + 1):
        p = right / n
        if p - {z} * (p * (1 - p) / n) ** 0.5 >= target:
            return right
    return "never"
"""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (LOOP.replace("wilson(right, n).low", "right / n"), "170 of 200 is the target itself"),
        (LOOP.replace(".low", ".high"), "look at .low"),
        (LOOP.replace(".low", ".value"), "170 of 200 is the target itself"),
        (PLAIN.format(z=1.96), "The plain formula is too kind near the ends"),
        (LOOP.replace("right, n)", "right, n, confidence=0.9)"), "95 % means 1.96 spreads"),
        (LOOP.replace("range(n + 1)", "range(n)"), "try n of n as well"),
        (LOOP.replace("return right", "return right / n"), "float 0.9 instead of a whole"),
        (LOOP.replace("return right", "return right - 1"), "179 is too small, 180 was expected"),
        (LOOP.replace('return "never"', "return None"), "so ten items cannot show 85"),
        (LOOP.replace('return "never"', "return n"), "so ten items cannot show 85"),
        (LOOP.replace("if wil", "if 0 < target and 100 * wil"), "look at .low"),
        (LOOP.replace('    return "never"', '        return "never"'), "Try the counts"),
    ],
)
def test_a_count_that_learners_get_wrong_is_refused_with_help(source, words):
    heard = told(QUIZ, FEWEST, source)
    assert heard.share < 1
    assert words in heard.said


BY_FORMULA = """def low(right, n):
    p, z2 = right / n, 1.96 ** 2
    root = (z2 * (p * (1 - p) / n + z2 / (4 * n * n))) ** 0.5
    return (p + z2 / (2 * n) - root) / (1 + z2 / n)

def fewest_right(n, target):
    if low(n, n) < target:
        return "never"
    right = n
    while right > 0 and low(right - 1, n) >= target:
        right -= 1
    return right
"""
BY_TRYING = """def fewest_right(n, target):
    below = [step / 1000 for step in range(1001) if step / 1000 < target]
    for right in range(int(target * n), n + 1):
        fits = [p for p in below if abs(right / n - p) <= 1.96 * (p * (1 - p) / n) ** 0.5]
        if not fits:
            return right
    return "never"
"""


@pytest.mark.parametrize("source", [LOOP, BY_FORMULA, BY_TRYING])
def test_a_count_by_wilson_by_formula_or_by_trying_is_right(source):
    assert told(QUIZ, FEWEST, source).share == 1


PAIRS = """from math import comb

def paired_p(first, second):
    gained = sum(second[i] and not first[i] for i in first)
    lost = sum(first[i] and not second[i] for i in first)
    n, few = gained + lost, min(gained, lost)
    ways = sum(comb(n, k) for k in range(few + 1))
    return [gained, lost, min(1, 2 * ways / 2 ** n)]
"""
UNPAIRED = """from statistics import NormalDist

def paired_p(first, second):
    gained = sum(second[i] and not first[i] for i in first)
    lost = sum(first[i] and not second[i] for i in first)
    n = len(first)
    a, b = sum(first.values()) / n, sum(second.values()) / n
    both = (a + b) / 2
    error = (2 * both * (1 - both) / n) ** 0.5
    return [gained, lost, 2 - 2 * NormalDist().cdf(abs(a - b) / error)]
"""
BY_PLACE = """    pairs = list(zip(first.values(), second.values()))
    gained = sum(b and not a for a, b in pairs)
    lost = sum(a and not b for a, b in pairs)
"""
BY_NAME = "".join(f"{line}\n" for line in PAIRS.splitlines()[3:5])


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (PAIRS.replace(BY_NAME, BY_PLACE), "The order differs: look items up by name"),
        (UNPAIRED, "count how coins may fall"),
        (PAIRS.replace("2 * ways", "ways"), "take both sides"),
        (PAIRS.replace("min(1, 2 * ways / 2 ** n)", "2 * ways / 2 ** n"), "a p-value is at most 1"),
        (PAIRS.replace("[gained, lost,", "[lost, gained,"), "Gained is right in the second alone"),
        (PAIRS.replace("min(gained, lost)", "lost"), "start from the smaller count"),
        (PAIRS.replace("range(few + 1)", "range(few)"), "1 way of 64, for either side"),
        (PAIRS.replace("n, few = gained + lost", "n, few = len(first)"), "1 way of 64"),
        (PAIRS.replace("    ways", "    assert n, 'no items'\n    ways"), "no coins, and p is 1"),
        (PAIRS.replace("return [", "return min(1, 2 * ways / 2 ** n)  # ["), "a list was expected"),
    ],
)
def test_a_comparison_that_learners_get_wrong_is_refused_with_help(source, words):
    heard = told(QUIZ, PAIRED, source)
    assert heard.share < 1
    assert words in heard.said


BY_SCIPY = """from scipy.stats import binomtest

def paired_p(first, second):
    gained = lost = 0
    for item, mark in first.items():
        if second[item] > mark:
            gained += 1
        elif second[item] < mark:
            lost += 1
    p = binomtest(gained, gained + lost).pvalue if gained + lost else 1
    return gained, lost, p
"""
READY_MADE = """import pandas as pd
from course.evaluate import compare

def paired_p(first, second):
    tables = [pd.DataFrame({"item": list(t), "correct": list(t.values())}) for t in (first, second)]
    found = compare(*tables)
    return [found.only_b, found.only_a, found.p_value]
"""


@pytest.mark.parametrize("source", [PAIRS, BY_SCIPY, READY_MADE])
def test_a_comparison_by_coins_by_scipy_or_ready_made_is_right(source):
    assert told(QUIZ, PAIRED, source).share == 1


def test_kappa_is_the_share_reached_beyond_chance():
    item = item_of(QUIZ, "06-quality-02")
    for own in (item, *item.drawn):
        agreed = int(own.stem.split(" agree on ")[1].split()[0])
        shuffled = int(own.stem.split("the two agree on ")[1].split()[0])
        assert float(own.key) == pytest.approx((agreed - shuffled) / (200 - shuffled))


def test_a_width_divided_takes_that_number_squared_times_the_items():
    item = item_of(QUIZ, "06-quality-04")
    for own in (item, *item.drawn):
        words = own.stem.split()
        n, wanted = int(words[words.index("of") + 1]), words[words.index("wants") + 1]
        assert int(own.key) == n * {"3": 4, "2": 9}[wanted]


def test_measuring_is_paid_for_each_of_the_three_rounds():
    item = item_of(QUIZ, "06-quality-11")
    for own in (item, *item.drawn):
        items = int(own.stem.split("A gold set of ")[1].split()[0].replace(",", ""))
        # 150 x 0.15 + 2 x 0.60 = 23.7 millionths of a dollar for a request
        assert float(own.key) == pytest.approx(3 * items * 23.7 / 1_000_000)
