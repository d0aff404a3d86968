"""Quiz 08: what learners write for its functions, wrong and right, and sums worked out by hand."""

from pathlib import Path

import nbformat
import pytest
from learners import item_of, told

QUIZ = "08_volume"
ROOT = Path(__file__).parents[1]
RELEASED = nbformat.read(ROOT / f"quizzes/{QUIZ}/{QUIZ}.ipynb", as_version=4)
START = ("08-volume-start", "08-volume-client")
GIVEN = "\n".join(
    cell.source
    for cell in RELEASED.cells
    if cell.metadata.get("nbgrader", {}).get("grade_id") in START
)


def refused(item, source, hint):
    heard = told(QUIZ, item, source)
    assert heard.share < 1, heard.said
    assert hint in heard.said, heard.said


def accepted(item, source):
    heard = told(QUIZ, item, source)
    assert heard.share == 1, heard.said


MINUTES = "def minutes_needed(requests, tokens, limits):\n    "
BOTH = (
    'needs = [requests / limits["requests_per_minute"], tokens / limits["tokens_per_minute"]]\n    '
)
A_DAY = 'if "requests_per_day" in limits:\n        needs.append({})\n    '


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        # the smallest, the sum, one limit alone
        (f"{BOTH}return min(needs)", "the longer one counts"),
        (f"{BOTH}return sum(needs)", "the longer one counts"),
        ('return tokens / limits["tokens_per_minute"]', "the requests take 10 minutes"),
        ('return requests / limits["requests_per_minute"]', "the tokens 9"),
        # requests and tokens in each other's place
        (
            'return max(tokens / limits["requests_per_minute"], '
            'requests / limits["tokens_per_minute"])',
            "The requests take 3 minutes, the tokens 9",
        ),
        # the limit upside down, and the minutes as seconds
        (
            'return max(limits["requests_per_minute"] / requests, '
            'limits["tokens_per_minute"] / tokens)',
            "expected: 9.0",
        ),
        (f"{BOTH}return 60 * max(needs)", "expected: 9.0"),
        # a day left out, in days, in hours, or taken for granted
        (f"{BOTH}return max(needs)", "a day has 1,440 minutes"),
        (
            BOTH + A_DAY.format('requests / limits["requests_per_day"]') + "return max(needs)",
            "a day has 1,440 minutes",
        ),
        (
            BOTH + A_DAY.format('24 * requests / limits["requests_per_day"]') + "return max(needs)",
            "one day and a half",
        ),
        (
            f'{BOTH}return max(*needs, 1440 * requests / limits["requests_per_day"])',
            "stopped with: KeyError",
        ),
        (
            'if "requests_per_day" in limits:\n'
            '        return 1440 * requests / limits["requests_per_day"]\n'
            f"    {BOTH}return max(needs)",
            "it is not the one that binds",
        ),
        # a full bucket at the start, which the item rules out; the name in place of the number
        (
            'return max(0, requests / limits["requests_per_minute"] - 1, '
            'tokens / limits["tokens_per_minute"] - 1)',
            "expected: 9.0",
        ),
        (f'{BOTH}return "tokens_per_minute"', "expected: 9.0"),
        (f"{BOTH}print(max(needs))", "returned: None"),
    ],
)
def test_wrong_minutes_are_refused_with_a_reason(body, hint):
    refused("08-volume-03", MINUTES + body, hint)


@pytest.mark.parametrize(
    "body",
    [
        BOTH + A_DAY.format('1440 * requests / limits["requests_per_day"]') + "return max(needs)",
        'per_day = limits.get("requests_per_day", float("inf"))\n'
        '    return max(requests / limits["requests_per_minute"], '
        'tokens / limits["tokens_per_minute"], requests / per_day * 24 * 60)',
        "longest = 0\n    for name, limit in limits.items():\n"
        '        amount = tokens if name.startswith("tokens") else requests\n'
        "        minutes = amount / limit\n"
        '        if name.endswith("day"):\n            minutes = minutes * 1_440\n'
        "        if minutes > longest:\n            longest = minutes\n    return longest",
    ],
)
def test_right_minutes_are_accepted_however_they_are_written(body):
    accepted("08-volume-03", MINUTES + body)


WAIT = "def wait(number, draw, asked_s):\n    "


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        # no jitter; no bound; a bound that is one try late, or does not double
        ("return asked_s + min(20, 2**number)", "half of that is 0.5"),
        ("return asked_s + draw * 2**number", "The bound stays at 20"),
        ("return asked_s + draw * min(20, 2 ** (number + 1))", "the bound is 1 second"),
        ("return asked_s + draw * min(20, 2 * number)", "the bound is 1 second"),
        ("return asked_s + draw * min(20, number + 1)", "The bounds are 1, 2, 4"),
        ("return asked_s + draw * min(20, number**2)", "the bound is 1 second"),
        ("return asked_s + draw", "The bounds are 1, 2, 4"),
        ("return asked_s + draw * min(20, 2 ^ number)", "the bound is 1 second"),
        # Retry-After ignored, taken in place of the jitter, or cut
        ("return draw * min(20, 2**number)", "The service asks for 3 seconds"),
        ("return max(asked_s, draw * min(20, 2**number))", "on top of the jitter"),
        ("return asked_s or draw * min(20, 2**number)", "on top of the jitter"),
        ("return min(20, asked_s + draw * 2**number)", "is never cut"),
        ("return draw * (asked_s + min(20, 2**number))", "on top of the jitter"),
        # jitter drawn anew, and no value
        (
            "import random\n    return asked_s + random.uniform(0, min(20, 2**number)) + 99",
            "half of that is 0.5",
        ),
        ("print(asked_s + draw * min(20, 2**number))", "returned: None"),
    ],
)
def test_a_wrong_wait_is_refused_with_a_reason(body, hint):
    refused("08-volume-06", WAIT + body, hint)


