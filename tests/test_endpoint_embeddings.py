"""Requests for embeddings, their refusals, and how near the vectors of texts are."""

import base64
import json
import subprocess
import sys
from decimal import Decimal

import numpy
import openai
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from school_texts import QUESTIONS, TEXTS

from course import prices, tokens
from course.endpoint.api import embeddings
from course.endpoint.api.vectors import vector
from course.endpoint.wire import WireError

SMALL, LARGE, ADA = embeddings.MODELS
DUE = "Homework must be handed in by Friday morning."


def body(asked="Hello!", model=SMALL, **more):
    return json.dumps({"model": model, "input": asked} | more).encode()


def read(*args, **more):
    return embeddings.read(body(*args, **more))


def answered(*args, **more):
    return json.loads(embeddings.answer(read(*args, **more))[0])


def refused(*args, **more):
    with pytest.raises(WireError) as caught:
        read(*args, **more)
    return caught.value


def near(one, other, model=SMALL, dimensions=1536):
    """The cosine of the angle between two texts."""
    first, second = (vector(text, model, dimensions=dimensions) for text in (one, other))
    return float(first @ second)


def test_an_answer_has_openais_shape_and_says_that_it_is_simulated():
    told = answered(["Hello!", "Good evening"])
    # "Hello", "!" and "Good", " evening": two tokens each.
    assert told["usage"] == {"prompt_tokens": 4, "total_tokens": 4}
    assert (told["object"], told["model"], told["source"]) == ("list", SMALL, "simulated")
    assert [(one["object"], one["index"]) for one in told["data"]] == [
        ("embedding", 0),
        ("embedding", 1),
    ]
    parsed = openai.types.CreateEmbeddingResponse.model_validate(told, strict=True)
    assert len(parsed.data[0].embedding) == 1536


def test_the_answer_tells_what_is_billed():
    request = read(["Hello!", "Good evening"])
    data, billed = embeddings.answer(request)
    assert billed == request.tokens == 4
    # 4 tokens at 2 cents per million.
    assert prices.cost(json.loads(data)["usage"], SMALL) == 4 * Decimal("0.02") / 10**6


def test_a_reading_tells_what_a_call_needs_to_know():
    reading = embeddings.Reading(body(["Hello!", "Good evening"]), "a key")
    assert (reading.model, reading.prompt, reading.cap, reading.stream) == (SMALL, 4, 0, False)
    writing = reading.answer("a key", 1)
    assert json.loads(writing.body())["usage"]["prompt_tokens"] == writing.usage.prompt == 4
    assert writing.usage.completion == 0
    assert list(writing.events()) == [(writing.end_s, writing.body())]


@pytest.mark.parametrize(("model", "numbers"), [(SMALL, 1536), (LARGE, 3072), (ADA, 1536)])
def test_a_vector_is_as_long_as_the_models_and_has_length_one(model, numbers):
    found = numpy.array(answered(DUE, model)["data"][0]["embedding"])
    assert found.shape == (numbers,)
    assert found @ found == pytest.approx(1, abs=1e-6)


def test_base64_holds_the_same_numbers_as_four_byte_floats():
    coded = answered(DUE, encoding_format="base64")["data"][0]["embedding"]
    plain = answered(DUE, encoding_format="float")["data"][0]["embedding"]
    found = numpy.frombuffer(base64.b64decode(coded), "<f4")
    assert found.tolist() == numpy.array(plain, "<f4").tolist()


@pytest.mark.parametrize("model", [SMALL, LARGE])
@pytest.mark.parametrize("dimensions", [1, 3, 256, 1000, 1536])
def test_fewer_dimensions_are_the_start_of_all_brought_to_length_one(model, dimensions):
    whole = numpy.array(answered(DUE, model)["data"][0]["embedding"])[:dimensions]
    short = numpy.array(answered(DUE, model, dimensions=dimensions)["data"][0]["embedding"])
    assert short.shape == (dimensions,)
    assert short @ short == pytest.approx(1, abs=1e-6)
    if size := numpy.sqrt(whole @ whole):
        assert short == pytest.approx(whole / size, abs=1e-4)


