"""What the endpoint knows about each model, and what it calls an assumption."""

from datetime import date

import pytest

from course import facts
from course.endpoint.simulation import models

PROFILES = models.profiles()


def test_every_model_with_a_price_is_served_and_so_are_its_snapshots():
    assert set(facts.models()) <= PROFILES.keys()
    for snapshot in ("gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06", "gpt-4o-2024-11-20"):
        assert snapshot in PROFILES
    assert PROFILES["gpt-4o-mini-2024-07-18"] is PROFILES["gpt-4o-mini"]


def test_limits_are_those_of_the_facts():
    mini = PROFILES["gpt-4o-mini"]
    assert (mini.context_window, mini.max_input, mini.max_output) == (128_000, 128_000, 16_384)
    assert mini.shutdown == date(2027, 1, 14)
    assert mini.answers_as == "gpt-4o-mini-2024-07-18"
    luna = PROFILES["gpt-6-luna"]
    assert (luna.max_input, luna.max_output, luna.shutdown) == (922_000, 128_000, None)
    assert luna.answers_as == "gpt-6-luna"


@pytest.mark.parametrize(("model", "seconds"), [("gpt-4o-mini", 0.016949), ("gpt-4o", 0.031546)])
def test_measured_speeds_are_turned_into_seconds_a_token(model, seconds):
    # 1 / 59.0 and 1 / 31.7 tokens a second
    speed = PROFILES[model].speed
    assert speed.inter_token_latency_s == pytest.approx(seconds, abs=1e-6)
    assert "thread 1307310" in speed.source


def test_what_has_no_source_is_called_an_assumption():
    for name, profile in PROFILES.items():
        assert models.ASSUMPTION in profile.speed.source
        measured = "forum" in profile.speed.source
        assert measured == (profile.id in ("gpt-4o-mini", "gpt-4o")), name


@pytest.mark.parametrize(
    ("model", "effort"),
    [("gpt-4o-mini", None), ("gpt-4.1-mini", None), ("gpt-5", "medium"), ("gpt-6-luna", "medium")],
)
def test_only_newer_models_reason(model, effort):
    assert PROFILES[model].reasoning_effort == effort
