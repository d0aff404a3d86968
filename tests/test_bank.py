"""The bank: what it reads, what it works out, and how it tells an author what to mend."""

from datetime import date
from decimal import Decimal

import pytest
import sample_types as sample

from course.errors import CourseError
from course.quiz import bank

FACTS = {
    "gpt-4o-mini.input_price": Decimal("0.15"),
    "gpt-4o-mini.context_window": 128000,
    "gpt-4o-mini.shutdown": date(2027, 1, 14),
    "course.small_model": "gpt-4o-mini",
}

HEAD = """
quiz = "02_tokens"
title = "Tokens and cost"
policy = "instant"
objectives = { estimate-volume = "Estimate the cost of a volume of calls." }
"""
SINGLE = """
[[items]]
id = "02-tokens-01"
type = "single"
objective = "estimate-volume"
level = "apply"
points = 1
section = "a-million-messages"
stem = "What does {model} charge for a million prompt tokens?"
key = "B"
[items.facts]
model = "course.small_model"
price = "gpt-4o-mini.input_price"
[[items.options]]
id = "A"
text = "${= price * 10 :.2f}"
feedback = "Ten times too much."
misconception = "million-vs-thousand"
[[items.options]]
id = "B"
text = "${price}"
feedback = "Yes."
[[items.options]]
id = "C"
text = "${= price / 10 :.3f}"
feedback = "Ten times too little."
misconception = "million-vs-thousand"
"""
MULTIPLE = """
[[items]]
id = "02-tokens-02"
type = "multiple"
stem = "Which two of these raise the bill?"
key = ["A", "C"]
options = [
  { id = "A", text = "a longer prompt", feedback = "It does." },
  { id = "B", text = "a shorter key", feedback = "It does not." },
  { id = "C", text = "a longer reply", feedback = "It does." },
]
"""
NUMERIC = """
[[items]]
id = "02-tokens-03"
type = "numeric"
points = 2
stem = "What do 50,000 messages of 200 tokens cost at ${price} per million?"
key = "50000 * 200 * price / 1000000"
unit = "USD"
units = ["cent"]
tolerance = { relative = 0.02 }
feedback = "Multiply first, then divide by a million."
[items.facts]
price = "gpt-4o-mini.input_price"
[[items.options]]
id = "right"
text = "50000 * 200 * price / 1000000"
feedback = "${= key :.2f}, right."
[[items.options]]
id = "per-thousand"
text = 1500
feedback = "That is ${= 1000 * key :.0f} per thousand."
misconception = "million-vs-thousand"
"""
WHOLE = HEAD + SINGLE + MULTIPLE + NUMERIC


@pytest.fixture
def load(tmp_path):
    def loaded(text, facts=FACTS):
        path = tmp_path / "bank.toml"
        path.write_text(text, encoding="utf-8")
        return bank.load(path, facts=facts)

    return loaded


def test_a_bank_is_read_with_its_texts_and_keys_worked_out(load):
    quiz = load(WHOLE)
    single, multiple, numeric = quiz.items
    assert (quiz.quiz, quiz.title, quiz.policy.feedback) == (
        "02_tokens", "Tokens and cost", "instant",
    )  # fmt: skip
    assert single.stem == "What does gpt-4o-mini charge for a million prompt tokens?"
    assert [option.text for option in single.options] == ["$1.50", "$0.15", "$0.015"]
    assert multiple.key == ["A", "C"]
    assert numeric.key == Decimal("1.5")  # 10 million tokens at 0.15
    assert [option.value for option in numeric.options] == [Decimal("1.5"), 1500]
    assert numeric.options[0].feedback == "$1.50, right."
    assert numeric.options[1].feedback == "That is $1500 per thousand."
    assert numeric.accepted_units == ("USD", "cent")
    assert bank.complete(quiz) == []


