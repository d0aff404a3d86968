"""Which JSON schemas are refused, in which words, and that every other gets a valid instance."""

import json
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from course.endpoint.simulation.schema import check, instance
from course.endpoint.wire import WireError

KEYS = st.sampled_from(["name", "city", "age", "items", "next", "unit", "a b", "é"])


def an_object(**properties):
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def checked(schema, *, strict=True, param="response_format"):
    check(schema, name="answer", param=param, strict=strict)
    return schema


def refused(schema, **how):
    with pytest.raises(WireError) as caught:
        checked(schema, **how)
    assert caught.value.status == 400
    return caught.value


def assert_valid(schema, value):
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


# Strict schemas at random


def bounds(numbers):
    words = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]
    limits = st.dictionaries(st.sampled_from(words), numbers, max_size=2)
    steps = st.sampled_from([{}, {}, {"multipleOf": 3}, {"multipleOf": 0.5}, {"multipleOf": 0.01}])
    return st.builds(dict.__or__, limits, steps)


lengths = st.dictionaries(st.sampled_from(["minLength", "maxLength"]), st.integers(0, 40))
shapes = st.sampled_from(
    "date-time time date duration email hostname ipv4 ipv6 uuid".split()  # noqa: SIM905
)
patterns = st.sampled_from(
    [
        "^[a-z]+$",
        r"^\d{3}-\d{4}$",
        r"^(\([0-9]{3}\))?[0-9]{3}-[0-9]{4}$",
        "^@[a-zA-Z0-9_]+$",
        r"^\w{1,255}$",
        "abc|[^a-z]x",
        r"^#(?:[0-9a-fA-F]{3}){1,2}$",
        r"^[A-Z][a-z]*( [A-Z][a-z]*)*$",
        r"\bword\b",
        r"^[^[\]]+?\s\S\.$",
        "(?i)^yes|no$",
        r"^\<é{2,}\>\Z",
        "",
    ]
)
leaves = st.one_of(
    st.just({"type": "string"}),
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.builds(lambda limits: {"type": "string"} | limits, lengths),
    st.builds(lambda shape: {"type": "string", "format": shape}, shapes),
    st.builds(lambda pattern: {"type": "string", "pattern": pattern}, patterns),
    st.builds(
        lambda pattern, limits: {"type": "string", "pattern": pattern} | limits, patterns, lengths
    ),
    st.builds(lambda more: {"type": "integer"} | more, bounds(st.integers(-50, 50))),
    st.builds(
        lambda more: {"type": "number"} | more,
        bounds(st.floats(-1e6, 1e6) | st.integers(-(10**20), 10**20)),
    ),
    st.builds(
        lambda more: {"type": ["integer", "string", "null"]} | more, bounds(st.integers(-9, 9))
    ),
    st.lists(st.text(max_size=5) | st.integers() | st.none() | st.booleans(), min_size=1).map(
        lambda values: {"enum": values}
    ),
    st.sampled_from(["one", 2, 3.5, None, True, [], {"a": [1]}]).map(lambda one: {"const": one}),
    st.sampled_from(["first", "second"]).map(lambda name: {"$ref": f"#/$defs/{name}"}),
    st.just({"$ref": "#"}),
)


def grown(parts):
    items = st.dictionaries(st.sampled_from(["minItems", "maxItems"]), st.integers(0, 4))
    return st.one_of(
        st.dictionaries(KEYS, parts, max_size=4).map(lambda named: an_object(**named)),
        st.builds(lambda part, limits: {"type": "array", "items": part} | limits, parts, items),
        st.lists(parts, min_size=1, max_size=3).map(lambda some: {"anyOf": some}),
        parts.map(lambda part: {"anyOf": [part, {"type": "null"}]}),
        st.builds(
            lambda named: an_object(**named) | {"type": ["object", "null"]},
            st.dictionaries(KEYS, parts, max_size=2),
        ),
    )


parts = st.recursive(leaves, grown, max_leaves=8)
strict_schemas = st.builds(
    lambda named, first, second: an_object(**named) | {"$defs": {"first": first, "second": second}},
    st.dictionaries(KEYS, parts, min_size=1, max_size=5),
    parts,
    parts,
)
FEW = settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))


@FEW
@given(strict_schemas, st.integers(0, 3))
def test_every_strict_schema_that_is_let_through_gets_a_valid_instance(schema, seed):
    try:
        checked(schema)
    except WireError as error:
        assert "no instance" in error.message or "only leads back" in error.message
        return
    made = instance(schema, draw=random.Random(seed))
    assert_valid(schema, made)
    assert made == instance(schema, draw=random.Random(seed))


