"""Sizes are checked against pictures that Pillow made, and against headers written by hand."""

import base64
import io
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from course import pictures

MADE = {
    "png": {"format": "PNG"},
    "jpeg": {"format": "JPEG"},
    "progressive jpeg": {"format": "JPEG", "progressive": True},
    "gif": {"format": "GIF"},
    "lossy webp": {"format": "WEBP", "quality": 50},
    "lossless webp": {"format": "WEBP", "lossless": True},
    "extended webp": {"format": "WEBP", "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"},
}


def made(how, size=(123, 457)):
    into = io.BytesIO()
    Image.new("RGB", size, "teal").save(into, **MADE[how])
    return into.getvalue()


def data_url(data, kind="image/png"):
    return f"data:{kind};base64," + base64.b64encode(data).decode()


@pytest.mark.parametrize("how", MADE)
@pytest.mark.parametrize("size", [(1, 1), (123, 457), (2048, 16)])
def test_the_size_is_that_of_the_picture(how, size):
    assert pictures.size(made(how, size)) == size
    assert pictures.kind(made(how, size)) == how.split()[-1]


def test_extended_webp_is_one():
    assert made("extended webp")[12:16] == b"VP8X"
    assert made("lossy webp")[12:16] == b"VP8 "
    assert made("lossless webp")[12:16] == b"VP8L"


@pytest.mark.parametrize(
    ("header", "size"),
    [
        # width 640 is 0x0280, height 480 is 0x01E0: the last byte first in GIF, last in PNG.
        (b"GIF89a\x80\x02\xe0\x01", (640, 480)),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0", (640, 480)),
        # A comment of 2 + 3 bytes, fill bytes, then a frame: length, 8 bits, height, width.
        (b"\xff\xd8\xff\xfe\0\x05abc\xff\xff\xff\xc0\0\x11\x08\x01\xe0\x02\x80", (640, 480)),
        # 14 bits less one each: 639 is 0x27F and 479 is 0x1DF, 0x1DF << 14 | 0x27F = 0x77C27F.
        (b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x7f\xc2\x77\0" + bytes(5), (640, 480)),
        # Lossy: the two bits above the 14 enlarge the picture when it is shown, no more.
        (b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x80\xc2\xe0\x01", (640, 480)),
        (b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0", (640, 480)),
    ],
)
def test_a_header_written_by_hand_is_read(header, size):
    assert pictures.size(header) == size
    # One byte less, and nothing can be said.
    assert pictures.size(header[:-1]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"BM\0\0",
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\0\0\0\0\0",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x89PNG\r\n\x1a\n\0\0\0\rCgBI\0\0\0\x01\0\0\0\x01",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8\xff\xda\0\x08",
        b"\xff\xd8\xff\xe0\0\0\xff\xc0\0\x11\x08\0\x01\0\x01",
        b"\xff\xd8\xffnonsense",
        b"RIFF\0\0\0\0WAVEfmt " + bytes(20),
        b"RIFF\0\0\0\0WEBPVP9 " + bytes(20),
    ],
)
def test_what_tells_no_size_has_none(data):
    assert pictures.size(data) is None


@given(st.sampled_from([made(how) for how in MADE]), st.data())
def test_no_damage_to_a_picture_is_too_much(good, data):
    at = data.draw(st.integers(0, min(40, len(good))))
    damaged = good[:at] + data.draw(st.binary(max_size=8)) + good[at + 1 :]
    found = pictures.size(damaged)
    assert found is None or min(found) > 0


@given(st.binary(max_size=200))
def test_any_bytes_can_be_asked_about(data):
    for start in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP"):
        found = pictures.size(start + data)
        assert found is None or min(found) > 0


@pytest.mark.parametrize("how", MADE)
def test_the_picture_in_a_data_url_has_its_size_whatever_the_url_says(how):
    for kind in ("image/png", "image/jpeg", "text/plain", "image/png;name=a.png"):
        assert pictures.data_url_size(data_url(made(how), kind)) == (123, 457)
    assert pictures.data_url_size(data_url(made(how)).replace("data:", "DATA:")) == (123, 457)


def test_a_jpeg_with_a_long_preview_before_its_frame_has_its_size():
    plain = made("jpeg")
    preview = b"\xff\xe1\xff\xff" + bytes(0xFFFF - 2)
    assert pictures.data_url_size(data_url(plain[:2] + 20 * preview + plain[2:])) == (123, 457)


def test_a_jpeg_that_has_nothing_but_segments_is_given_up():
    endless = b"\xff\xd8" + 500_000 * b"\xff\xe0\0\x02"
    started = time.process_time()
    assert pictures.size(endless) is None
    assert time.process_time() - started < 1


def test_only_the_header_of_a_huge_picture_is_decoded(monkeypatch):
    decoded = []
    real = base64.b64decode

    def watched(part, **options):
        decoded.append(len(part))
        return real(part, **options)

    huge = data_url(made("png") + bytes(3_000_000))
    monkeypatch.setattr(pictures.base64, "b64decode", watched)
    assert pictures.data_url_size(huge) == (123, 457)
    assert sum(decoded) <= 1024


@given(st.text(max_size=60), st.sampled_from(["", "data:", "data:image/jpeg;base64,/9j/"]))
@example("", "data:image/png;base64,ä")
@example("", "data:image/png;base64,AAA")
@example("", "data:image/png,raw")
def test_any_text_can_be_asked_for_its_size(text, start):
    assert pictures.data_url_size(start + text) is None