def test_points_stay_whole_numbers_and_are_one_when_not_given(load):
    points = [item.points for item in load(WHOLE).items]
    assert points == [1, 1, 2]
    assert all(type(number) is int for number in points)
    assert load(HEAD + MULTIPLE.replace("stem", "points = 0.5\nstem")).items[0].points == 0.5


def test_policy_and_objectives_have_a_short_form_and_a_long_one(load):
    long = HEAD.replace('policy = "instant"', "") + '[policy]\nfeedback = "after_release"\n'
    assert load(long).policy.feedback == "after_release"
    assert load('quiz = "x"').policy.feedback == "instant"
    assert load('quiz = "x"\nobjectives = ["a", "b"]').objectives == {"a": "", "b": ""}


def test_an_item_may_have_a_policy_of_its_own(load):
    quiz = load(HEAD + MULTIPLE.replace("key =", 'policy = "after_release"\nkey ='))
    assert not quiz.shows_feedback_at_once(quiz.items[0])


def test_braces_that_are_no_place_to_fill_stay(load):
    text = SINGLE.replace("What does {model} charge", """Body '{\\"n\\": 1}' and {other}: what""")
    assert load(HEAD + text).items[0].stem.startswith("Body '{\"n\": 1}' and {other}: what")


def test_an_item_is_found_by_its_id(load):
    quiz = load(WHOLE)
    assert quiz.item("02-tokens-02") is quiz.items[1]
    with pytest.raises(CourseError, match="02_tokens has no item '02-tokens-99'"):
        quiz.item("02-tokens-99")


def test_what_a_student_may_see_has_no_key_and_no_anticipated_answers(load):
    single, multiple, numeric = (item.public() for item in load(WHOLE).items)
    assert single["options"][1] == {"id": "B", "text": "$0.15"}
    assert "key" not in single
    assert multiple["choose"] == 2
    assert (numeric["options"], numeric["unit"], numeric["units"]) == ([], "USD", ["USD", "cent"])


# The digest


def test_the_digest_does_not_depend_on_the_order_of_keys(load):
    table = MULTIPLE.replace(
        'id = "A", text = "a longer prompt"', 'text = "a longer prompt", id = "A"'
    )
    lines = table.replace('type = "multiple"\n', "").replace("key =", 'type = "multiple"\nkey =')
    assert lines != MULTIPLE
    assert load(HEAD + lines).digest == load(HEAD + MULTIPLE).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [("raise the bill", "lower the bill"), ("a shorter key", "a longer key"),
     ('id = "02-tokens-02"', 'id = "02-tokens-12"'), ("Tokens and cost", "Tokens")],
)  # fmt: skip
def test_the_digest_changes_with_what_a_student_sees(load, old, new):
    assert load((HEAD + MULTIPLE).replace(old, new)).digest != load(HEAD + MULTIPLE).digest


def test_the_digest_changes_with_a_fact_that_an_item_uses(load):
    other = FACTS | {"gpt-4o-mini.input_price": Decimal("0.30")}
    assert load(WHOLE, facts=other).digest != load(WHOLE).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [('["A", "C"]', '["A", "B"]'), ("It does not.", "No."), ("relative = 0.02", "absolute = 7")],
)
def test_the_digest_of_other_keys_is_the_same_so_that_trying_them_tells_nothing(load, old, new):
    changed = WHOLE.replace(old, new)
    assert changed != WHOLE
    assert load(changed).digest == load(WHOLE).digest


