"""A call's life over HTTP: limits, faults, quota, keys, and what the truth log says of it."""

import contextlib
import http.client
import json
import time

import openai
import pytest
from endpoint_server import HELLO, KEY, ask, refused, running, wait_until

CHAT = "/v1/chat/completions"
BODY = json.dumps(HELLO)


def truth(port, key="any-key"):
    headers = {"Authorization": f"Bearer {key}"}
    return json.loads(ask(port, "GET", "/truth", headers=headers)[2])["data"]


def say(port, key="any-key", **fields):
    headers = {"Authorization": f"Bearer {key}"}
    return ask(port, "POST", CHAT, json.dumps(HELLO | fields), headers)


@pytest.fixture(scope="module")
def port():
    with running(speed=0) as port:
        yield port


def test_every_answer_tells_what_is_left_of_the_limits():
    with running(speed=0, tier="1") as port:
        headers = say(port, max_tokens=500)[1]
        # 200,000 tokens a minute; the request counts its cap of 500, which is more than 9 tokens
        assert headers["x-ratelimit-limit-tokens"] == "200000"
        assert headers["x-ratelimit-remaining-tokens"] == "199500"
        # 10,000 requests a day; one is back after 86,400 / 10,000 = 8.64 s
        assert headers["x-ratelimit-limit-requests"] == "10000"
        assert headers["x-ratelimit-reset-requests"] == "8.64s"
        assert truth(port)[0]["remaining_tokens"] == 199_500


def test_over_the_limit_is_a_429_and_another_key_is_not_touched():
    with running(speed=0, key=("poor=1", "rich=5")) as port:
        statuses = [say(port, "poor", max_tokens=16_000)[0] for _ in range(14)]
        # 200,000 / 16,000 = 12.5 requests
        assert statuses == [200] * 12 + [429] * 2
        status, headers, body = say(port, "poor", max_tokens=16_000)
        error = json.loads(body)["error"]
        assert (status, error["type"], error["code"]) == (429, "tokens", "rate_limit_exceeded")
        assert int(headers["retry-after"]) >= 1 and headers["x-request-id"].startswith("req_")
        assert say(port, "rich", max_tokens=16_000)[0] == 200
        assert [row["status"] for row in truth(port, "poor")][-1] == 429


def test_a_clock_that_runs_faster_refills_faster():
    with running(speed=0, tier="1", clock=3600) as port:
        statuses = []
        for _ in range(30):
            statuses.append(say(port, max_tokens=16_000)[0])
            time.sleep(0.01)
        # an hour a second: 200,000 tokens a minute are 120,000 in each hundredth of a second
        assert set(statuses) == {200}
        assert say(port)[1]["x-simulated-clock"] == "3600"


def test_without_limits_no_header_tells_of_them():
    with running(speed=0, tier="none") as port:
        assert not [name for name in say(port)[1] if name.startswith("x-ratelimit")]


def test_only_its_own_keys_get_in_and_none_is_repeated():
    with running(speed=0, key=("sk-right",)) as port:
        assert say(port, "sk-right")[0] == 200
        status, _, body = say(port, "sk-wrong-one")
        assert (status, json.loads(body)["error"]["code"]) == (401, "invalid_api_key")
        assert b"sk-wrong-one" not in body and b"sk-right" not in body


def test_a_quota_ends_a_key_and_waiting_does_not_help():
    # a call costs 9 × 0.15 + 6 × 0.60 = 4.95 millionths of a dollar
    with running(speed=0, quota="0.000009") as port:
        assert [say(port)[0] for _ in range(3)] == [200, 200, 429]
        assert refused(port, "POST", CHAT, BODY) == (429, "insufficient_quota")
        assert say(port, "another")[0] == 200


def test_a_script_of_faults_is_played_in_order():
    with running(speed=0, script="429,500,503,200") as port:
        assert [say(port)[0] for _ in range(5)] == [429, 500, 503, 200, 200]
        rows = truth(port)
        assert [row["fault"] for row in rows] == ["429", "500", "503", None, None]
        assert [row["cost_usd"] for row in rows[:3]] == ["0", "0", "0"]


