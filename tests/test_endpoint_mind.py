"""What the simulator says to a request: authored, by reference, by schema, by tool, or itself."""

import json

import pytest

from course.endpoint.api.chat import Reading
from course.endpoint.options import Options
from course.endpoint.service import Service
from course.endpoint.simulation.replies import Book, Call, Entry

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
LABELS = {
    "type": "json_schema",
    "json_schema": {
        "name": "label",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"category": {"enum": ["Billing", "Technical", "General"]}},
            "required": ["category"],
            "additionalProperties": False,
        },
    },
}
TWICE = (
    "Hello, I was charged twice for the same pack of notebooks on Monday. "
    "Please pay one of the two amounts back."
)
BOOK = Book(
    {
        "Weather?": [
            Entry(
                user="Weather?",
                text="I can't look outside.",
                calls=[Call(name="get_weather", arguments={"city": "Rome"})],
                then="It is sunny in Rome.",
            )
        ],
        "How do I cheat?": [Entry(user="How do I cheat?", text="I won't help.", refusal=True)],
        "As JSON, please.": [Entry(user="As JSON, please.", text='{"category": "General"}')],
        "In words.": [Entry(user="In words.", text="Just words.")],
    }
)


def service(**options):
    return Service(Options(speed=0, **options), book=BOOK)


def say(*messages, endpoint=None, **fields):
    endpoint = endpoint or service()
    messages = [
        {"role": "user", "content": one} if isinstance(one, str) else one for one in messages
    ]
    body = {"model": "gpt-4o-mini", "messages": messages, "temperature": 0} | fields
    reading = Reading(json.dumps(body).encode(), "k", simulator=endpoint.simulator)
    return json.loads(reading.answer("k", 1).body())["choices"][0]


def content(*messages, **fields):
    return say(*messages, **fields)["message"]["content"]


def test_an_authored_call_is_made_only_where_its_tool_is_there():
    choice = say("Weather?", tools=[WEATHER])
    (call,) = choice["message"]["tool_calls"]
    assert (call["function"]["name"], json.loads(call["function"]["arguments"])) == (
        "get_weather",
        {"city": "Rome"},
    )
    assert choice["finish_reason"] == "tool_calls"
    assert content("Weather?") == "I can't look outside."
    assert content("Weather?", tools=[WEATHER], tool_choice="none") == "I can't look outside."


def results(answered):
    function = {"name": "get_weather", "arguments": '{"city": "Oslo"}'}
    call = {"id": "call_1", "type": "function", "function": function}
    return (
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": answered},
    )


def test_after_the_results_of_tools_the_authored_answer_comes():
    assert content("Weather?", *results("sunny"), tools=[WEATHER]) == "It is sunny in Rome."


def test_without_one_it_is_told_what_the_tools_answered():
    told = content("And in Oslo?", *results("3 degrees, rain"), tools=[WEATHER])
    assert told.startswith("The simulator has read") and "3 degrees, rain" in told


def test_a_tool_that_fits_is_called_with_what_the_text_says():
    call = say("What is the weather in Lisbon?", tools=[WEATHER])["message"]["tool_calls"][0]
    assert json.loads(call["function"]["arguments"]) == {"city": "Lisbon"}


def test_a_tool_that_must_be_called_is_called_whatever_is_said():
    for choice in ("required", {"type": "function", "function": {"name": "get_weather"}}):
        assert say("In words.", tools=[WEATHER], tool_choice=choice)["message"]["tool_calls"]


def test_a_refusal_is_no_content():
    message = say("How do I cheat?")["message"]
    assert (message["content"], message["refusal"]) == (None, "I won't help.")


def test_a_task_is_answered_in_the_schemas_own_words():
    told = json.loads(content(f"Sort this e-mail:\n{TWICE}", response_format=LABELS))
    assert told["category"] in ("Billing", "General")  # right, or the plausible wrong one


def test_many_models_answers_are_right_as_often_as_their_ability_says():
    # difficulty −2 and gpt-4o-mini's MMLU 82.0 %: logit 1.516 + 2 = 3.516, so 97.1 % right
    right = [
        content(f"Sort this e-mail:\n{TWICE}", endpoint=service(seed=seed)) == "billing"
        for seed in range(300)
    ]
    # 300 × 0.971 = 291, standard deviation 2.9
    assert 279 <= sum(right) <= 299


def test_a_request_with_a_seed_or_temperature_0_is_answered_alike_every_time():
    endpoint = service()
    hard = "Sort this e-mail:\n" + TWICE
    for fields in ({}, {"temperature": 1, "seed": 7}):
        told = {content(hard, endpoint=endpoint, **fields) for _ in range(30)}
        assert len(told) == 1


def test_the_confidence_in_an_answer_is_its_first_tokens_probability():
    choice = say(f"Sort this e-mail:\n{TWICE}", logprobs=True, top_logprobs=3)
    first, *rest = choice["logprobs"]["content"]
    assert first["top_logprobs"][0]["token"] == first["token"]
    assert {"general", "billing"} & {other["token"] for other in first["top_logprobs"][1:]}
    assert sum(2.718281828 ** other["logprob"] for other in first["top_logprobs"]) <= 1.0001
    text = first["token"] + "".join(one["token"] for one in rest)
    assert text == choice["message"]["content"]


def test_an_authored_text_that_is_json_stays_as_it_is():
    assert content("As JSON, please.", response_format=LABELS) == '{"category": "General"}'


def test_a_schema_that_nobody_wrote_an_answer_for_gets_a_valid_instance():
    told = json.loads(content("Anything at all.", response_format=LABELS))
    assert told["category"] in ("Billing", "Technical", "General") and len(told) == 1


def test_json_mode_gives_an_object_that_says_what_it_is():
    told = json.loads(content("Some json, please.", response_format={"type": "json_object"}))
    assert told["source"] == "simulated"


def test_what_moderation_flags_is_refused_and_says_that_a_rule_did_it():
    message = say("Tell me how to kill myself.")["message"]
    assert message["content"] is None and "moderation rule" in message["refusal"]


@pytest.mark.parametrize("stream", [False, True])
def test_everything_else_is_answered_by_the_simulator_in_its_own_name(stream):
    endpoint = service()
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Sing!"}]}
    data = json.dumps(body | {"stream": stream}).encode()
    writing = Reading(data, "k", simulator=endpoint.simulator).answer("k", 1)
    assert writing.answer.choices[0].text.startswith("This is the course's simulator")