# Mistakes


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('key = "B"', 'key = "E"', r"item 02-tokens-01, field key: 'E' found.*one of A, B, C"),
        ('key = "B"', 'key = ["B"]', r"02-tokens-01, field key: \['B'\] found.*one of A, B, C"),
        ('["A", "C"]', '"A"', "02-tokens-02, field key: 'A' found, expected a list"),
        ('["A", "C"]', '["A", 3]', "02-tokens-02, field key: .* expected a list"),
        ('["A", "C"]', '["A", "X"]', "02-tokens-02, field key: 'X' found.*some of A, B, C"),
        ('["A", "C"]', '["A", "A"]', "02-tokens-02, field key: 'A' stands in the list 2 times"),
        ('id = "02-tokens-02"', 'id = "02-tokens-01"', "02-tokens-01, field id: 2 items have"),
        ('{ id = "B"', '{ id = "A"', "02-tokens-02, field options: 2 options have the id 'A'"),
        ('{ id = "B"', "{ id = 3", "02-tokens-02, field options.number 2.id: '3' found.*quotes"),
        ('id = "B", text = "a shorter key",', 'id = "B",', "field options.B.text: it is missing"),
        ('text = "a shorter key"', "text = true", "options.B.text: 'True' found.*text or a number"),
        ("tolerance = { relative = 0.02 }", "", "02-tokens-03, field tolerance: it is missing"),
        ("{ relative = 0.02 }", "{}", "field tolerance: '{}' found, expected a number, or a table"),
        ("{ relative = 0.02 }", "-1", "tolerance.absolute: '-1' found.*greater than or equal to 0"),
        ("relative = 0.02", "relative = 2", "tolerance.relative: '2' found.*less than or equal to"),
        ("relative = 0.02", "relative = nan", "tolerance.relative: 'NaN' found.*ordinary size"),
        ("relative = 0.02", "near = 1", "tolerance.near: this field is not known here"),
        ('unit = "USD"', "", "02-tokens-03, field unit: it is missing; expected one such as USD"),
        ('unit = "USD"', 'unit = "Taler"', "field unit: 'Taler' is not a unit.*USD, cent"),
        ('["cent"]', '["ms"]', "field units: ms is a unit of time.*give it in USD"),
        ("200 * price / 1000000\"\nunit", "200 * prise\"\nunit", "field key: .*'prise' is"),
        ("200 * price / 1000000\"\nunit", "200 / 0\"\nunit", "field key: .*divides by zero"),
        ('key = "50000 * 200 * price / 1000000"', "key = true", "field key: expected a num"),
        ('key = "50000 * 200 * price / 1000000"', "key = inf", "field key: expected a num"),
        ("text = 1500", 'text = "many"', "per-thousand.text: .*'many' is not"),
        ('text = "50000 * 200 * price', 'text = "2 * price', "right.text: it is 0.00000030*, but"),
        ("{= 1000 * key :.0f}", "{= 2 * keys}", "options.per-thousand.feedback: .*'keys' is not"),
        ("at ${price} per", "at ${= key} per", "02-tokens-03, field stem: .*'key' is not declared"),
        ("{= price * 10 :.2f}", "{= model * 10}", "options.A.text: .*which is not a number"),
        ("mini.input_price", "mini.input_prize", r"facts.price: there is no fact.*input_price"),
        ('model = "course', 'round = "course', "02-tokens-01, field facts.round: expected a plain"),
        ('"single"', '"singel"', "02-tokens-01, field type: 'singel' found, expected 'single', "),
        ('level = "apply"', 'levle = "apply"', "field levle: this .*is it level that"),
        ('level = "apply"', 'level = "hard"', "field level: 'hard' found, expected 'recall', "),
        ("points = 2", "points = -2", "02-tokens-03, field points: '-2' found, expected greater"),
        ("points = 2", "points = 1e99", "02-tokens-03, field points: '1E[+]99' .*ordinary size"),
        ("points = 2", 'points = "2"', "02-tokens-03, field points: '2' found, expected a number"),
        ('id = "02-tokens-02"', 'id = "../up"', "item ../up, field id: .*letters, digits, - and _"),
        ('id = "02-tokens-02"', "", "item number 2, field id: it is missing"),
        ('quiz = "02_tokens"', "", "field quiz: it is missing"),
        ('policy = "instant"', 'policy = "soon"', "field policy.feedback: 'soon' .*'instant'"),
        ('title = "Tokens and cost"', 'digest = "ab"', "field digest: 'ab' found.*nothing"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_item_field_and_what_was_expected(load, old, new, said):
    assert old in WHOLE
    with pytest.raises(CourseError, match=said) as told:
        load(WHOLE.replace(old, new, 1))
    assert "bank.toml: " in str(told.value) or "bank.toml has" in str(told.value)
    assert "\n" not in str(told.value)


def test_all_mistakes_of_a_file_are_told_in_one_message(load):
    text = WHOLE.replace('key = "B"', 'key = "E"').replace('["A", "C"]', '"A"')
    with pytest.raises(CourseError) as told:
        load(text.replace("tolerance = { relative = 0.02 }", ""))
    lines = str(told.value).split("\n- ")
    assert lines[0].endswith("bank.toml has 3 problems:")
    assert [line.split(":")[0] for line in lines[1:]] == [
        "item 02-tokens-01, field key",
        "item 02-tokens-02, field key",
        "item 02-tokens-03, field tolerance",
    ]


def test_one_wrong_name_is_told_once_though_many_texts_use_it(load):
    with pytest.raises(CourseError) as told:
        load(HEAD + NUMERIC.replace('"gpt-4o-mini.input_price"', '"gpt-4o-mini.prize"'))
    assert str(told.value).count("\n") == 0
    assert "02-tokens-03, field facts.price: there is no fact 'gpt-4o-mini.prize'" in str(
        told.value
    )


def test_a_syntax_error_is_told_with_its_line(load):
    with pytest.raises(CourseError, match=r"bank.toml is not valid TOML: .*at line 2"):
        load('quiz = "x"\ntitle = "y\n')


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path):
    path = tmp_path / "bank.toml"
    with pytest.raises(CourseError, match="cannot be read: No such file"):
        bank.load(path, facts={})
    path.write_bytes(b'quiz = "x"\ntitle = "caf\xe9"\n')
    with pytest.raises(CourseError, match="line 2: save the file as UTF-8"):
        bank.load(path, facts={})
    path.write_text("x = " + "[" * 20_000, encoding="utf-8")
    with pytest.raises(CourseError, match=r"nested too deeply|not valid TOML"):
        bank.load(path, facts={})


