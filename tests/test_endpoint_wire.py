"""The shapes of refusals, ids and models, as OpenAI's clients read them."""

import json
from dataclasses import replace

from openai.types import Model

from course.endpoint import wire
from course.endpoint.simulation.models import profiles


def test_ids_differ():
    assert len({wire.new_id("chatcmpl-") for _ in range(1000)}) == 1000


def test_a_refusal_has_openais_four_fields():
    error = wire.WireError(404, "No such model.", code="model_not_found", param="model")
    assert json.loads(error.json()) == {
        "error": {
            "message": "No such model.",
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
        }
    }


def test_our_own_mistakes_are_called_server_errors():
    assert json.loads(wire.WireError(500, "Oh.").json())["error"]["type"] == "server_error"


def test_a_model_tells_when_it_leaves():
    mini = profiles()["gpt-4o-mini"]
    profile = replace(mini, id="gpt-x", snapshots=("gpt-x-2026-01-01",))
    row = Model.model_validate(wire.model_json("gpt-x-2026-01-01", profile), strict=True)
    assert row.shutdown_date == "2027-01-14"
    assert row.created == 1767225600  # 2026-01-01 00:00 UTC: 20,454 days of 86,400 seconds
    assert row.owned_by == "course-simulator"
