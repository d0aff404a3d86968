"""What is tried again, when, how often, and what is raised in the end; nobody waits for it."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import httpx2
import openai
import pytest
from no_waiting import simulate

from course.budget import BudgetExceeded
from course.errors import CourseError
from course.throughput import told
from course.throughput.retrying import retrying, worth_retrying

REQUEST = httpx2.Request("POST", "http://service.example/v1/chat/completions")


def status_error(status, *, code=None, **headers):
    """The error that openai's client raises for such an answer."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    response = httpx2.Response(status, headers=headers, request=REQUEST)
    kind = openai.RateLimitError if status == 429 else openai.APIStatusError
    return kind("no", response=response, body={"code": code, "type": None, "message": "no"})


class Script:
    """A call that goes as told: errors are raised, numbers are seconds to take, texts answers."""

    def __init__(self, *parts):
        self.parts, self.starts = list(parts), []

    async def __call__(self, *_):
        self.starts.append(asyncio.get_running_loop().time() - 1000)
        while isinstance(part := self.parts.pop(0), int | float):
            await asyncio.sleep(part)
        if isinstance(part, Exception):
            raise part
        return part

    @property
    def waits(self):
        return [later - earlier for earlier, later in pairwise(self.starts)]


def tried(*parts, **rules):
    """The answer or the error of such a call, and the call."""
    call = Script(*parts)

    async def work(_):
        return await retrying(call, **rules)("an e-mail")

    try:
        return simulate(work)[0], call
    except Exception as error:
        return error, call


REFUSED = {"retry_after": "0"}


def test_a_call_that_succeeds_is_made_once():
    answer, call = tried("billing")
    assert answer == "billing"
    assert call.starts == [0]


def test_the_waits_grow_and_are_drawn_between_nothing_and_their_bound():
    waits = [
        tried(*[status_error(503)] * 7, "billing", tries=8, seed=seed, longest_wait_s=8)[1].waits
        for seed in range(200)
    ]
    for number, most in enumerate([0.5, 1, 2, 4, 8, 8, 8]):
        drawn = [wait[number] for wait in waits]
        assert 0 <= min(drawn) < 0.1 * most
        assert 0.9 * most < max(drawn) <= most
        assert 0.4 * most < sum(drawn) / 200 < 0.6 * most


def test_a_seed_makes_the_waits_the_same():
    first, again, other = (
        tried(*[status_error(500)] * 4, "ok", seed=seed)[1].waits for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize(
    ("headers", "least"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "nan"}, 0),
        ({"retry-after-ms": "inf"}, 0),
        ({}, 0),
    ],
)
def test_what_the_service_asks_to_wait_is_the_least_wait(headers, least):
    error = status_error(429, **headers)
    for seed in range(20):
        _, call = tried(error, "ok", seed=seed)
        assert least <= call.waits[0] <= least + 0.5


def test_a_date_to_come_again_is_honoured(monkeypatch):
    now = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)
    monkeypatch.setattr(told.time, "time", now.timestamp)
    then = format_datetime(now + timedelta(seconds=40), usegmt=True)
    assert then == "Tue, 06 May 2031 07:08:49 GMT"
    _, call = tried(status_error(503, retry_after=then), "ok")
    assert 40 <= call.waits[0] <= 40.5
    past = format_datetime(now - timedelta(days=1), usegmt=True)
    _, call = tried(status_error(503, retry_after=past), "ok")
    assert call.waits[0] <= 0.5


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_what_may_pass_is_tried_again(status):
    assert worth_retrying(status_error(status))
    assert tried(status_error(status), "ok")[0] == "ok"


@pytest.mark.parametrize(
    "error",
    [
        *map(status_error, (400, 401, 403, 404, 413, 422)),
        status_error(429, code="insufficient_quota"),
        BudgetExceeded("used up"),
        ValueError("not JSON"),
        KeyError("answer"),
        OSError(28, "No space left on device"),
    ],
)
def test_what_would_come_again_is_raised_at_once_as_it_is(error):
    raised, call = tried(error, "never")
    assert raised is error
    assert call.starts == [0]
    assert not getattr(raised, "__notes__", [])


@pytest.mark.parametrize(
    "error",
    [
        openai.APIConnectionError(request=REQUEST),
        openai.APITimeoutError(request=REQUEST),
        ConnectionResetError("hung up"),
        TimeoutError("of the learner's own"),
    ],
)
def test_where_no_reply_came_it_is_tried_again(error):
    assert tried(error, "ok")[0] == "ok"


def test_the_service_has_the_last_word_on_whether_to_try_again():
    assert worth_retrying(status_error(400, x_should_retry="true"))
    assert not worth_retrying(status_error(503, x_should_retry="false"))