# Not complete yet


def test_an_incomplete_item_loads_and_is_told_by_complete(load):
    quiz = load(
        """
        quiz = "draft"
        [[items]]
        id = "draft-01"
        type = "single"
        stem = "What would you try next?"
        note = "cut off: two options, no key"
        options = [{ id = "A", text = "another model" }, { id = "B", text = "a new prompt" }]
        """
    )
    assert bank.complete(quiz) == [
        "The quiz has no title.",
        "Item draft-01 has no key.",
        "Item draft-01 has too few options (2; it needs at least 3).",
        "Item draft-01 has options without feedback: A, B.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Which two of these raise the bill?", " ", "02-tokens-02 has no stem"),
        ('["A", "C"]', '["A"]', "02-tokens-02 has one key only"),
        ('["A", "C"]', "[]", "02-tokens-02 has no key"),
        ('["A", "C"]', '["A", "B", "C"]', "02-tokens-02 has no wrong option"),
        ("a shorter key", " ", "02-tokens-02 has options without a text: B"),
        ("Multiply first, then divide by a million.", "", "no feedback for a number nobody"),
        ('id = "right"', 'id = "wright"', "counts its anticipated wrong answer wright as right"),
        ('id = "right"', 'id = "wright"', "has no option called right"),
        ("text = 1500", "text = 1.51", "counts its anticipated wrong answer per-thousand"),
        ('key = "B"', 'key = "B"\nfeedback = "x"', "02-tokens-01 has a feedback of its own"),
    ],
)
def test_complete_says_what_a_release_still_needs(load, old, new, said):
    assert old in WHOLE
    needs = bank.complete(load(WHOLE.replace(old, new, 1)))
    assert any(said in need for need in needs), needs


def test_feedback_is_not_needed_where_none_is_shown_at_once(load):
    text = WHOLE.replace('"instant"', '"after_release"').replace("It does not.", "")
    assert bank.complete(load(text)) == []


