"""Files of the endpoint: what a form must be, who sees a file, when it is gone."""

import asyncio
import os
import stat

import httpx2
import openai
import pytest
from openai.types import FileObject

from course.endpoint.api import files as module
from course.endpoint.api.files import Files
from course.endpoint.clock import Clock
from course.endpoint.wire import WireError

LINE = b'{"custom_id": "a"}\n'
FORM = b"multipart/form-data; boundary=cut"
NOW = 1_790_000_000.7


class Time:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def files(tmp_path, time):
    files = Files(tmp_path, clock=Clock(now=time), bound_bytes=1000, now=lambda: NOW)
    yield files
    files.close()


def part(name, value, filename=None):
    also = f'; filename="{filename}"' if filename is not None else ""
    head = f'--cut\r\nContent-Disposition: form-data; name="{name}"{also}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def form(*parts):
    return b"".join(parts) + b"--cut--\r\n"


def upload(files, body=None, *, key="ann", content_type=FORM, step=7, purpose=b"batch", **rest):
    name, content = rest.get("name", "lines.jsonl"), rest.get("content", LINE)
    if body is None:
        body = form(part("purpose", purpose), part("file", content, name), *rest.get("more", ()))

    async def pieces():
        for start in range(0, len(body), step):
            yield body[start : start + step]

    return asyncio.run(files.upload(key, content_type, pieces()))


def refused(files, *args, **settings):
    with pytest.raises(WireError) as caught:
        upload(files, *args, **settings)
    error = caught.value
    # Nothing of it is left, neither on disk nor in the key's account.
    assert files.list("ann", {})["data"] == []
    assert not any(path.is_file() for path in files.fresh().parent.iterdir())
    assert not files._bytes.total()
    return error.status, error.message, error.param, error.code


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_an_upload_is_told_in_openais_shape_however_it_is_cut(files, step):
    told = upload(files, step=step)
    assert FileObject.model_validate(told, strict=True).model_dump() == told
    assert told["id"].startswith("file-")
    assert files.content("ann", told["id"]).read_bytes() == LINE
    assert {name: told[name] for name in told if name != "id"} == {
        "object": "file",
        "bytes": 19,
        "created_at": 1_790_000_000,
        "expires_at": 1_792_592_000,  # 30 days of 86,400 seconds later
        "filename": "lines.jsonl",
        "purpose": "batch",
        "status": "processed",
        "status_details": None,
    }
    assert files.get("ann", told["id"]) == told


def test_the_openai_client_is_understood(files):
    def answer(request):
        body = request.read()
        kind = request.headers["content-type"].encode()
        return httpx2.Response(200, json=upload(files, body, content_type=kind, step=5))

    client = openai.OpenAI(
        api_key="ann",
        base_url="http://localhost/v1",
        http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
    )
    terms = {"anchor": "created_at", "seconds": 3600}
    with client:
        told = client.files.create(
            file=("é ü.jsonl", LINE), purpose="user_data", expires_after=terms
        )
    assert (told.bytes, told.filename, told.purpose) == (19, "é ü.jsonl", "user_data")
    assert told.expires_at == told.created_at + 3600


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"body": form(part("file", LINE, "a.jsonl"))}, "'purpose' is a required property"),
        ({"body": form(part("purpose", b"batch"))}, "'file' is a required property"),
        (
            {"body": form(part("purpose", b"batch"), part("file", LINE))},
            "'file' is a required property",
        ),
        (
            {"purpose": b"vector_store"},
            "'vector_store' is not one of ['fine-tune', 'assistants', 'batch', 'user_data', "
            "'vision', 'evals'] - 'purpose'",
        ),
        ({"purpose": b"batch_output"}, "'batch_output' is not one of"),
        ({"name": "lines.txt"}, "Invalid file format for Batch API. Must be .jsonl"),
        ({"content": b""}, "File is empty."),
        ({"body": b"rubbish"}, "Could not parse multipart form"),
        ({"body": part("purpose", b"batch")[:-9]}, "ends in the middle"),
        ({"body": b""}, "ends in the middle"),
        ({"body": form(*[part("a", b"")] * 17)}, "more than 16 parts"),
        ({"body": form(part("purpose", b"a" * 1025))}, "over 1024 bytes"),
        ({"body": form(part("a" * 5000, b""))}, "Could not parse multipart form"),
        ({"more": [part("file", LINE, "b.jsonl")]}, "more than one file"),
        ({"content_type": b"multipart/form-data"}, "no boundary"),
        ({"content_type": FORM + b"t" * 300}, "Could not parse multipart form"),
        (
            {"more": [part("expires_after[anchor]", b"now")]},
            "Invalid value: 'now'. Supported values are: 'created_at'.",
        ),
        (
            {
                "more": [
                    part("expires_after[anchor]", b"created_at"),
                    part("expires_after[seconds]", b"3599"),
                ]
            },
            "Invalid 'expires_after.seconds': integer below minimum value. Expected a value "
            ">= 3600, but got 3599 instead.",
        ),
    ],
)
def test_a_bad_form_is_refused_by_name(files, settings, expected):
    status, message, _, _ = refused(files, **settings)
    assert (status, expected in message) == (400, True), message


