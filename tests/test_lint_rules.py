"""Single rules of the linter: wordings that break them beside wordings that do not."""

import pytest
from flawed import BANKS, found_in, rules

STEM = (
    "A chat program keeps each turn and sends the whole list again with a new question. "
    "What grows from one request to the next?"
)
ON_KEY = (
    "Each request carries the older turns again, so more tokens are read each time. "
    "The plot shows a line."
)
BASE = (BANKS / "levels.toml").read_text(encoding="utf-8").replace("recall", "apply")


def of_stem(stem, folder):
    assert STEM in BASE
    return rules(found_in(BASE.replace(STEM, stem), folder))


def of_options(folder, **texts):
    """What is found when options A, B (the key), C and D say this."""
    said = {
        "A": "The price that a single token has",
        "B": "The number of tokens that are read",
        "C": "The time until the key runs out",
        "D": "The share of answers that fit well",
    }
    text = BASE
    for name, new in texts.items():
        assert said[name] in text
        text = text.replace(said[name], new)
    return rules(found_in(text, folder))


@pytest.mark.parametrize(
    ("stem", "rule"),
    [
        ("A model that is asked twice can give two replies because:", "stem-question"),
        ("A program sends [ ] with each request, and a model reads it. What is it?", "stem-gap"),
        ("Three settings of a chat change. Which of these isn't seen?", "negation-hidden"),
        ("Three settings change. Which is seen by all EXCEPT the model?", "negation"),
        ("A chat is sent to a model in full. Which of these is true?", "covered"),
        ("A chat is sent in full. Which of the following statements fits it?", "covered"),
        ("A class wants answers to its many questions. Which model should it use?", "no-criterion"),
        ("A chat program sends {it} again. What grows from turn to turn?", "name-unknown"),
        ("Input is sold at $0.45 per 1M tokens. What grows in a chat?", "literal-price"),
        ("Input costs 45 cents for a million tokens. What grows in a chat?", "literal-price"),
        ("The model o3-mini reads the whole list. What grows in a chat?", "literal-model"),
        ("Since September 14, 2026 it sends its list. What grows in a chat?", "literal-date"),
        ("A chat fills a context window of 96,000 tokens. What grows in it?", "literal-limit"),
    ],
)
def test_a_stem_breaks_its_rule(stem, rule, tmp_path):
    assert of_stem(stem, tmp_path) == {rule}


@pytest.mark.parametrize(
    "stem",
    [
        "A chat program did not keep the reply. Which task will its model be unable to do now?",
        "Some replies do not fit their question. What grows when a chat is sent again in full?",
        "Find out what a chat sends again. Choose what grows from one request to the next.",
        "A class wants answers to many questions. Which model should it use to pay the least?",
        "Which model gives the best answers under 2 dollars a day to a class of thirty learners?",
        "A loop spends 0.45 dollars an hour while nobody looks. What grows in such a chat?",
        "A chat program sends 96,000 letters to a friend, one by one. What grows in a chat?",
        "A shop has 1,500 requests a year and answers all of them. What grows in a chat?",
        "On 2026-09-15 a chat program sends the whole list. What grows in a chat?",
        'A program calls `__init__` and sends `f"{question}"` to a model. What grows in a chat?',
        "ChatGPT sends the whole list of a chat with each question. What grows in a chat?",
        'A program sends `{"role": "user"}` with a text to a model. What grows in a chat?',
    ],
)
def test_an_ordinary_stem_breaks_none(stem, tmp_path):
    assert of_stem(stem.replace('"', '\\"'), tmp_path) == set()


@pytest.mark.parametrize(
    ("texts", "rule"),
    [
        ({"D": "Both A and B, for they go together"}, "option-combined"),
        ({"D": "None of the above, nor of the others"}, "option-combined"),
        ({"D": "The fun of it all, for the model 🎉"}, "option-joke"),
        (
            {"A": "Only a price that a token has", "D": "Every share that will fit"},
            "absolute-words",
        ),
        ({"B": "The tokens that it may have to read"}, "hedged-key"),
        ({"D": "the share of answers that fit well"}, "option-forms"),
        ({"D": "`reply.usage.total_tokens // 1000`"}, "option-forms"),
        ({"B": "The number (of tokens) that is read"}, "odd-one-out"),
        ({"B": "The tokens, 3 or more, that are read"}, "odd-one-out"),
    ],
)
def test_options_break_their_rule(texts, rule, tmp_path):
    assert of_options(tmp_path, **texts) == {rule}


@pytest.mark.parametrize(
    "texts",
    [
        {"A": "Only the price that a token has"},  # one of three: no pattern to go by
        {"A": "Every price of one single token", "B": "Every token of which it is read"},
        {"A": "The price may change for a token", "B": "The tokens may be more to be read"},
        {"B": "The number of tokens that are rea d"},  # longest by less than eight characters
        {"C": "A key named Both that runs out"},
    ],
)
def test_ordinary_options_break_none(texts, tmp_path):
    assert of_options(tmp_path, **texts) == set()


@pytest.mark.parametrize(
    ("feedback", "rule"),
    [
        ("Correct! Each request carries the older turns again, so more is read.", "feedback-empty"),
        ("That is right. Each request carries the older turns again.", "feedback-empty"),
        ("See above: each request carries the older turns of the chat again.", "feedback-empty"),
        ("More is read.", "feedback-length"),
        ("More " * 61, "feedback-length"),
    ],
)
def test_feedback_breaks_its_rule(feedback, rule, tmp_path):
    assert ON_KEY in BASE
    assert rules(found_in(BASE.replace(ON_KEY, feedback), tmp_path)) == {rule}


def test_feedback_may_begin_with_true_and_go_on(tmp_path):
    new = "True, and each request carries the older turns again, so more tokens are read."
    assert rules(found_in(BASE.replace(ON_KEY, new), tmp_path)) == set()


def test_eight_keys_are_enough_to_judge_their_places():
    from course.quiz.fields import Option
    from course.quiz.rules.rule import Choice
    from course.quiz.rules.whole import told_of_places

    options = tuple(Option(id=name, text=name) for name in "ABCD")

    def places(letters):
        return list(told_of_places([Choice("", "", options, (letter,)) for letter in letters]))

    assert places("ABCDABCD") == []
    assert places("AABBCCA") == []  # seven keys: too few
    assert "χ²" in places("ABABABABAB")[0]  # 5, 5, 0, 0 of 10: χ² = 10, p = 0.0186
    assert "under 15 %" in places("AABBAACCDABCA")[0]  # 6, 3, 3, 1 of 13: χ² = 3.9, p = 0.27
    assert "4 times in a row" in places("BBBBACDACDAD")[0]
