"""Quiz 09: what learners write for its code items, and the sums behind its numbers."""

import pytest
from learners import item_of, told

QUIZ = "09_when_to_upgrade"
BREAK_EVEN, FAIR = "09-upgrade-04", "09-upgrade-08"


RIGHT_BREAK_EVENS = {
    "two sums": """
def break_even(rows):
    avoided = sum(row[2] for row in rows) - sum(row[0] for row in rows)
    extra = sum(row[3] for row in rows) - sum(row[1] for row in rows)
    if avoided <= 0:
        return "never"
    return extra / avoided
""",
    "a loop that counts gained and lost": """
def break_even(rows):
    gained = lost = 0
    extra = 0.0
    for small_right, small_usd, big_right, big_usd in rows:
        if big_right and not small_right:
            gained += 1
        elif small_right and not big_right:
            lost += 1
        extra = extra + big_usd - small_usd
    return extra / (gained - lost) if gained > lost else "never"
""",
    "a table": """
import pandas as pd

def break_even(rows):
    table = pd.DataFrame(rows, columns=["small", "small_usd", "big", "big_usd"])
    cost = (table["big_usd"] - table["small_usd"]).mean()
    accuracy = (table["big"] - table["small"]).mean()
    return float(cost / accuracy) if accuracy > 0 else "never"
""",
}

WRONG_BREAK_EVENS = {
    "the ratio upside down": (
        "    return avoided / extra if avoided > 0 else 'never'",
        "returned: 12.5",
        "1 is avoided; the bigger model costs 4 times 0.02 dollars more",
    ),
    "the sign swapped": (
        "    return -extra / avoided if avoided > 0 else 'never'",
        "returned: -0.08",
        "expected: 0.08",
    ),
    "errors that are lost forgotten": (
        "    gained = sum(r[2] and not r[0] for r in rows)\n"
        "    return extra / gained if avoided > 0 else 'never'",
        "Errors that are lost come off those that are gained.",
        "2 errors are gained and 1 is lost",
    ),
    "the whole bill in place of the extra one": (
        "    return sum(r[3] for r in rows) / avoided if avoided > 0 else 'never'",
        "returned: 0.084",
        "4 times 0.02 dollars more",
    ),
    "extra cost an item over errors of all items": (
        "    return extra / len(rows) / avoided if avoided > 0 else 'never'",
        "returned: 0.02",
        "All rows pay the extra cost",
    ),
    "per 1,000": (
        "    return 1000 * extra / avoided if avoided > 0 else 'never'",
        "returned: 80",
        "expected: 0.08",
    ),
    "cost per right answer, unpaired": (
        "    def each(first):\n"
        "        return sum(r[first + 1] for r in rows) / max(1, sum(r[first] for r in rows))\n"
        "    return each(2) - each(0) if avoided > 0 else 'never'",
        "1 is avoided; the bigger model costs",
        "expected: 0.08",
    ),
    "only the rows on which the models differ pay": (
        "    differ = [r for r in rows if r[2] != r[0]]\n"
        "    extra = sum(r[3] - r[1] for r in differ)\n"
        "    return extra / avoided if avoided > 0 else 'never'",
        "All rows pay the extra cost, also those on which both models are right.",
        "4 times 0.02 dollars more",
    ),
    "no word for nothing avoided": (
        "    return extra / avoided",
        "ZeroDivisionError",
        'Return the text "never".',
    ),
    "nothing avoided told only where it is exactly none": (
        "    return extra / avoided if avoided else 'never'",
        "The bigger model is right less often here",
        "expected: 'never'",
    ),
}


@pytest.mark.parametrize("source", RIGHT_BREAK_EVENS.values(), ids=RIGHT_BREAK_EVENS)
def test_a_right_break_even_is_accepted(source):
    assert told(QUIZ, BREAK_EVEN, source).share == 1


@pytest.mark.parametrize(
    ("end", "words", "more"), WRONG_BREAK_EVENS.values(), ids=WRONG_BREAK_EVENS
)
def test_a_wrong_break_even_is_refused_with_words_that_help(end, words, more):
    heard = told(
        QUIZ,
        BREAK_EVEN,
        "def break_even(rows):\n"
        "    avoided = sum(r[2] - r[0] for r in rows)\n"
        f"    extra = sum(r[3] - r[1] for r in rows)\n{end}\n",
    )
    assert heard.share < 1
    assert words in heard.said
    assert more in heard.said


GIVEN = """
SMALL_USD, BIG_USD = 0.001, 0.010

def net(items, threshold, worth_usd):
    total = 0
    for confidence, small_right, big_right in items:
        doubt = confidence < threshold
        right = big_right if doubt else small_right
        total += worth_usd * right - SMALL_USD - (BIG_USD if doubt else 0)
    return total / len(items)

def fair_net(choosing, reporting, thresholds, worth_usd):
"""

RIGHT_FAIR_NETS = {
    "max with a key": """
    best = max(thresholds, key=lambda one: net(choosing, one, worth_usd))
    return [best, net(reporting, best, worth_usd)]
""",
    "a loop that remembers": """
    best, most = None, float("-inf")
    for one in thresholds:
        here = net(choosing, one, worth_usd)
        if here > most:
            best, most = one, here
    return best, net(reporting, best, worth_usd)
""",
    "sorted": """
    ranked = sorted((net(choosing, one, worth_usd), one) for one in thresholds)
    threshold = ranked[-1][1]
    return [threshold, net(reporting, threshold, worth_usd)]
""",
}