def test_a_body_that_is_no_form_is_refused(files):
    status, message, _, _ = refused(files, b"{}", content_type=b"application/json")
    assert status == 415
    assert "(application/json), expected multipart/form-data" in message


def test_what_is_too_large_is_refused(files, monkeypatch):
    assert refused(files, content=b"a" * 1001)[::3] == (413, "storage_limit_exceeded")
    monkeypatch.setattr(module, "BATCH_BYTES", 18)
    assert refused(files)[::3] == (413, "file_too_large")
    assert upload(files, purpose=b"evals")["bytes"] == 19
    files.delete("ann", files.list("ann", {})["first_id"])
    monkeypatch.setattr(module, "FILE_BYTES", 18)
    assert refused(files, purpose=b"evals")[::3] == (413, "file_too_large")
    # After its end a form goes on for more than the 65,536 bytes that are allowed besides a file.
    assert refused(files, form(part("x", b"")) + b"x" * 66_000, step=999)[0] == 413


def test_a_full_key_has_room_again_when_a_file_is_deleted_or_expires(files, time):
    first = upload(files, content=b"a" * 600)
    with pytest.raises(WireError):
        upload(files, content=b"a" * 401)
    assert upload(files, key="bob", content=b"a" * 401)["bytes"] == 401
    assert files.delete("ann", first["id"]) == {
        "id": first["id"],
        "object": "file",
        "deleted": True,
    }
    upload(files, content=b"a" * 1000)
    time.seconds = 30 * 86_400.0
    upload(files, content=b"a" * 1000)


def test_all_keys_together_are_bounded(files):
    for number in range(4):
        upload(files, key=f"key {number}", content=b"a" * 1000)
    with pytest.raises(WireError) as caught:
        upload(files, key="one more")
    assert (caught.value.status, caught.value.code) == (413, "storage_limit_exceeded")


def test_a_key_has_only_so_many_files(files, monkeypatch):
    monkeypatch.setattr(module, "MOST_FILES", 2)
    first = upload(files)
    upload(files)
    with pytest.raises(WireError, match="You have 2 files"):
        upload(files)
    upload(files, key="bob")
    files.delete("ann", first["id"])
    upload(files)