def test_the_last_error_says_how_often_and_how_long():
    errors = [status_error(500), status_error(502), status_error(503)]
    raised, call = tried(1, errors[0], 1, errors[1], 1, errors[2], tries=3, seed=1)
    assert raised is errors[2]
    seconds = 3 + sum(call.waits) - 2  # three tries of a second, and the waits between them
    assert raised.__notes__ == [f"Tried 3 times in {seconds:.1f} s: no more tries were allowed."]


def test_an_error_that_would_come_again_says_that_it_is_not_the_first():
    raised, _ = tried(status_error(500), status_error(404))
    assert raised.status_code == 404
    assert raised.__notes__[0].startswith("Tried 2 times in ")
    assert raised.__notes__[0].endswith(" s: this error would come again.")


def test_nobody_waits_for_a_try_that_would_miss_the_deadline():
    raised, call = tried(status_error(429, retry_after="100"), "never", deadline_s=60)
    assert raised.status_code == 429
    assert call.starts == [0]
    (note,) = raised.__notes__
    assert note.startswith("Tried once in 0.0 s: the next, in 100.")
    assert note.endswith(" s, would miss the deadline of 60 s.")


def test_the_deadline_ends_a_try_that_hangs_and_tells_the_error_before_it():
    raised, call = tried(status_error(503), 1000, "never", deadline_s=10)
    assert raised.status_code == 503
    assert len(call.starts) == 2
    assert raised.__notes__ == ["Tried 2 times in 10.0 s: the deadline of 10 s ended the last try."]


def test_the_deadline_ends_a_first_try_that_hangs():
    raised, _ = tried(1000, "never", deadline_s=10)
    assert isinstance(raised, TimeoutError)
    assert str(raised) == "There was no answer within 10 s."
    assert raised.__notes__ == ["Tried once in 10.0 s: the deadline of 10 s ended the last try."]


def test_without_a_deadline_only_the_tries_are_counted():
    errors = [status_error(429, retry_after="5000") for _ in range(3)]
    answer, call = tried(10_000, errors[0], errors[1], errors[2], "ok", deadline_s=None)
    assert answer == "ok"
    assert call.starts[-1] > 25_000
    raised, _ = tried(*errors, "never", deadline_s=None, tries=3)
    assert raised is errors[2]


def test_the_error_keeps_its_cause():
    cause = OSError("hung up")
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = cause
    assert tried(error, error, tries=2)[0].__cause__ is cause
    assert tried(error, 100, "never", deadline_s=5)[0].__cause__ is cause


def test_who_calls_may_cancel_it_while_it_waits():
    async def work(_):
        task = asyncio.create_task(retrying(Script(status_error(503, retry_after="50")))())
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert simulate(work) == (True, 1)


def test_each_call_has_tries_and_a_deadline_of_its_own():
    call = Script(30, status_error(500), 30, "a", 30, status_error(500), 30, "b")

    async def work(_):
        again = retrying(call, tries=2, deadline_s=70)
        return await again(), await again()

    assert simulate(work)[0] == ("a", "b")


def test_own_rules_say_what_is_tried_again():
    def empty(error):
        return isinstance(error, ValueError)

    assert tried(ValueError("empty"), "ok", retry_on=empty)[0] == "ok"
    assert tried(status_error(503), "ok", retry_on=empty)[0].status_code == 503


def test_the_name_and_the_text_of_the_call_stay():
    async def classify(email):
        """One e-mail's class."""

    assert retrying(classify).__name__ == "classify"
    assert retrying(classify).__doc__ == "One e-mail's class."


def test_a_function_that_is_not_async_is_told():
    async def work(_):
        await retrying(lambda email: "billing")("an e-mail")

    with pytest.raises(CourseError, match="call gave str at once; pass an async function"):
        simulate(work)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"tries": 0}, "tries is 0; use a whole number from 1."),
        ({"tries": 2.5}, "tries is 2.5; use a whole number from 1."),
        ({"first_wait_s": None}, "first_wait_s is None; use a number of seconds above 0."),
        ({"deadline_s": 0}, "deadline_s is 0; use a number of seconds above 0."),
        ({"deadline_s": float("inf")}, "deadline_s is inf; use a number of seconds above 0."),
        ({"first_wait_s": "1"}, "first_wait_s is '1'; use a number of seconds above 0."),
        ({"longest_wait_s": -1}, "longest_wait_s is -1; use a number of seconds above 0."),
    ],
)
def test_rules_that_can_not_be_are_told(wrong, said):
    with pytest.raises(CourseError) as told:
        retrying(Script(), **wrong)
    assert str(told.value) == said
