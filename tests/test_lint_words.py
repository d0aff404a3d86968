"""What the linter counts: words, sentences, likeness, reading grade, and what chance would do."""

import math

import pytest

from course.quiz.rules import chance, words


def test_inline_code_is_one_word_and_a_block_of_code_none():
    text = "Call `reply.usage.total_tokens` now.\n\n```python\nx = 1\ny = 2\n```\nThen stop."
    assert words.words(text) == ["call", "code", "now", "then", "stop"]


def test_numbers_and_words_with_hyphens_are_single_words():
    assert words.words("1,200 e-mails at 0.15, or 3/4 of it") == [
        "1,200", "e-mails", "at", "0.15", "or", "3/4", "of", "it",
    ]  # fmt: skip


def test_a_decimal_point_ends_no_sentence():
    assert words.sentences("It costs 0.15 dollars. Is that much? Yes") == [
        "It costs 0.15 dollars.",
        "Is that much?",
        "Yes",
    ]


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("cat", 1), ("table", 2), ("make", 1), ("makes", 1), ("prices", 2), ("asked", 1),
        ("wanted", 2), ("messages", 3), ("library", 3), ("library's", 3), ("e-mail", 2),
        ("1,200", 1), ("be", 1), ("university", 5),
    ],
)  # fmt: skip
def test_syllables_are_groups_of_vowels_less_a_silent_end(word, count):
    assert words.syllables(word) == count


def test_the_reading_grade_is_flesch_and_kincaids():
    # 6 words in 1 sentence, 6 syllables: 0.39 * 6 + 11.8 * 1 - 15.59
    assert words.reading_grade("The cat sat on the mat.") == pytest.approx(-1.45)
    # 3 words, 11 syllables: 0.39 * 3 + 11.8 * 11 / 3 - 15.59
    assert words.reading_grade("Universities regulate responsibility.") > 9


def test_jaccard_is_shared_words_over_all_words():
    assert words.jaccard(["a", "b", "c"], ["b", "c", "d"]) == 0.5
    assert words.jaccard([], []) == 1


def test_similarity_is_that_of_words_in_their_order():
    # 4 of 5 + 5 words match on each side: 2 * 4 / 10
    assert words.similarity("one two three four five", "one two three four six") == 0.8
    assert words.similarity("one two", "three four") == 0


def test_content_words_are_without_little_words_and_endings():
    assert words.content_words("The models were asked for the prices") == {"model", "ask", "pric"}


@pytest.mark.parametrize(("hits", "items"), [(8, 15), (9, 20), (23, 64)])
def test_eight_of_fifteen_keys_that_are_longest_are_no_accident(hits, items):
    odds = [0.25] * items
    assert chance.at_least(hits, odds) < 0.05 < chance.at_least(hits - 1, odds)


def test_the_binomial_sum_agrees_with_one_written_out():
    by_hand = sum(math.comb(15, n) * 0.25**n * 0.75 ** (15 - n) for n in range(8, 16))
    assert chance.at_least(8, [0.25] * 15) == pytest.approx(by_hand)


def test_unlike_odds_are_multiplied_out():
    # both: 1/2 * 1/4; at least one: 1 - 1/2 * 3/4
    assert chance.at_least(2, [0.5, 0.25]) == pytest.approx(0.125)
    assert chance.at_least(1, [0.5, 0.25]) == pytest.approx(0.625)


def test_the_odds_of_an_item_count_its_keys_and_its_ties():
    assert chance.hit(4, 1, 1) == 0.25
    assert chance.hit(4, 1, 2) == 0.5
    assert chance.hit(4, 2, 1) == 0.5
    assert chance.hit(4, 2, 2) == pytest.approx(5 / 6)  # 1 - 1 / comb(4, 2)


@pytest.mark.parametrize(
    ("statistic", "freedom", "p"),
    [(3.841, 1, 0.05), (5.991, 2, 0.05), (7.815, 3, 0.05), (9.488, 4, 0.05), (11.345, 3, 0.01)],
)  # the usual table of critical values
def test_chi_squared_agrees_with_the_printed_table(statistic, freedom, p):
    assert chance.chi_squared(statistic, freedom=freedom) == pytest.approx(p, abs=1e-4)


def test_places_of_keys_are_tested_against_an_even_spread():
    # (10 - 5)² / 5 + 3 * (10 / 3 - 5)² / 5 = 5 + 5 / 3
    expected = chance.chi_squared(20 / 3, freedom=3)
    assert chance.even([10, 10 / 3, 10 / 3, 10 / 3], [5, 5, 5, 5]) == pytest.approx(expected)
    assert chance.even([5, 5, 5, 5], [5, 5, 5, 5]) == 1
