"""The Pacer against the endpoint's own limits, on a clock that waits for nobody."""

import asyncio
import threading

import pytest
from no_waiting import simulate

from course import connect
from course.endpoint.clock import Clock
from course.endpoint.limits import Limits, Tier, tier
from course.endpoint.wire import WireError
from course.errors import CourseError
from course.throughput.pacing import Pacer

MODEL = "gpt-4o-mini"
NONE = {}


class Service:
    """The endpoint's limits, which answer after `latency_s` to requests that take as long to come.

    `log` has a (time, status, model) for each request.
    """

    def __init__(self, loop, limits=None, *, clock=1.0, way_s=0.0, latency_s=0.0, tells=True):
        self.loop, self.limits, self.tells = loop, Limits(Clock(clock, loop.time)), tells
        self.tier = tier("1", MODEL) if limits is None else Tier("test", *limits)
        self.way_s, self.latency_s, self.log = way_s, latency_s, []

    async def request(self, tokens, model=MODEL, key="key"):
        await asyncio.sleep(self.way_s)
        status = 200
        try:
            headers = self.limits.take(key, model, tokens=tokens, tier=self.tier)
        except WireError as error:
            status, headers = 429, error.headers
        self.log.append((self.loop.time(), status, model))
        if status == 200:
            await asyncio.sleep(self.latency_s)
        headers = {name.decode(): value.decode() for name, value in headers}
        if not self.tells:
            headers = {name: value for name, value in headers.items() if "ratelimit" not in name}
        return status, headers

    @property
    def refused(self):
        return sum(status == 429 for _, status, _ in self.log)


async def call(pacer, service, tokens=100, model=MODEL, key="key"):
    """One answered request, sent again for as long as it is refused."""
    while True:
        await pacer.before(tokens, model)
        status, headers = await service.request(tokens, model, key)
        pacer.after(status, headers, tokens, model)
        if status == 200:
            return


async def all_of(pacer, service, count, *, at_once=100, **about):
    """So many requests, at most so many at once."""
    gate = asyncio.Semaphore(at_once)

    async def one():
        async with gate:
            await call(pacer, service, **about)

    await asyncio.gather(*(one() for _ in range(count)))


def volume(count, limits=None, *, pacer=(), at_once=100, tokens=100, **about):
    """The service and the seconds after so many requests."""

    async def work(loop):
        service = Service(loop, limits, **about)
        paced = Pacer(now=loop.time, **dict(pacer))
        await all_of(paced, service, count, at_once=at_once, tokens=tokens)
        return service, paced

    (service, paced), seconds = simulate(work)
    return service, paced, seconds


def test_requests_per_minute_bind_from_the_second_minute_on():
    # 2,000 requests, 500 of them at once: (2000 - 500) / 500 minutes are 180 s.
    service, _, seconds = volume(2000, (500, 200_000), latency_s=0.5)
    assert 180 <= seconds < 180 * 1.02
    assert service.refused == 0


def test_tokens_per_minute_bind_where_requests_are_long():
    # 500 * 2,000 tokens, 200,000 at once: 800,000 / 200,000 minutes are 240 s.
    service, _, seconds = volume(500, (500, 200_000), tokens=2000, latency_s=0.5)
    assert 240 <= seconds < 240 * 1.02
    assert service.refused == 0


def test_requests_per_day_bind_at_tier_1():
    # 12,000 requests, 10,000 of them from the start: 2,000 / 10,000 of a day are 17,280 s. That
    # 500 a minute are let in is told by the first refusal, and costs no time: (10000 - 500) / 500
    # minutes are 19 minutes.
    service, paced, seconds = volume(12_000, latency_s=0.5)
    assert 17_280 <= seconds < 17_280 * 1.01
    assert 0 < service.refused <= 100
    known = {(row["known"], row["limit"]): row["period_s"] for row in paced.state()}
    day = known.pop(("told", 10_000))
    assert day == 86_400
    assert known == {("told", 200_000): 60, ("refused", 500): 60}


def test_who_knows_of_the_limit_that_headers_do_not_tell_is_not_refused():
    service, _, seconds = volume(3000, pacer={"requests_per_minute": 500}, latency_s=0.5)
    assert service.refused == 0
    assert 300 <= seconds < 300 * 1.02  # (3000 - 500) / 500 minutes


def test_on_a_fast_clock_the_same_takes_as_many_times_less():
    service, _, seconds = volume(2000, (500, 200_000), clock=60, latency_s=0.01)
    assert 3 <= seconds < 3 * 1.1
    assert service.refused == 0
    known = {"requests_per_minute": 500}
    service, _, seconds = volume(3000, pacer=known, clock=60, latency_s=0.01)
    assert 5 <= seconds < 5 * 1.1
    assert service.refused <= 1