@FEW
@given(
    strict_schemas,
    st.dictionaries(KEYS, st.text(max_size=9) | st.integers(-99, 99) | st.none() | st.just([])),
)
def test_no_value_that_is_wanted_makes_an_instance_invalid(schema, values):
    try:
        checked(schema)
    except WireError:
        return
    assert_valid(schema, instance(schema, values=values, draw=random.Random(0)))


WORDS = st.sampled_from(
    "type properties required items enum anyOf oneOf allOf not $ref $defs pattern minimum "  # noqa: SIM905
    "multipleOf minLength maxItems additionalProperties format const if then uniqueItems x "
    "patternProperties prefixItems dependentRequired title propertyNames contains".split()
)
words_or_texts = st.sampled_from(["string", "object", "array", "#", "#/$defs/x", "^a+$", "(", "x"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats(allow_nan=False) | words_or_texts,
    lambda some: st.lists(some, max_size=3) | st.dictionaries(WORDS, some, max_size=4),
    max_leaves=20,
)


@FEW
@given(anything, st.booleans(), st.sampled_from(["response_format", "tools[0].parameters"]))
def test_whatever_is_sent_as_a_schema_is_let_through_or_refused_in_openais_shape(
    schema, strict, param
):
    try:
        checked(schema, strict=strict, param=param)
        json.dumps(instance(schema, draw=random.Random(0)))
    except WireError as error:
        assert error.status == 400


@FEW
@given(anything)
def test_a_schema_that_is_not_strict_is_judged_as_json_schemas_own_schema_does(schema):
    try:
        checked(schema, strict=False)
    except WireError as error:
        if "reference" in error.message or "finite" in error.message:
            return
        with pytest.raises((SchemaError, ValueError)):
            Draft202012Validator.check_schema(schema)
    else:
        Draft202012Validator.check_schema(schema)


# What is refused, and how


def nested(levels):
    schema = {"type": "string"}
    for _ in range(levels):
        schema = an_object(a=schema)
    return schema


A = "In context=('properties', 'a'), "
NO_EXTRA = "In context=(), 'additionalProperties' is required to be supplied and to be false."
ALL_KEYS = "to be an array including every key in properties. "


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (None, "None is not of type 'object', 'boolean'."),
        ([], "[] is not of type 'object', 'boolean'."),
        ({}, "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'."),
        ({"type": "array", "items": {"type": "string"}}, "got 'type: \"array\"'."),
        (an_object() | {"anyOf": [an_object()]}, "not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not'"),
        ({"type": "object", "properties": {}, "required": []}, NO_EXTRA),
        (an_object(a={"type": "string"}) | {"required": []}, ALL_KEYS + "Missing 'a'."),
        (an_object() | {"required": ["b"]}, ALL_KEYS + "Extra required key 'b' supplied."),
        (an_object(a={"description": "any"}), A + "schema must have a 'type' key."),
        (an_object(a={"oneOf": [{"type": "null"}]}), A + "'oneOf' is not permitted."),
        (an_object(a={"type": "string", "default": ""}), A + "'default' is not permitted."),
        (an_object(a={"type": "array"}), A + "array schema missing items."),
        (an_object(a={"type": "string", "format": "uri"}), A + "'uri' is not a valid format."),
        (an_object(a={"type": "strng"}), A + "'strng' is not valid as 'type'."),
        (an_object(a={"type": "string", "pattern": "("}), A + "'(' is not a 'regex'."),
        (an_object(a={"$ref": "#/$defs/b"}), "reference to component '#/$defs/b' which was not"),
        (an_object(a={"$ref": "https://example.com/x.json"}), "which was not found in the schema."),
        (
            an_object(a={"$ref": "#/$defs/b", "description": "x"}) | {"$defs": {"b": an_object()}},
            "context=('properties', 'a'), $ref cannot have keywords {'description'}.",
        ),
        (an_object(a={"$ref": "#/properties/a"}), A + "reference only leads back to itself."),
        (
            an_object(a={"$ref": "#/$defs/b"})
            | {"$defs": {"b": {"anyOf": [{"$ref": "#/$defs/b"}, {"type": "null"}]}}},
            "reference only leads back to itself.",
        ),
        (nested(11), "11 levels of nesting exceeds limit of 10."),
        (
            an_object(**{f"p{number}": {"type": "null"} for number in range(5001)}),
            "5001 object properties exceeds limit of 5000.",
        ),
        (
            an_object(a={"type": "integer", "enum": list(range(1001))}),
            "Expected at most 1000 enum values in total within a single schema when using "
            "structured outputs, but received 1001.",
        ),
        (an_object(a={"enum": ["x" * 60 + str(n) for n in range(251)]}), "exceeds limit of 15000"),
        (an_object(**{"x" * 120_001: {"type": "null"}}), "exceeds limit of 120000 characters."),
        (an_object(a={"type": "integer", "minimum": 3, "maximum": 2}), "no number is within"),
        (an_object(a={"type": "string", "enum": [1]}), "none of the listed values is valid"),
        (an_object(a={"$ref": "#"}), "no value comes to an end"),
        (
            an_object(a={"type": "string", "pattern": "^a$", "maxLength": 0}),
            "no text of '^a$' and of that length",
        ),
    ],
)
def test_openais_words_are_used_to_refuse_a_strict_schema(schema, told):
    error = refused(schema)
    assert error.message.startswith("Invalid schema for response_format 'answer': ")
    assert told in error.message
    assert (error.param, error.code) == ("response_format", None)