def test_the_stock_client_gets_through_by_trying_again():
    with (
        running(speed=0, script="500,503,200") as port,
        openai.OpenAI(
            base_url=f"http://127.0.0.1:{port}/v1",
            api_key="any-key",
            max_retries=2,
            http_client=openai.DefaultHttpxClient(trust_env=False),
        ) as client,
    ):
        assert client.chat.completions.create(**HELLO).usage.total_tokens == 15
        assert [row["status"] for row in truth(port)] == [500, 503, 200]


def test_shares_of_faults_are_drawn_by_the_seed():
    def codes():
        with running(speed=0, fault=("500:0.5",), seed=3) as port:
            return [say(port)[0] for _ in range(40)]

    first = codes()
    assert first == codes() and 8 < first.count(500) < 32


def test_a_cut_stream_ends_without_its_end():
    with running(speed=0, fault=("cut:1",)) as port:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as wire:
            wire.request("POST", CHAT, json.dumps(HELLO | {"stream": True}), KEY)
            answer = wire.getresponse()
            assert answer.status == 200
            with pytest.raises(http.client.IncompleteRead) as caught:
                answer.read()
            assert b"[DONE]" not in caught.value.partial
        with pytest.raises(http.client.IncompleteRead):
            say(port)
        wait_until(lambda: [row["fault"] for row in truth(port)] == ["cut", "cut"])


def test_a_stalled_answer_comes_in_the_end():
    with running(speed=0, fault=("stall:1:0.3",)) as port:
        for stream in (False, True):
            started = time.monotonic()
            assert say(port, stream=stream)[0] == 200
            assert time.monotonic() - started > 0.28


def test_an_outage_refuses_everything_for_its_time():
    with running(speed=0, outage="0:3600", clock=1) as port:
        assert [say(port)[0] for _ in range(3)] == [503] * 3


def test_the_truth_tells_when_tokens_were_due_and_when_they_were_sent():
    with running(speed=1, time_to_first_token=0.1, time_to_first_token_std_dev=0) as port:
        say(port, stream=True)
        (row,) = truth(port)
        # 0.1 s, and 9 fresh prompt tokens at 0.00002 s
        assert row["scheduled_first_s"] == pytest.approx(0.10018, abs=1e-6)
        assert 0 <= row["sent_first_s"] - row["scheduled_first_s"] < 0.5
        assert row["scheduled_last_s"] > row["scheduled_first_s"]
        assert row["sent_last_s"] >= row["scheduled_last_s"]
        assert (row["prompt_tokens"], row["completion_tokens"], row["status"]) == (9, 6, 200)
        assert row["cost_usd"] == "0.00000495" and row["streamed"] is True


def test_the_truth_is_told_from_a_number_on(port):
    for _ in range(3):
        say(port, "counting")
    rows = truth(port, "counting")
    headers = {"Authorization": "Bearer counting"}
    later = ask(port, "GET", f"/truth?since={rows[1]['number']}", headers=headers)[2]
    assert [row["number"] for row in json.loads(later)["data"]] == [rows[2]["number"]]
    assert ask(port, "GET", "/truth?since=x", headers=headers)[0] == 400
    assert ask(port, "GET", "/truth", headers={})[0] == 401


def test_a_model_that_has_left_by_the_day_asked_for_is_gone():
    with running(speed=0, as_of="2026-12-01") as port:
        status, _, body = say(port, model="gpt-3.5-turbo")
        told = json.loads(body)["error"]
        assert (status, told["code"]) == (404, "model_not_found")
        assert "has been deprecated" in told["message"] and "2026-10-23" in told["message"]
        assert say(port)[0] == 200
        rows = json.loads(ask(port, "GET", "/v1/models")[2])["data"]
        names = {row["id"] for row in rows}
        assert "gpt-4o-mini" in names and "gpt-3.5-turbo" not in names
    with running(speed=0, as_of="2027-01-14") as port:
        assert say(port)[0] == 404  # on the very day


def test_the_page_shows_what_has_happened(port):
    say(port)
    page = ask(port, "GET", "/", headers={})[2].decode()
    assert "Nothing was charged" in page and "<td>gpt-4o-mini</td>" in page
    assert "$0.00000495" in page