def test_tokens_are_the_text_that_they_spell():
    numbers = tokens.encode(DUE, SMALL)
    plain = answered(DUE)
    assert answered(numbers)["data"] == answered([numbers])["data"] == plain["data"]
    assert answered(numbers)["usage"] == plain["usage"]
    assert len(answered([numbers, numbers])["data"]) == 2


def test_nulls_stand_for_fields_left_out_and_new_fields_are_let_through():
    assert read(dimensions=None, encoding_format=None, user=None, new_in_2031=[1]) == read()


def test_two_thousand_and_forty_eight_inputs_are_taken_and_one_more_is_not():
    assert len(read(["x"] * 2048).texts) == 2048
    error = refused(["x"] * 2049)
    assert error.status == 400
    assert error.message.startswith("'$.input' is invalid. Please check the API reference: ")
    assert "1 to 2048 inputs, but this one has 2049" in error.message


def test_eight_thousand_tokens_are_taken_and_a_longer_input_is_not():
    # " hello" is one token of cl100k_base.
    assert read(" hello" * 8192).tokens == 8192
    assert read([[5] * 8192]).tokens == 8192
    error = refused(["short", " hello" * 8193])
    assert (error.status, error.message) == (
        400,
        "Invalid 'input[1]': maximum input length is 8192 tokens.",
    )
    assert "'input':" in refused(" hello" * 8193).message


def test_three_hundred_thousand_tokens_are_taken_in_one_request_and_more_are_not():
    assert read([[5] * 8000] * 37 + [[5] * 4000]).tokens == 300_000
    error = refused([[5] * 8000] * 37 + [[5] * 4001])
    assert error.message == "Requested 300001 tokens, max 300000 tokens per request"
    assert error.code == error.kind == "max_tokens_per_request"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("", "empty string"),
        (["a", ""], "empty string"),
        ([], "has 0"),
        ([[]], "empty array"),
        (["a", 5], "an array of strings"),
        ([5, "a"], "an array of strings"),
        ([True], "an array of strings"),
        ([1.5], "an array of strings"),
        ([[1, None]], "an array of strings"),
        ([[["a"]]], "an array of strings"),
        ([{}], "an array of strings"),
        ([-1], "does not have"),
        ([100_277], "does not have"),
        ([[2**70]], "does not have"),
    ],
)
def test_a_wrong_input_is_refused_with_its_reason(asked, told):
    error = refused(asked)
    assert error.status == 400
    assert "'$.input' is invalid" in error.message
    assert told in error.message


@pytest.mark.parametrize(
    ("changes", "status", "param", "code"),
    [
        ({"asked": None}, 400, "input", "invalid_type"),
        ({"asked": 5}, 400, "input", "invalid_type"),
        ({"asked": {"a": 1}}, 400, "input", "invalid_type"),
        ({"model": 5}, 400, "model", "invalid_type"),
        ({"model": "no-such-model"}, 404, "model", "model_not_found"),
        ({"model": "gpt-4o-mini"}, 403, None, None),
        ({"dimensions": 0}, 400, "dimensions", "integer_below_min_value"),
        ({"dimensions": "256"}, 400, "dimensions", "invalid_type"),
        ({"dimensions": 1537}, 400, "dimensions", None),
        ({"dimensions": 10**300}, 400, "dimensions", None),
        ({"model": LARGE, "dimensions": 3073}, 400, "dimensions", None),
        ({"model": ADA, "dimensions": 256}, 400, None, None),
        ({"encoding_format": "hex"}, 400, "encoding_format", "invalid_value"),
        ({"user": 5}, 400, "user", "invalid_type"),
    ],
)
def test_a_wrong_field_is_refused_by_name(changes, status, param, code):
    error = refused(**changes)
    assert (error.status, error.param, error.code) == (status, param, code)
    assert error.kind == "invalid_request_error"
    assert len(error.message) < 300


@pytest.mark.parametrize("field", ["model", "input"])
def test_a_missing_field_is_refused_by_name(field):
    left = {name: value for name, value in json.loads(body()).items() if name != field}
    with pytest.raises(WireError, match=f"Missing required parameter: '{field}'"):
        embeddings.read(json.dumps(left).encode())


