"""The card: every figure that is simulated, each published, computed, set or assumed."""

import pytest

from course import facts
from course.endpoint.limits import Tier
from course.endpoint.options import Options
from course.endpoint.simulation.abilities import Abilities
from course.endpoint.simulation.card import card, show
from course.errors import CourseError


def parts(text):
    """The table by part and name: value and basis, with wrapped lines put together again."""
    found, rows = {}, {}
    for line in text.splitlines():
        if line and not line.startswith(" "):
            rows = found.setdefault(line, {})
        elif line.strip():
            cells = (line[2:32], line[34:56], line[58:])
            if cells[0].strip():
                name = cells[0].strip()
                rows[name] = [cells[1].strip(), cells[2].strip()]
            else:
                rows[name][1] += f" {cells[2].strip()}"
    return found


MINI = parts(show("gpt-4o-mini", Options()))
LUNA = parts(show("gpt-6-luna", Options(assume=("gpt-6-luna=worse",), tier="1")))
QUALITY = "Right answers: ability in logits, and the share at difficulty 0"


@pytest.mark.parametrize(
    ("part", "name", "value", "basis"),
    [
        ("Model", "leaves the API", "2027-01-14", "published: OpenAI's deprecations page"),
        ("Lengths, in tokens", "longest answer", "16,384", "published: litellm"),
        ("Prices, in US dollars per 1M tokens", "input", "0.15", "published: genai-prices"),
        ("Prices, in US dollars per 1M tokens", "batch output", "0.30", "as above"),
        ("Times, in seconds", "to the first token, mean", "0.5", "ASSUMPTION"),
        ("Times, in seconds", "from token to token, mean", "0.01695", "computed: 1 / 59.0"),
        ("Rate limits of tier 5", "requests per minute", "30,000", "published: OpenAI community"),
        ("Rate limits of tier 5", "requests per day", "no limit", "ASSUMPTION"),
        ("Counting tokens", "vocabulary", "o200k_base", "published"),
        ("Counting tokens", "per tile of a picture", "5,667", "published"),
        # logit(0.82) is 1.516
        (QUALITY, "classification", "1.52, so 82.0%", "published: 82.0 % right at MMLU"),
        ("Right answers: all models", "packing n items", "-0.1 × log2(n)", "ASSUMPTION"),
        ("Right answers: all models", "correlation of two models", "0.5", "ASSUMPTION"),
        ("Right answers: all models", "what changes between runs", "0.15", "ASSUMPTION"),
    ],
)
def test_a_figure_has_its_value_and_what_it_rests_on(part, name, value, basis):
    assert MINI[part][name][0] == value
    assert MINI[part][name][1].startswith(basis)


@pytest.mark.parametrize(
    ("part", "name", "value", "basis"),
    [
        ("Model", "leaves the API", "no date", "no announcement"),
        ("Lengths, in tokens", "longest prompt", "922,000", "published"),
        ("Reasoning tokens billed per answer", "effort medium", "300", ""),
        ("Rate limits of tier 1", "requests per minute", "500", "ASSUMPTION: as for gpt-4o-mini"),
        ("Counting tokens", "vocabulary", "o200k_base", "ASSUMPTION"),
        ("Counting tokens", "per picture", "85", "ASSUMPTION: as for gpt-4o"),
        # half a logit under 1.516: odds of 4.556 / 1.649 = 2.763, so 73.4 %
        (QUALITY, "classification", "1.02, so 73.4%", "ASSUMPTION: worse"),
    ],
)
def test_what_is_not_published_is_called_an_assumption(part, name, value, basis):
    assert LUNA[part][name][0] == value
    assert LUNA[part][name][1].startswith(basis)


@pytest.mark.parametrize("model", [*facts.models(), "gpt-4o-2024-11-20"])
def test_every_card_is_at_most_100_columns_wide_and_says_what_each_figure_rests_on(model):
    text = show(model, Options())
    assert max(map(len, text.splitlines())) <= 100
    assert "simulated" in text.splitlines()[0]
    starts = ("published", "computed", "measured", "ASSUMPTION", "as above", "no announcement")
    rows = [row for part in parts(text).values() for row in part.values()]
    assert len(rows) > 40
    for value, basis in rows:
        assert value
        assert basis.startswith(starts)


def test_a_price_shown_is_the_price_in_the_facts():
    for model in facts.models():
        shown = parts(show(model, Options()))["Prices, in US dollars per 1M tokens"]
        assert shown["output"][0] == str(facts.fact(f"{model}.output_price"))


def test_what_an_option_sets_says_so():
    times = parts(show("gpt-4o", Options(time_to_first_token=2.0)))["Times, in seconds"]
    assert times["to the first token, mean"] == ["2", "set by an option of this endpoint"]
    assert times["standard deviation of it"][1] != "set by an option of this endpoint"


def test_a_card_without_limits_and_with_abilities_of_ones_own():
    own = parts(card("gpt-5", abilities=Abilities(assume={"gpt-5": "better"}), tier=Tier("none")))
    assert {value for value, _ in own["Rate limits of tier none"].values()} == {"no limit"}
    # gpt-5 is compared with gpt-4o: logit(0.887) is 2.061, and half a logit more
    assert own[QUALITY]["classification"][0] == "2.56, so 92.8%"


def test_an_unknown_model_or_setting_is_one_sentence():
    with pytest.raises(CourseError, match="no model 'gpt-9'; it plays gpt-4o-mini, gpt-4o, "):
        show("gpt-9", Options())
    with pytest.raises(CourseError, match="worse, equal and better"):
        show("gpt-4o", Options(assume=("gpt-6-luna=awful",)))
    with pytest.raises(CourseError, match="tier"):
        show("gpt-4o", Options(tier="9"))
