"""Which pictures are taken in a request, and in what words the others are refused."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.endpoint.api.images import check_picture
from course.endpoint.wire import WireError

AT = "messages[0].content[1]"
STARTS = {
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01",
    "jpeg": b"\xff\xd8\xff\xc0\0\x11\x08\0\x01\0\x01",
    "gif": b"GIF89a\x01\0\x01\0",
    "webp": b"RIFF\0\0\0\0WEBPVP8X",
}


def data_url(data, kind="image/png"):
    return f"data:{kind};base64," + base64.b64encode(data).decode()


def chat(url, **more):
    return {"type": "image_url", "image_url": {"url": url} | more}


def response(url, **more):
    return {"type": "input_image", "image_url": url} | more


def refused(part):
    with pytest.raises(WireError) as caught:
        check_picture(part, AT)
    assert caught.value.status == 400
    return json.loads(caught.value.json())["error"]


@pytest.mark.parametrize("kind", STARTS)
@pytest.mark.parametrize(
    "detail", [{}, {"detail": None}, *({"detail": d} for d in ["low", "high", "auto"])]
)
def test_the_four_kinds_of_picture_are_taken(kind, detail):
    for part in (chat, response):
        check_picture(part(data_url(STARTS[kind], f"image/{kind}"), **detail), AT)


def test_what_a_picture_is_counts_more_than_what_its_url_says():
    check_picture(chat(data_url(STARTS["jpeg"], "image/png")), AT)


def test_a_response_may_name_a_file_instead():
    check_picture({"type": "input_image", "file_id": "file-1"}, AT)
    error = refused({"type": "input_image"})
    assert error["message"] == f"Missing required parameter: '{AT}.image_url'."


def test_another_format_is_refused_in_openais_words():
    error = refused(chat(data_url(b"BM\0\0\0\0", "image/bmp")))
    assert error == {
        "message": "You uploaded an unsupported image. Please make sure your image has of one the "
        "following formats: ['png', 'jpeg', 'gif', 'webp'].",
        "type": "invalid_request_error",
        "param": None,
        "code": "invalid_image_format",
    }
    error = refused(response(data_url(b"BM\0\0\0\0", "image/bmp")))
    assert error["message"].startswith("The image data you provided does not represent a valid")
    assert (error["param"], error["code"]) == ("input", "invalid_value")


def test_nothing_is_fetched_and_the_refusal_says_so():
    for url in ("https://example.org/cat.png", "HTTP://example.org/" + "x" * 100_000):
        error = refused(chat(url))
        assert error["code"] == "invalid_image_url"
        assert error["message"].startswith(f"Error while downloading {url[:19]}")
        assert "simulator fetches nothing" in error["message"]
        assert len(error["message"]) < 300
        assert refused(response(url))["param"] == "url"


@pytest.mark.parametrize(
    ("part", "param", "code"),
    [
        ({"type": "image_url"}, f"{AT}.image_url", "missing_required_parameter"),
        ({"type": "image_url", "image_url": "data:"}, f"{AT}.image_url", "invalid_type"),
        (
            {"type": "image_url", "image_url": {}},
            f"{AT}.image_url.url",
            "missing_required_parameter",
        ),
        (chat(None), f"{AT}.image_url.url", "invalid_type"),
        (chat(7), f"{AT}.image_url.url", "invalid_type"),
        (chat("cat.png"), f"{AT}.image_url.url", "invalid_value"),
        (chat(""), f"{AT}.image_url.url", "invalid_value"),
        (chat(data_url(b"%PDF", "application/pdf")), None, "invalid_image_format"),
        (chat("data:image/png,raw"), None, "invalid_base64_image"),
        (chat("data:image/png;base64,"), None, "invalid_base64_image"),
        (chat("data:image/png;base64,ä"), None, "invalid_base64_image"),
        (chat("data:image/png;base64,undefined"), None, "invalid_base64_image"),
        (chat(data_url(STARTS["png"]), detail="medium"), f"{AT}.image_url.detail", "invalid_value"),
        (chat(data_url(STARTS["png"]), detail=[]), f"{AT}.image_url.detail", "invalid_type"),
        (response(7), f"{AT}.image_url", "invalid_type"),
        (response("cat.png"), f"{AT}.image_url", "invalid_value"),
        (response("data:text/plain;base64,AAAA"), f"{AT}.image_url", "invalid_value"),
        (response("data:image/png;base64,A"), f"{AT}.image_url", "invalid_value"),
        (response(data_url(STARTS["png"]), detail="tiny"), f"{AT}.detail", "invalid_value"),
    ],
)
def test_what_is_wrong_is_refused_by_name(part, param, code):
    error = refused(part)
    assert (error["param"], error["code"]) == (param, code)
    assert error["type"] == "invalid_request_error"
    assert len(error["message"]) < 300


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.sampled_from(["image_url", "input_image"]), JSON, JSON, JSON)
def test_any_part_is_taken_or_refused(kind, image, url, detail):
    for part in (
        {"type": kind, "image_url": image, "detail": detail},
        {"type": kind, "image_url": {"url": url, "detail": detail}},
        {"type": kind, "image_url": f"data:image/png;base64,{url}"},
    ):
        try:
            check_picture(part, AT)
        except WireError as error:
            assert error.status == 400
