"""How able the simulated models are, and the draws of what they get right."""

import math
from random import Random

import pytest

from course.endpoint.simulation.abilities import Abilities, lowered, read_assume
from course.endpoint.simulation.reference import Item
from course.errors import CourseError

MANY = 5_000


def item(number=0, *, kind="classification", difficulty=0.0):
    return Item(
        id=f"made-{number}",
        kind=kind,
        text=f"A text of a made-up item, number {number}",
        answer="yes",
        wrong=["no"],
        difficulty=difficulty,
    )


ITEMS = [item(number) for number in range(MANY)]


def within_chance(right, share, *, of=MANY):
    """Whether a count is within 4.5 standard deviations of a binomial: by chance 7 in a million."""
    return abs(right - of * share) < 4.5 * math.sqrt(of * share * (1 - share))


def area(right, confidences):
    """The chance that a right answer is more confident than a wrong one, by counting pairs."""
    ranked = sorted(zip(confidences, right, strict=True))
    ranks = sum(rank for rank, (_, good) in enumerate(ranked, 1) if good)
    good = sum(right)
    return (ranks - good * (good + 1) / 2) / (good * (len(right) - good))


@pytest.mark.parametrize(
    ("model", "kind", "percent"),
    [
        # The table of openai/simple-evals: MMLU, MGSM, DROP of each model.
        ("gpt-4o-mini", "classification", 82.0),
        ("gpt-4o-mini", "arithmetic", 87.0),
        ("gpt-4o-mini", "document", 79.7),
        ("gpt-4o-mini", "extraction", 79.7),
        ("gpt-4o", "classification", 88.7),
        ("gpt-4o", "arithmetic", 90.0),
    ],
)
def test_an_item_of_difficulty_0_is_got_right_with_the_published_share(model, kind, percent):
    ability = Abilities().ability(model, kind)
    assert ability.share == pytest.approx(percent / 100)
    assert ability.value == pytest.approx(math.log(percent / (100 - percent)))
    assert ability.basis.startswith("published: ")
    assert "simple-evals" in ability.basis
    assert "checked 2026-11-21" in ability.basis


def test_a_snapshot_is_as_able_as_its_model_and_draws_alike():
    able = Abilities()
    dated = "gpt-4o-mini-2024-07-18"
    assert able.ability(dated, "tools") == able.ability("gpt-4o-mini", "tools")
    few = ITEMS[:200]
    assert [able.right(dated, one) for one in few] == [
        able.right("gpt-4o-mini", one) for one in few
    ]


@pytest.mark.parametrize(("how", "logits"), [("worse", -0.5), ("equal", 0.0), ("better", 0.5)])
def test_a_model_without_figures_is_assumed_relative_to_one_that_has_them(how, logits):
    able = Abilities(assume={"gpt-6-luna": how})
    assumed = able.ability("gpt-6-luna", "classification")
    # logit(0.82) is 1.5163
    assert assumed.value == pytest.approx(1.5163 + logits, abs=1e-4)
    assert assumed.basis.startswith(f"ASSUMPTION: {how}")
    assert "gpt-4o-mini" in assumed.basis


def test_equal_is_assumed_where_nothing_is_said():
    able = Abilities()
    assert able.ability("gpt-6-luna", "tools").value == able.ability("gpt-4o-mini", "tools").value
    assert able.ability("gpt-6-sol", "tools").value == able.ability("gpt-4o", "tools").value


@pytest.mark.parametrize(
    ("assume", "names"),
    [
        ({"gpt-7": "worse"}, "no model 'gpt-7'; there are gpt-4o-mini"),
        ({"gpt-6-luna": "awful"}, "worse, equal and better, not 'awful'"),
        ({"gpt-4o-mini": "worse"}, "gpt-4o-mini has published figures"),
        ({"gpt-4o-2024-08-06": "better"}, "has published figures"),
    ],
)
def test_what_cannot_be_assumed_is_one_sentence(assume, names):
    with pytest.raises(CourseError, match=names):
        Abilities(assume=assume)


def test_assumptions_are_read_from_words_of_a_command_line():
    assert read_assume(["gpt-6-luna=worse", "gpt-5=better"]) == {
        "gpt-6-luna": "worse",
        "gpt-5": "better",
    }
    for told in ("gpt-6-luna", "gpt-6-luna=", "gpt-6-luna=fine"):
        with pytest.raises(CourseError, match="gpt-6-luna"):
            read_assume([told])