def test_an_upload_that_breaks_off_leaves_nothing(files):
    async def pieces():
        yield part("file", b"a" * 100, "a.jsonl")
        raise ConnectionError

    with pytest.raises(ConnectionError):
        asyncio.run(files.upload("ann", FORM, pieces()))
    assert list(files.fresh().parent.iterdir()) == []
    assert not files._bytes.total()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/x.jsonl", "x.jsonl"),
        ("C:\\Users\\ann\\x.jsonl", "x.jsonl"),
        ("a\x00b\x1b[31m\u202elnosj.jsonl", "ab[31mlnosj.jsonl"),
        ("..", ".."),
        ("", "upload"),
        ("a" * 300, "a" * 255),
    ],
)
def test_a_hostile_file_name_is_only_ever_shown(files, sent, kept):
    told = upload(files, name=sent, purpose=b"evals")
    assert told["filename"] == kept
    path = files.content("ann", told["id"])
    assert path.parent == files.fresh().parent
    assert path.read_bytes() == LINE


def test_a_list_is_newest_first_in_pages(files):
    ids = [upload(files, purpose=purpose)["id"] for purpose in (b"batch", b"evals", b"batch")]
    told = files.list("ann", {"limit": "2"})
    assert [row["id"] for row in told["data"]] == ids[:0:-1]
    assert (told["object"], told["has_more"]) == ("list", True)
    assert (told["first_id"], told["last_id"]) == (ids[2], ids[1])
    rest = files.list("ann", {"limit": "2", "after": ids[1]})
    assert ([row["id"] for row in rest["data"]], rest["has_more"]) == (ids[:1], False)
    some = files.list("ann", {"purpose": "batch", "order": "asc"})
    assert [row["id"] for row in some["data"]] == [ids[0], ids[2]]
    none = files.list("bob", {})
    assert none == {
        "object": "list",
        "data": [],
        "first_id": None,
        "last_id": None,
        "has_more": False,
    }


@pytest.mark.parametrize(
    ("query", "status", "param", "code"),
    [
        ({"limit": "0"}, 400, "limit", "integer_below_min_value"),
        ({"limit": "10001"}, 400, "limit", "integer_above_max_value"),
        ({"limit": "many"}, 400, "limit", "invalid_type"),
        ({"order": "up"}, 400, "order", "invalid_value"),
        ({"after": "file-x"}, 404, "id", None),
    ],
)
def test_a_bad_query_is_refused(files, query, status, param, code):
    with pytest.raises(WireError) as caught:
        files.list("ann", query)
    assert (caught.value.status, caught.value.param, caught.value.code) == (status, param, code)


def test_another_keys_file_is_not_there(files):
    mine = upload(files)["id"]
    for ask in (files.get, files.content, files.delete):
        with pytest.raises(WireError) as caught:
            ask("bob", mine)
        assert (caught.value.status, caught.value.message) == (404, f"No such File object: {mine}")
    assert files.get("ann", mine)["id"] == mine


def test_files_of_some_purposes_can_not_be_downloaded(files):
    file_id = upload(files, purpose=b"assistants")["id"]
    with pytest.raises(WireError, match="Not allowed to download files of purpose: assistants"):
        files.content("ann", file_id)


def test_a_file_expires_by_the_clock_of_the_endpoint(files, time):
    file_id = upload(files)["id"]
    path = files.content("ann", file_id)
    time.seconds = 30 * 86_400 - 1.0
    assert files.get("ann", file_id)
    time.seconds += 1
    with pytest.raises(WireError):
        files.get("ann", file_id)
    assert not path.exists()


def test_the_folder_is_private_and_goes_with_the_files(tmp_path):
    files = Files(tmp_path, clock=Clock())
    path = files.content("ann", upload(files)["id"])
    assert path.parent.parent == tmp_path
    if os.name == "posix":
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    files.close()
    assert list(tmp_path.iterdir()) == []


def test_a_path_can_be_filled_and_kept(files):
    path = files.fresh()
    path.write_bytes(b"12345")
    told = files.keep("ann", path, filename="o.jsonl", purpose="batch_output", seconds=None)
    assert (told["bytes"], told["expires_at"], told["purpose"]) == (5, None, "batch_output")
    assert files.content("ann", told["id"]).read_bytes() == b"12345"