def test_a_refusal_names_the_field_and_code_of_its_api():
    error = refused({"type": "object"}, param="text.format.schema")
    assert error.message == f"Invalid schema for response_format 'answer': {NO_EXTRA}"
    assert (error.param, error.code) == ("text.format.schema", "invalid_json_schema")
    error = refused({"type": "object"}, param="tools[0].function.parameters")
    assert error.message == f"Invalid schema for function 'answer': {NO_EXTRA}"
    assert error.param == "tools[0].function.parameters"
    assert error.code == "invalid_function_parameters"


def test_a_pattern_that_looks_around_is_refused_with_its_place():
    schema = an_object(a={"anyOf": [{"type": "string", "pattern": "^(?!x)"}, {"type": "null"}]})
    error = refused(schema)
    assert error.message == (
        "Invalid JSON schema: regex lookaround is not supported. "
        "Found at $.properties.a.anyOf[0].pattern."
    )
    assert error.code == "invalid_json_schema"


@pytest.mark.parametrize(
    "schema",
    [
        nested(10),
        an_object(**{f"p{number}": {"type": "null"} for number in range(5000)}),
        an_object(a={"type": "integer", "enum": list(range(1000))}),
        an_object(a={"type": "string", "pattern": "^a+$", "minLength": 300, "maxLength": 300}),
        an_object(a={"type": "number", "exclusiveMinimum": 0.1, "exclusiveMaximum": 0.2}),
        an_object(a={"type": "integer", "minimum": 10**30, "multipleOf": 7}),
        an_object(a={"type": "integer", "multipleOf": 0.1, "minimum": 3}),
        an_object(a={"type": "array", "items": {"type": "boolean"}, "minItems": 4}),
        an_object(**{"a/b~c d": {"type": "string"}, "x": {"$ref": "#/properties/a~1b~0c%20d"}}),
    ],
)
def test_schemas_at_the_limits_are_let_through(schema):
    assert_valid(schema, instance(checked(schema), draw=random.Random(0)))


def test_functions_need_objects_and_items_even_where_they_are_not_strict():
    param = "tools[0].function.parameters"
    assert (
        "object schema missing properties"
        in refused({"type": "object"}, strict=False, param=param).message
    )
    schema = {"type": "object", "properties": {"a": {"type": "array"}}}
    assert A + "array schema missing items." in refused(schema, strict=False, param=param).message
    assert 'type: "None"' in refused({}, strict=False, param=param).message


def test_what_structured_outputs_do_not_have_is_taken_where_it_is_not_strict():
    schema = {
        "allOf": [{"properties": {"a": {"type": "integer", "minimum": 4}}, "required": ["a"]}],
        "properties": {"a": {"maximum": 4}, "b": {"oneOf": [{"type": "null"}, {"const": 2}]}},
        "additionalProperties": {"type": "string", "pattern": "(?=s)"},
        "type": "object",
        "required": ["b"],
    }
    assert_valid(schema, instance(checked(schema, strict=False), draw=random.Random(0)))


def test_several_parts_of_a_schema_may_be_true():
    schema = {"type": "object", "properties": {"a": True, "b": True, "c": {"items": True}}}
    assert_valid(schema, instance(checked(schema, strict=False), draw=random.Random(0)))


# Instances


def test_texts_say_that_they_are_simulated_and_optional_properties_are_left_out():
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "required": ["a"],
    }
    assert instance(schema, draw=random.Random(0)) == {"a": "simulated"}
    assert instance(schema, values={"b": "x"}, draw=random.Random(0)) == {
        "a": "simulated",
        "b": "x",
    }


def test_values_fill_the_properties_of_their_names_at_any_depth_where_they_are_valid():
    city = {"type": "string", "maxLength": 12}
    schema = an_object(city=city, home=an_object(city={"type": "null"}, near=an_object(city=city)))
    made = instance(schema, values={"city": "Reykjavík"}, draw=random.Random(0))
    assert made == {"city": "Reykjavík", "home": {"city": None, "near": {"city": "Reykjavík"}}}
    made = instance(schema, values={"city": "a very long name"}, draw=random.Random(0))
    assert made["city"] == "simulated"