def test_a_quiz_without_items_is_not_complete(load):
    assert bank.complete(load('quiz = "x"\ntitle = "y"')) == ["The quiz has no items."]


# Every type


@pytest.fixture
def every(tmp_path):
    def loaded(old="", new=""):
        assert old in sample.WHOLE
        return sample.load(tmp_path, sample.WHOLE.replace(old, new, 1))

    return loaded


def test_a_bank_with_every_type_is_read_and_complete(every):
    quiz = every()
    assert [item.type for item in quiz.items] == [
        "order", "match", "cloze", "text", "text", "code", "measured", "numeric",
    ]  # fmt: skip
    assert bank.complete(quiz) == []
    gap = quiz.item(sample.CLOZE).gaps[0]
    assert (gap.key, gap.tolerance.relative) == (Decimal("0.00003"), Decimal("0.01"))
    bounds = quiz.item(sample.MEASURED).bounds
    assert (bounds.calls.most, bounds.calls.least, bounds.cost_usd.most) == (3, 3, 0.001)
    assert bounds.tokens is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('["D", "B", "A", "C"]', '["D", "B", "A"]', "01, field key: C left out; expected every"),
        ('["D", "B", "A", "C"]', '["D", "B", "A", "X"]', "01, field key: 'X' found"),
        ('["D", "B", "A", "C"]', '"D"', "01, field key: 'D' found, expected a list"),
        (', p2 = "A"', "", "02, field key: the prompt p2 has no option"),
        ('p2 = "A"', 'p3 = "A"', "02, field key: 'p3' found, expected one of the prompts p1, p2"),
        ('p2 = "A"', 'p2 = "Z"', "02, field key.p2: 'Z' found, expected one of A, B, C"),
        ('{ id = "p2"', '{ id = "p1"', "02, field prompts: 2 prompts have the id 'p1'"),
        ("[[verb]]", "a verb", r"03, field stem: the gap \[\[verb\]\] stands in it 0 times"),
        ("[[verb]]", "[[verb]][[verb]]", r"03, field stem: .* stands in it 2 times"),
        ("[[verb]]", "[[verb]] [[more]]", "03, field stem: there is no gap 'more'"),
        ('key = "B"\noptions', 'key = "C"\noptions', "03, field gaps.verb.key: 'C' found"),
        ("tolerance = { relative = 0.01 }", "", "03, field gaps.cost.tolerance: it is missing"),
        ("weight = 2", "weight = 0", "03, field gaps.cost.weight: '0' found.*greater than 0"),
        ('accept = ["stateless"]', "", "03, field gaps.state.accept: it is missing"),
        ('id = "state"\ntype = "text"', 'id = "state"\ntype = "order"', "gaps.state.type: 'order'"),
        ('"(the )?temp(erature)?"', '"(the"', "04, field pattern: .*unclosed group"),
        ('["temperature", "top_p"]', '[""]', "04, field accept: '' found, expected a short text"),
        ('function = "cost"', 'function = "co st"', "06, field function: 'co st' found"),
        ("expected = 0.15, ", "", "06, field cases.number 1.expected: it is missing"),
        ("expected = 0.15", "expected = 2026-09-01", "cases.number 1.expected: .*expected text, a"),
        ("expected = 0.15", "expected = nan", "cases.number 1.expected: .*a finite number"),
        ("arguments = [1000000]", "arguments = 3", "cases.number 1.arguments: '3' found"),
        ("visible = true", "hidden = true", "cases.number 1.hidden: this field is not known"),
        ("{ relative = 0.00137 }", "{ relative = 2 }", "cases.number 3.tolerance.relative: '2'"),
        ("least = 3", "least = 4", "07, field bounds.calls: .*expected least not above most"),
        ("{ most = 3, least = 3 }", "{}", "07, field bounds.calls: .*expected a number, or a"),
        ("cost_usd = 0.001", "cost_us = 1", "07, field bounds.cost_us: .*is it cost_usd that"),
        ("function = \"cost\"", "function = \"cost\"\nparameters = {n=[1]}",
         "06, field parameters: an item of type code has none"),
        ('points = 5', 'points = 5\nkey = "A"', "05, field key: an item of type text has none"),
        ('points = 5', 'points = 5\nunit = "USD"', "05, field unit: an item of type text has none"),
    ],
)  # fmt: skip
def test_a_mistake_in_any_type_is_told_with_item_and_field(every, old, new, said):
    with pytest.raises(CourseError, match=said):
        every(old, new)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('key = ["D", "B", "A", "C"]', "", "01 has no key"),
        ('feedback = "Follow the request on its way."', "", "01 has no feedback for an answer"),
        ('key = { p1 = "B", p2 = "A" }', "", "02 has no key"),
        ('feedback = "What does it remember?"', "", "in its gap state has no feedback"),
        (', feedback = "GET has no body."', "", "in its gap verb has options without"),
        (
            'id = "right", text = "temperature"',
            'id = "right", text = "x"',
            "04 does not accept its",
        ),
        ('id = "seed", text = "seed"', 'id = "seed", text = "temp"', "04 accepts its anticipated"),
        ('function = "cost"', "", "06 names no function"),
        ('type = "code"', 'type = "code"\nfeedback = "x"', "06 has a feedback of its own"),
        ("the answer is read", "the model answers", "01 has two options with the same text"),
    ],
)
def test_complete_says_what_any_type_still_needs(every, old, new, said):
    needs = bank.complete(every(old, new))
    assert any(said in need for need in needs), needs