def test_what_is_no_json_object_is_refused():
    huge = b'{"model": "%b", "input": "x", "dimensions": -1%b}' % (SMALL.encode(), b"0" * 5000)
    for data in (b"", b"{", b"\xff", b"[]", b"5", huge):
        with pytest.raises(WireError):
            embeddings.read(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(JSON, JSON, JSON)
@example("a", 10**400, None)
@example([0, 5], None, "base64")
@example("\u0000 \u200d", 1, None)
def test_any_body_is_answered_or_refused(asked, dimensions, encoding_format):
    try:
        request = read(asked, dimensions=dimensions, encoding_format=encoding_format)
    except WireError as error:
        assert 400 <= error.status < 500
        return
    assert json.loads(embeddings.answer(request)[0])["usage"]["prompt_tokens"] == request.tokens


@settings(max_examples=200, deadline=None)
@given(st.text(), st.sampled_from([1, 64, 1536, 3072]))
def test_every_text_has_a_vector_of_length_one(text, dimensions):
    assert near(text, text, LARGE, dimensions) == pytest.approx(1, abs=1e-5)


def test_the_same_text_has_the_same_vector_in_another_process():
    code = (
        "from course.endpoint.api.vectors import vector;"
        f"print(vector({DUE!r}, {SMALL!r}, dimensions=64).tolist())"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert json.loads(told) == vector(DUE, SMALL, dimensions=64).tolist()


def test_importing_it_does_not_load_numpy():
    code = "import sys, course.endpoint.api.embeddings; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (DUE, "Please hand in your homework on Friday."),
        ("The bus leaves at seven.", "When does the bus leave?"),
        ("学校的午餐从十二点开始", "学校几点吃午餐"),
        ("Автобус отправляется в семь часов утра", "Когда отправляется утренний автобус?"),
        ("يغادر الباص المدرسة الساعة السابعة", "متى يغادر الباص المدرسة؟"),
        ("विद्यालय सुबह आठ बजे खुलता है", "विद्यालय कब खुलता है?"),
        ("학교 버스는 일곱 시에 출발합니다", "버스는 몇 시에 출발합니까?"),
        ("Το σχολείο ανοίγει στις οκτώ", "Πότε ανοίγει το σχολείο;"),
    ],
)
def test_texts_that_share_words_are_nearer_than_others_in_every_script(one, other):
    unrelated = ["Honey is sold at the winter market.", "电脑坏了", "Книга лежит на столе", "कुत्ता"]
    assert near(one, other) > 0.25
    assert near(one, other) > 2 * max(near(one, text) for text in unrelated)


def test_case_and_punctuation_change_nothing_and_order_and_typos_little():
    assert near(DUE, DUE.upper().replace(".", "!")) == pytest.approx(1, abs=1e-6)
    assert 0.9 < near("The dog bites the man.", "The man bites the dog.") < 0.999
    assert near(DUE, DUE.replace("Homework", "Homwork")) > 0.7
    assert near(DUE, "The canteen serves soup at noon.") < 0.2


def test_texts_without_a_shared_letter_are_at_about_right_angles():
    for model in embeddings.MODELS:
        # 1,536 places: chance alone gives about 1 / sqrt(1536) = 0.03.
        assert abs(near("zebra quick jump", "off holy mint", model)) < 0.15


def test_the_vectors_of_different_models_have_nothing_to_do_with_each_other():
    small, ada = (vector(DUE, model, dimensions=1536) for model in (SMALL, ADA))
    assert abs(small @ ada) < 0.15


def found(question, model, dimensions):
    return max(TEXTS, key=lambda name: near(question, TEXTS[name], model, dimensions))


@pytest.mark.parametrize(
    ("model", "dimensions", "share"),
    [(SMALL, 1536, 0.9), (LARGE, 3072, 0.9), (ADA, 1536, 0.9), (SMALL, 256, 0.8)],
)
def test_most_questions_find_their_text_among_twenty(model, dimensions, share):
    right = sum(found(asked, model, dimensions) == name for asked, name in QUESTIONS.items())
    assert right >= share * len(QUESTIONS)
    # By chance it would be one question in twenty.
    assert (len(TEXTS), len(QUESTIONS)) == (20, 26)