@pytest.mark.parametrize("latency_s", [0.0, 1.0, 30.0])
def test_slow_answers_do_not_slow_the_pace(latency_s):
    about = {"tokens": 1000, "latency_s": latency_s, "at_once": 10_000}
    service, _, seconds = volume(1000, (500, 200_000), **about)
    assert 240 <= seconds < 240 * 1.02 + 2 * latency_s
    assert service.refused == 0


def test_the_first_request_goes_alone_and_all_others_know_what_it_was_told():
    async def work(loop):
        service = Service(loop, (3, 40_000), latency_s=2.0)
        pacer = Pacer(now=loop.time)
        await all_of(pacer, service, 6)
        return service

    service, _ = simulate(work)
    times = [round(at - service.log[0][0], 1) for at, _, _ in service.log]
    # 3 a minute, one of which is gone: two more after the first answer, then one every 20 s.
    assert service.refused == 0
    assert times[:3] == [0, 2, 2]
    assert times[3] == pytest.approx(22, abs=0.5)
    assert times[5] - times[4] == pytest.approx(20, abs=0.1)


def test_who_came_first_goes_first_whatever_it_needs():
    async def work(loop):
        service = Service(loop, (1000, 10_000), latency_s=0.1)
        pacer, order = Pacer(now=loop.time), []
        await call(pacer, service, 10_000)

        async def one(number, tokens):
            await pacer.before(tokens, MODEL)
            order.append(number)
            pacer.after(*await service.request(tokens), tokens, MODEL)

        sizes = [5000, 10, 9000, 10, 10, 3000]
        await asyncio.gather(*(one(number, tokens) for number, tokens in enumerate(sizes)))
        return order, service

    (order, service), _ = simulate(work)
    assert order == [0, 1, 2, 3, 4, 5]
    assert service.refused == 0


def test_who_gives_up_waiting_takes_nothing_and_stops_nobody():
    async def work(loop):
        service = Service(loop, (60, 1_000_000))
        pacer = Pacer(now=loop.time)
        await all_of(pacer, service, 60)
        waiting = [asyncio.create_task(call(pacer, service)) for _ in range(40)]
        await asyncio.sleep(0.1)
        for task in waiting[:20] + waiting[30:]:
            task.cancel()
        await asyncio.wait(waiting)
        return service, sum(task.cancelled() for task in waiting)

    (service, cancelled), seconds = simulate(work)
    assert cancelled == 30
    # 10 more at one a second, as if the other 30 had never asked.
    assert 10 <= seconds < 11
    assert len(service.log) == 70


def test_others_on_the_same_key_are_seen_in_what_is_left():
    async def work(loop):
        service = Service(loop, (100, 10_000_000), latency_s=0.01)
        pacer = Pacer(now=loop.time)
        await call(pacer, service)
        for _ in range(99):  # somebody else takes all there is
            service.limits.take("key", MODEL, tokens=100, tier=service.tier)
        await call(pacer, service)  # is refused, and comes again when it is told to
        refused, left = service.refused, pacer.state()[0]["left"]
        await all_of(pacer, service, 20)
        return refused, left, service

    (refused, left, service), seconds = simulate(work)
    assert (refused, service.refused) == (1, 1)
    assert left < 1
    assert seconds >= 21 * 0.6  # 100 a minute are one in 0.6 s


def test_two_who_do_not_know_of_each_other_share_the_limit_with_few_refusals():
    async def work(loop):
        service = Service(loop, (600, 10_000_000), latency_s=0.2)
        pacers = Pacer(now=loop.time), Pacer(now=loop.time)
        done = []

        async def one(pacer):
            await all_of(pacer, service, 1500, at_once=20)
            done.append(loop.time())

        await asyncio.gather(*map(one, pacers))
        return service, pacers, done

    (service, pacers, done), seconds = simulate(work)
    # 3,000 requests, 600 of them at once: 240 s if nothing is left unused; a refusal may take
    # away half of what comes back, so that is no sure bound from above.
    assert 240 <= seconds < 240 * 1.3
    assert service.refused < 0.08 * 3000
    assert sum(pacer.refused for pacer in pacers) == service.refused
    assert min(done) - 1000 > 0.6 * seconds  # neither starves


def test_a_share_leaves_the_rest_to_others():
    _, _, seconds = volume(600, (300, 10_000_000), pacer={"share": 0.5})
    # Half of 300 a minute, half of a full bucket at once: (600 - 150) / 150 minutes.
    assert 179 <= seconds < 180 * 1.02
    _, paced, _ = volume(10, (300, 200_000), pacer={"share": 0.5})
    assert paced.state()[0]["limit"] == 300