@pytest.mark.parametrize(
    ("part", "good", "bad"),
    [
        ({"type": "string", "format": "date"}, "2024-01-31", "2024-02-31"),
        ({"type": "string", "format": "email"}, "ana@example.org", "ana"),
        ({"type": "string", "format": "ipv4"}, "10.0.0.255", "10.0.0.256"),
        ({"type": "string", "format": "duration"}, "P1DT2H", "P"),
        ({"type": "string", "pattern": r"^\d+$"}, "007", "7a"),
        ({"type": "string", "pattern": "^(a+)+$"}, "aaa", "a" * 5000 + "b"),
        ({"type": "number", "multipleOf": 0.5}, 2.5, 2.25),
        ({"type": "integer"}, 2.0, True),
        ({"type": "string", "enum": ["C", "F"]}, "F", "K"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 5, "5"),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 2}, [1, 2], [1, 2, 3]),
    ],
)
def test_a_value_is_taken_where_it_is_valid_only(part, good, bad):
    schema = checked(an_object(a=part))
    assert instance(schema, values={"a": good}, draw=random.Random(0)) == {"a": good}
    assert instance(schema, values={"a": bad}, draw=random.Random(0)) != {"a": bad}


def test_a_recursive_schema_comes_to_an_end():
    node = an_object(
        name={"type": "string"},
        children={"type": "array", "items": {"$ref": "#/$defs/node"}},
        next={"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
    )
    schema = checked(an_object(root={"$ref": "#/$defs/node"}) | {"$defs": {"node": node}})
    for seed in range(20):
        made = instance(schema, draw=random.Random(seed))
        assert_valid(schema, made)
        assert len(json.dumps(made)) < 5000


# Time


def chain(length):
    """Definitions in an order in which each is understood after all that come later."""
    named = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(length)}
    return an_object(a={"$ref": "#/$defs/d0"}) | {"$defs": named | {f"d{length}": {"type": "null"}}}


def doubled(levels):
    """A schema of which the smallest value has two to the power of `levels` parts."""
    named = {
        f"d{n}": an_object(x={"$ref": f"#/$defs/d{n + 1}"}, y={"$ref": f"#/$defs/d{n + 1}"})
        for n in range(levels)
    }
    return an_object(a={"$ref": "#/$defs/d0"}) | {"$defs": named | {f"d{levels}": {"type": "null"}}}


def tagged(levels):
    """Branches that differ in what comes last only, each within the other."""
    schema = {"type": "null"}
    for _ in range(levels):
        branches = [an_object(x=schema, tag={"const": tag}) for tag in "ab"]
        schema = {"type": "object", "oneOf": branches}
    return {"type": "object", "properties": {"a": schema}, "required": ["a"]}


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (chain(10_000), True),
        (doubled(60), True),
        (tagged(12), False),
        (nested(10_000), True),
        (nested(10_000), False),
        ({"type": "array", "minItems": 10**12, "items": {"type": "null"}}, False),
        (an_object(a={"type": "string", "minLength": 10**12}), True),
        (an_object(a={"type": "string", "pattern": "((a{99}){99}){99}"}), True),
        (an_object(a={"type": "string", "pattern": "(" * 5000 + ")" * 5000}), True),
        (an_object(a={"type": "string", "pattern": "^(a|a){60}$b"}), True),
        (
            an_object(**{f"p{n}": {"type": "string", "pattern": f"^{n}$b"} for n in range(3000)}),
            True,
        ),
        ({"description": "x" * 1_000_001}, False),
        (an_object(a={"enum": [float("inf")]}), True),
        ({"not": {"$ref": "#"}}, False),
    ],
)
def test_no_schema_hangs_or_breaks_the_endpoint(schema, strict):
    start = time.process_time()
    try:
        checked(schema, strict=strict)
        instance(schema, draw=random.Random(0))
    except WireError as error:
        assert error.status == 400
    assert time.process_time() - start < 3


def test_a_small_schema_costs_microseconds():
    schema = checked(
        an_object(
            name={"type": "string"},
            age={"type": "integer", "minimum": 0},
            tags={"type": "array", "items": {"type": "string"}},
            unit={"type": "string", "enum": ["C", "F"]},
            sure={"type": "boolean"},
        )
    )
    draw = random.Random(0)
    checking = min(timed(lambda: checked(schema)) for _ in range(50))
    making = min(timed(lambda: instance(schema, draw=draw)) for _ in range(50))
    assert checking < 50e-6
    assert making < 500e-6  # ten times what it takes, for slow machines


def timed(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