@pytest.mark.parametrize(
    "body",
    [
        "return asked_s + draw * min(20, 2**number)",
        "bound = 1\n    for _ in range(number):\n        bound = bound * 2\n"
        "    if bound > 20:\n        bound = 20\n    return bound * draw + asked_s",
        "bounds = [1, 2, 4, 8, 16]\n"
        "    bound = bounds[number] if number < len(bounds) else 20\n"
        "    return draw * bound + asked_s",
    ],
)
def test_a_right_wait_is_accepted_however_it_is_written(body):
    accepted("08-volume-06", WAIT + body)


SORT = f"{GIVEN}\n\ndef sort_all(emails):\n    "
ASK = (
    "client.chat.completions.create(model=MINI, messages=one.prompt('Sort each e-mail.'), "
    "response_format=one.schema(), max_completion_tokens=one.longest_answer())"
)
LOOP = "answers = []\n    for one in pack(emails, {n}, labels=LABELS):\n        reply = {ask}\n"


def in_packs(n="20", *, ask=ASK, keep="answers += [e.answer for e in one.parse(reply)]"):
    return LOOP.format(n=n, ask=ask) + f"        {keep}\n    return answers"


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        # one by one, packs that are small, and packs that are too large
        (in_packs("1"), "27 calls used; at most 3 may be"),
        (in_packs("5"), "6 calls used; at most 3 may be"),
        (in_packs("len(emails)"), "2 calls used; at least 3 must be"),
        # the last pack is lost; its answers stand first; a call too many for each pack
        (in_packs().replace("LABELS):", "LABELS)[:1]:"), "none may be lost"),
        (in_packs(keep="answers = [e.answer for e in one.parse(reply)] + answers"), "places"),
        (
            in_packs(keep=f"answers += [e.answer for e in one.parse({ASK})]"),
            "6 calls used; at most 3 may be",
        ),
        # JSON in place of labels, a list of lists, a dictionary
        (in_packs(keep="answers.append(reply.choices[0].message.content)"), "and no JSON"),
        (in_packs(keep="answers.append([e.answer for e in one.parse(reply)])"), "a list of three"),
        (
            in_packs(keep="answers += one.parse(reply)"),
            "could not be used: a Entry came back",
        ),
        # sorted by the answer, and a rule of thumb in place of the model
        (in_packs().replace("return answers", "return sorted(answers)"), "in the order of"),
        ("return ['general' for email in emails]", "0 calls used; at least 3 must be"),
        # a whole handbook before each pack
        (
            in_packs(ask=ASK.replace("'Sort each e-mail.'", "'Sort each e-mail. ' * 600")),
            "tokens used; at most 4500 may be",
        ),
    ],
)
def test_a_wrong_way_to_sort_all_is_refused_with_a_reason(body, hint):
    refused("08-volume-10", SORT + body, hint)


@pytest.mark.parametrize(
    "body",
    [
        in_packs(),
        "found = {}\n    for one in pack(emails, 20, labels=LABELS):\n"
        f"        for entry in one.parse({ASK}):\n"
        "            found[entry.position] = entry.answer\n"
        "    return [found[at] for at in range(len(emails))]",
        # numbered by hand, and read by number
        "import json\n    answers = []\n    for at in range(0, len(emails), 20):\n"
        "        some = emails[at : at + 20]\n"
        "        numbered = {str(n): text for n, text in enumerate(some, 1)}\n"
        "        properties = {n: {'type': 'string', 'enum': LABELS} for n in numbered}\n"
        "        schema = {'type': 'object', 'properties': properties, "
        "'required': list(numbered), 'additionalProperties': False}\n"
        "        form = {'type': 'json_schema', 'json_schema': "
        "{'name': 'labels', 'strict': True, 'schema': schema}}\n"
        "        messages = [{'role': 'system', 'content': 'Sort each e-mail.'}, "
        "{'role': 'user', 'content': json.dumps(numbered)}]\n"
        "        reply = client.chat.completions.create(model=MINI, messages=messages, "
        "response_format=form, max_completion_tokens=300)\n"
        "        said = json.loads(reply.choices[0].message.content)\n"
        "        answers += [said[n] for n in numbered]\n    return answers",
    ],
)
def test_a_right_way_to_sort_all_is_accepted_however_it_is_written(body):
    accepted("08-volume-10", SORT + body)


@pytest.mark.parametrize(
    ("item", "sums"),
    [
        # n letters in 30 minutes, at 240 tokens each: n x 8 a minute
        ("08-volume-01", {"45000": 360_000, "60000": 480_000, "75000": 600_000}),
        # the first 800 leave at once, and 800 in each minute after: 3,200 / 800 …
        ("08-volume-05", {"4000": 4, "5600": 6, "7200": 8}),
    ],
)
def test_each_students_own_number_leads_to_the_sum_by_hand(item, sums):
    found = {}
    for variant in item_of(QUIZ, item).drawn:
        stem = variant.stem.replace(",", "")
        found[next(n for n in sums if f" {n} " in stem)] = variant.key
    assert found == sums


def test_the_price_of_a_months_batches_is_the_sum_by_hand():
    # 260 x 0.075 + 5 x 0.30 = 21 millionths of a dollar; 30 x 15,000 = 450,000 notes
    assert float(item_of(QUIZ, "08-volume-11").key) == pytest.approx(9.45)


def test_no_solution_is_in_the_students_edition():
    text = (ROOT / f"quizzes/{QUIZ}/{QUIZ}.ipynb").read_text(encoding="utf-8")
    for telling in ("max(needs)", "min(20", "entry.answer", "worked-answer"):
        assert telling not in text