def test_an_unknown_model_or_kind_is_one_sentence():
    with pytest.raises(CourseError, match="no model 'nobody'"):
        Abilities().ability("nobody", "tools")
    with pytest.raises(CourseError, match="no kind of task 'poetry'"):
        Abilities().ability("gpt-4o", "poetry")


@pytest.mark.parametrize("difficulty", [-1.0, 0.0, 2.0])
@pytest.mark.parametrize("wobbling", [False, True])
def test_the_share_of_right_answers_is_the_stated_probability(difficulty, wobbling):
    able, chance = Abilities(seed=5), Random(5)
    right = sum(
        able.right(
            "gpt-4o-mini",
            item(number, difficulty=difficulty),
            wobble=chance.random() if wobbling else None,
        )
        for number in range(MANY)
    )
    # Rasch, by hand: the odds of 82 to 18 are divided by e for each logit of difficulty.
    odds = 82 / 18 / math.exp(difficulty)
    assert within_chance(right, odds / (1 + odds))


def test_one_item_over_many_seeds_has_that_probability_too():
    right = sum(Abilities(seed=seed).right("gpt-4o", ITEMS[3]) for seed in range(4000))
    assert within_chance(right, 0.887, of=4000)


def test_the_seed_the_model_and_the_id_decide_a_draw():
    few = ITEMS[:500]
    first = [Abilities(seed=1).right("gpt-4o", one) for one in few]
    assert first == [Abilities(seed=1).right("gpt-4o", one) for one in few]
    assert first != [Abilities(seed=2).right("gpt-4o", one) for one in few]
    assert first != [Abilities(seed=1).right("gpt-4o-mini", one) for one in few]


def test_repeated_runs_differ_on_a_few_items():
    able, chance = Abilities(), Random(0)
    runs = [
        [able.right("gpt-4o-mini", one, wobble=chance.random()) for one in ITEMS] for _ in range(2)
    ]
    differing = sum(one != two for one, two in zip(*runs, strict=True)) / MANY
    assert 0.01 < differing < 0.08


def test_the_ends_of_chance_are_no_error():
    for wobble in (0.0, 1.0):
        assert isinstance(Abilities().right("gpt-4o", ITEMS[0], wobble=wobble), bool)


def test_two_models_tend_to_fail_at_the_same_items():
    able = Abilities()
    mini = [able.right("gpt-4o-mini", one) for one in ITEMS]
    big = [able.right("gpt-4o", one) for one in ITEMS]
    both = sum(not one and not two for one, two in zip(mini, big, strict=True))
    # Were the two independent, they would both fail at 18 % of 11.3 %.
    assert both > 1.5 * MANY * 0.18 * 0.113
    assert both < MANY * 0.113


def test_lowering_only_turns_right_answers_wrong():
    able = Abilities()
    for one in ITEMS[:1000]:
        if able.right("gpt-4o-mini", one, lowered=1.0):
            assert able.right("gpt-4o-mini", one)


def test_packing_and_injection_lower_by_the_stated_logits():
    assert lowered(1) == 0
    assert lowered(8) == pytest.approx(0.3)  # three doublings
    assert lowered(1, injected=True) == 1.0
    assert lowered(2, injected=True) == pytest.approx(1.1)
    probability = Abilities().probability("gpt-4o-mini", ITEMS[0], lowered=1.0)
    odds = 82 / 18 / math.e
    assert probability == pytest.approx(odds / (1 + odds))


def test_confidence_tells_something_but_not_all():
    able = Abilities()
    right = [able.right("gpt-4o-mini", one) for one in ITEMS]
    sure = [able.confidence("gpt-4o-mini", one) for one in ITEMS]
    assert 0.65 < area(right, sure) < 0.92
    assert all(0.5 < one < 1 for one in sure)
    # Some wrong answers are given with confidence, as is known of real models.
    assert any(one > 0.9 for one, good in zip(sure, right, strict=True) if not good)


def test_confidence_repeats_where_the_answer_does():
    few = ITEMS[:50]
    first, again = ([Abilities(seed=9).confidence("gpt-4o", one) for one in few] for _ in range(2))
    assert first == again


def test_the_choice_among_wrong_answers_is_seeded_and_reaches_them_all():
    able = Abilities()
    picked = [able.pick("gpt-4o", one, 3) for one in ITEMS[:300]]
    assert set(picked) == {0, 1, 2}
    assert picked == [able.pick("gpt-4o", one, 3) for one in ITEMS[:300]]