def test_requests_that_take_different_ways_are_hardly_ever_refused():
    class Uneven(Service):
        async def request(self, *about, **more):
            self.way_s = 0.03 * (len(self.log) % 7)
            return await super().request(*about, **more)

    async def work(loop):
        service = Uneven(loop, (500, 100_000), latency_s=0.5)
        await all_of(Pacer(now=loop.time), service, 600, tokens=1000)
        return service

    service, seconds = simulate(work)
    assert 300 <= seconds < 300 * 1.02  # (600 - 100) / 100 minutes
    assert service.refused <= 3


def test_a_request_for_more_than_a_minute_has_is_left_to_the_service_to_refuse():
    async def work(loop):
        service = Service(loop, (500, 10_000))
        pacer = Pacer(now=loop.time)
        await call(pacer, service, 5000)
        await pacer.before(50_000, MODEL)
        return (await service.request(50_000))[0]

    status, seconds = simulate(work)
    assert status == 429
    assert seconds <= 31  # until the 5,000 were back


def test_models_have_limits_of_their_own_but_a_snapshot_shares_its_familys():
    async def work(loop):
        service, pacer = Service(loop, (60, 1_000_000)), Pacer(now=loop.time)
        names = [MODEL, "gpt-4o-mini-2024-07-18", "gpt-4o"]
        await asyncio.gather(*(all_of(pacer, service, 60, model=name) for name in names))
        return service, {row["model"] for row in pacer.state()}

    (service, models), seconds = simulate(work)
    assert models == {MODEL, "gpt-4o"}
    assert service.refused == 0
    assert 60 <= seconds < 62


def test_one_pacer_serves_threads_and_tasks_in_one_line():
    pacer = Pacer(requests_per_minute=60_000)  # one in a millisecond once the first 60,000 ...
    taken = []

    def thread():
        for _ in range(50):
            pacer.before_sync(10, MODEL)
            taken.append("thread")
            pacer.after(200, NONE, 10, MODEL)

    async def task():
        for _ in range(50):
            await pacer.before(10, MODEL)
            taken.append("task")
            pacer.after(200, NONE, 10, MODEL)

    async def tasks():
        await asyncio.gather(*(task() for _ in range(4)))

    threads = [threading.Thread(target=thread) for _ in range(4)]
    for each in threads:
        each.start()
    asyncio.run(tasks())
    for each in threads:
        each.join(20)
    assert (taken.count("thread"), taken.count("task")) == (200, 200)


def test_a_pacer_outlives_the_event_loop_it_was_used_in():
    pacer = Pacer(requests_per_minute=600)

    async def interrupted():
        for _ in range(590):
            await pacer.before(1, MODEL)
            pacer.after(200, NONE, 1, MODEL)
        raise KeyboardInterrupt

    async def some(count):
        await asyncio.gather(*(pacer.before(1, MODEL) for _ in range(count)))

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(interrupted())
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(some(100), 0.05))
    asyncio.run(some(2))
    assert pacer.state()[0]["left"] < 3


def test_a_thread_waits_as_a_task_does():
    pacer = Pacer(requests_per_minute=600)  # 599 at once; then one in 0.1 s
    pacer.before_sync(1, MODEL)
    pacer.after(200, NONE, 1, MODEL)
    for _ in range(602):
        pacer.before_sync(1, MODEL)
    assert 0.2 <= pacer.waited_s < 20


def test_a_service_without_headers_is_kept_to_the_limits_given():
    service, _, seconds = volume(
        900, (300, 10_000_000), pacer={"requests_per_minute": 300}, tells=False, latency_s=0.1
    )
    assert 120 <= seconds < 120 * 1.02
    assert service.refused == 0


def test_a_service_without_headers_is_known_by_its_refusals():
    service, paced, seconds = volume(2000, (300, 10_000_000), tells=False, latency_s=0.1)
    # (2000 - 300) / 300 minutes would be 340 s.
    assert 340 <= seconds < 340 * 1.5
    assert service.refused < 0.1 * 2000
    assert [row["known"] for row in paced.state()] == ["guessed"]


def test_a_service_that_never_refuses_and_tells_nothing_is_not_slowed():
    async def work(loop):
        pacer = Pacer(now=loop.time)
        for _ in range(1000):
            await pacer.before(10, MODEL)
            pacer.after(200, NONE, 10, MODEL)
        return pacer.state()

    state, seconds = simulate(work)
    assert state == []
    assert seconds == 0