WRONG_FAIR_NETS = {
    "reported on the half that chose": (
        "    best = max(thresholds, key=lambda t: net(choosing, t, worth_usd))\n"
        "    return [best, net(choosing, best, worth_usd)]",
        "Report what 0.7 brings on the second list.",
    ),
    "chosen on the half that reports": (
        "    best = max(thresholds, key=lambda t: net(reporting, t, worth_usd))\n"
        "    return [best, net(reporting, best, worth_usd)]",
        "The second list must have no say in the choice",
    ),
    "chosen on both halves": (
        "    best = max(thresholds, key=lambda t: net(choosing + reporting, t, worth_usd))\n"
        "    return [best, net(reporting, best, worth_usd)]",
        "The second list must have no say in the choice",
    ),
    "the best of both halves, each by itself": (
        "    return [max(thresholds, key=lambda t: net(choosing, t, worth_usd)),\n"
        "            max(net(reporting, t, worth_usd) for t in thresholds)]",
        "Report what 0.7 brings on the second list.",
    ),
    "the lowest net benefit": (
        "    best = min(thresholds, key=lambda t: net(choosing, t, worth_usd))\n"
        "    return [best, net(reporting, best, worth_usd)]",
        "0.7 has the highest net benefit there",
    ),
    "most right answers, whatever they cost": (
        "    def right(t):\n"
        "        return sum(big if c < t else small for c, small, big in choosing)\n"
        "    best = max(thresholds, key=right)\n"
        "    return [best, net(reporting, best, worth_usd)]",
        "Choose by net benefit, not by the share of right answers.",
    ),
    "the worth of the example for all": (
        "    best = max(thresholds, key=lambda t: net(choosing, t, 0.05))\n"
        "    return [best, net(reporting, best, 0.05)]",
        "with the worth you are given",
    ),
    "the middle threshold of the list": (
        "    best = thresholds[1] if worth_usd == 0.05 else thresholds[0]\n"
        "    return [best, net(reporting, best, worth_usd)]",
        "The thresholds come in any order",
    ),
    "the threshold alone": (
        "    return max(thresholds, key=lambda t: net(choosing, t, worth_usd))",
        "a list was expected",
    ),
}


@pytest.mark.parametrize("end", RIGHT_FAIR_NETS.values(), ids=RIGHT_FAIR_NETS)
def test_a_right_fair_net_is_accepted(end):
    assert told(QUIZ, FAIR, GIVEN + end).share == 1


@pytest.mark.parametrize(("end", "words"), WRONG_FAIR_NETS.values(), ids=WRONG_FAIR_NETS)
def test_a_wrong_fair_net_is_refused_with_words_that_help(end, words):
    heard = told(QUIZ, FAIR, GIVEN + end)
    assert heard.share < 1
    assert words in heard.said


def test_the_example_of_fair_net_by_hand():
    # On choosing: none passed on, 2 of 4 right, 0.5 x 0.05 - 0.001 = 0.024. At 0.7 two are passed
    # on, 4 of 4 right: 0.05 - 0.001 - 0.5 x 0.010 = 0.044. All passed on, 3 of 4 right:
    # 0.0375 - 0.011 = 0.0265. So 0.7; on reporting 3 of 4 right, two passed on: 0.0375 - 0.006.
    example = item_of(QUIZ, FAIR).cases[0]
    assert example.expected == pytest.approx([0.7, 0.0315])


def test_the_expected_break_evens_by_hand():
    # 4 x 0.02 / (2 - 1); none avoided; 3 gained and 1 lost, with the costs below; right less often;
    # 10 x 0.02 / 5; 0.5 / 1.
    big = 0.03 + 0.02 + 0.01 + 0.04 + 0.02 + 0.02 + 0.01 + 0.03
    small = 0.002 + 0.001 + 0.001 + 0.003 + 0.001 + 0.002 + 0.001 + 0.001
    expected = [case.expected for case in item_of(QUIZ, BREAK_EVEN).cases]
    assert [value for value in expected if value == "never"] == ["never"] * 2
    numbers = [value for value in expected if value != "never"]
    assert numbers == pytest.approx([0.08, (big - small) / (3 - 1), 0.04, 0.5])


@pytest.mark.parametrize(
    ("item", "key"),
    [
        ("09-upgrade-01", 0.10),  # 6 dollars more, 60 errors fewer
        ("09-upgrade-09", 20),  # 31.8 - 21.5 = 10.3 millionths, at 0.50 a token: 20.6
        ("09-upgrade-11", 4),  # 24 of 600
    ],
)
def test_a_key_by_hand(item, key):
    assert float(item_of(QUIZ, item).key) == pytest.approx(key)


def test_each_variant_of_the_month_by_hand():
    drawn = item_of(QUIZ, "09-upgrade-02").drawn
    assert len(drawn) >= 10
    for one in drawn:
        stem = one.stem.replace(",", "")
        volume, points, extra, worth = (
            float(stem.split(before)[1].split()[0])
            for before in ("sorts ", "be right ", "and cost ", "error is worth ")
        )
        avoided = volume * points / 100
        paid = extra * volume / 1000
        assert float(one.key) == pytest.approx(avoided * worth / 100 - paid)
        assert one.key > 0