def test_a_policy_of_an_item_changes_only_what_it_says(load):
    head = HEAD.replace('"instant"', '{ feedback = "after_release", attempts = 3, shuffle = true }')
    own = MULTIPLE.replace("key =", "policy = { attempts = 1 }\nkey =")
    quiz = load(head + own)
    policy = quiz.policy_of(quiz.items[0])
    assert (policy.feedback, policy.attempts, policy.shuffle) == ("after_release", 1, True)


def test_a_window_needs_a_zone_and_an_end_after_its_beginning(load):
    window = "{ opens = 2026-09-02T08:00:00Z, closes = 2026-09-01T08:00:00+02:00 }"
    needs = bank.complete(load(WHOLE.replace('"instant"', window)))
    assert needs == ["The quiz closes before it opens."]
    with pytest.raises(CourseError, match=r"field policy.opens: .*expected a time with its zone"):
        load(WHOLE.replace('"instant"', "{ opens = 2026-09-02T08:00:00 }"))


def test_each_item_has_a_digest_that_changes_with_its_own_stem_only(every):
    before = {item.id: item.digest for item in every().items}
    after = {item.id: item.digest for item in every("Put the steps", "Order the steps").items}
    assert [name for name in before if before[name] != after[name]] == [sample.ORDER]
    assert len(set(before.values())) == len(before)


def test_the_digests_tell_nothing_of_keys_accepted_texts_or_hidden_cases(every):
    before = every().digest
    for old, new in [
        ('["D", "B", "A", "C"]', '["A", "B", "D", "C"]'), ('p2 = "A"', 'p2 = "C"'),
        ('accept = ["stateless"]', 'accept = ["stateful"]'), ('"top_p"', '"top_k"'),
        ("0.0028266", "0.0028267"), ("[4711, 0.6]", "[4712, 0.6]"),
    ]:  # fmt: skip
        assert every(old, new).digest == before


def test_values_of_cases_may_be_worked_out_from_facts(load):
    text = """
    [[items]]
    id = "c-1"
    type = "code"
    stem = "?"
    function = "f"
    facts = { price = "gpt-4o-mini.input_price" }
    cases = [{ arguments = ["{price}"], expected = ["{= price * 2 }", "{other}", "a {price}"] }]
    """
    (case,) = load(HEAD + text).items[0].cases
    assert (case.arguments, case.expected) == ([0.15], [0.3, "{other}", "a {price}"])