def test_a_refusal_stops_everybody_for_as_long_as_it_asks():
    async def work(loop):
        pacer, times = Pacer(now=loop.time), []
        await pacer.before(10, MODEL)
        pacer.after(200, NONE, 10, MODEL)
        await pacer.before(10, MODEL)
        pacer.after(429, {"retry-after": "7"}, 10, MODEL)

        async def one():
            await pacer.before(10, MODEL)
            times.append(loop.time() - 1000)

        await asyncio.gather(one(), one())
        return times

    times, _ = simulate(work)
    assert times[0] >= 7
    assert times[1] > times[0]  # and not both at once


def test_without_an_answer_the_next_is_the_first():
    async def work(loop):
        pacer, times = Pacer(now=loop.time), []

        async def one(number):
            await pacer.before(10, MODEL)
            times.append(loop.time() - 1000)
            if number == 0:
                await asyncio.sleep(100)  # this one is never heard of again
            await asyncio.sleep(1)
            pacer.after(503 if number < 3 else 200, NONE, 10, MODEL)

        tasks = [asyncio.create_task(one(number)) for number in range(6)]
        await asyncio.wait(tasks[1:])
        tasks[0].cancel()
        return times

    times, _ = simulate(work)
    # Ten seconds of patience for the first; then one after the other until an answer tells more.
    assert times == [0, 10, 11, 12, 13, 13]


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-limit-requests": "-1", "x-ratelimit-remaining-requests": "-1"},
        {"x-ratelimit-limit-tokens": "many", "x-ratelimit-remaining-tokens": "5"},
        {"x-ratelimit-limit-tokens": "0", "x-ratelimit-remaining-tokens": "0"},
        {"x-ratelimit-limit-tokens": "nan", "x-ratelimit-remaining-tokens": "inf"},
        {"x-ratelimit-limit-tokens": "1000"},
        {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "soon"},
        {"x-simulated-clock": "-3", "retry-after": "never"},
        {"x-ratelimit-limit-requests": ""},
    ],
)
def test_headers_out_of_shape_are_passed_over(headers):
    async def work(loop):
        pacer = Pacer(now=loop.time)
        for status in (200, 429, 200, 500, 0):
            await pacer.before(10, MODEL)
            pacer.after(status, headers, 10, MODEL)
        await pacer.before(10, MODEL)
        return pacer.state()

    state, seconds = simulate(work)
    assert seconds < 10
    assert all(row["known"] == "guessed" for row in state)


def test_a_window_that_opens_all_at_once_is_waited_for():
    """As gateways have them that count in a memory cache: 50 a minute, all back on the minute."""

    async def work(loop):
        pacer, taken, refused = Pacer(now=loop.time), {}, 0
        for _ in range(120):
            status = 0
            while status != 200:
                await pacer.before(10, MODEL)
                minute, into = divmod(loop.time() - 1000, 60)
                status = 200 if taken.get(minute, 0) < 50 else 429
                taken[minute] = taken.get(minute, 0) + (status == 200)
                refused += status == 429
                headers = {
                    "x-ratelimit-limit-requests": "50",
                    "x-ratelimit-remaining-requests": str(50 - taken[minute]),
                    "x-ratelimit-reset-requests": f"{60 - into:.0f}s",
                }
                if status == 429:
                    headers["retry-after"] = str(int(60 - into) + 1)
                pacer.after(status, headers, 10, MODEL)
        return refused

    refused, seconds = simulate(work)
    assert seconds < 180
    assert refused <= 4


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"requests_per_minute": 0}, "requests_per_minute is 0; use a number above 0."),
        ({"tokens_per_minute": "many"}, "tokens_per_minute is 'many'; use a number above 0."),
        ({"requests_per_day": True}, "requests_per_day is True; use a number above 0."),
        ({"requests_per_day": float("nan")}, "requests_per_day is nan; use a number above 0."),
        ({"share": 1.5}, "share is 1.5; use a number above 0, up to 1."),
        ({"share": None}, "share is None; use a number above 0, up to 1."),
        ({"share": 0}, "share is 0; use a number above 0, up to 1."),
    ],
)
def test_a_limit_that_can_not_be_is_told(wrong, said):
    with pytest.raises(CourseError) as told:
        Pacer(**wrong)
    assert str(told.value) == said


def test_connect_lets_every_call_wait_for_the_pacer(capsys):
    pacer = Pacer()
    with connect(simulate={"tier": "1", "clock": 600, "speed": 0}, pacer=pacer) as client:
        for _ in range(3):
            client.chat.completions.create(
                model=MODEL, messages=[{"role": "user", "content": "Hello!"}], max_tokens=50
            )
    tokens, requests = sorted(pacer.state(), key=lambda row: row["of"], reverse=True)
    assert (requests["of"], requests["limit"], requests["period_s"]) == ("requests", 10_000, 144)
    assert (tokens["of"], tokens["limit"], tokens["period_s"]) == ("tokens", 200_000, 0.1)
    assert requests["left"] < 9998
