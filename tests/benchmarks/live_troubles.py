"""What may go wrong in a live class under load: a killed server, students who drop, a bad line."""

import asyncio
import contextlib
import random
import subprocess
import time

import live_network
import live_servers
from live_clients import Student, Teacher
from live_meeting import SPREAD_S, WAIT_S, Meeting, Times, answer_all, compare, join, leave
from live_servers import Place

CHURN = 200


def killing(asked, place: Place, core: int) -> list[str]:
    """kill -9 in the middle of a vote; the same command again; everybody goes on by themselves."""
    with live_servers.live(place, core=core) as live:
        return asyncio.run(_killing_in(asked, place, live, core))


async def _killing_in(asked, place: Place, live, core: int) -> list[str]:
    students, _ = await join(live, asked.students)
    teacher = Teacher(live.host, live.port, live.secret)
    await teacher.come()
    meeting = Meeting(teacher)
    await meeting.open()
    answers = asyncio.create_task(answer_all(students, meeting.round, meeting.item, SPREAD_S))
    await asyncio.sleep(SPREAD_S / 2)
    live.kill()
    killed = time.perf_counter()
    before = sum(len(one.saved) for one in students)
    kept = len(live_servers.kept(place, live.code))
    print(f"killed with {before} acknowledged, {kept} in the log")
    with contextlib.ExitStack() as stack:
        again = await asyncio.to_thread(
            stack.enter_context, live_servers.live(place, core=core, port=live.port, again=True)
        )
        print(f"answers again {time.perf_counter() - killed:.1f} s after the kill")
        await answers
        await asyncio.wait_for(asyncio.gather(*(one.all_saved.wait() for one in students)), WAIT_S)
        print(f"all answers safe {time.perf_counter() - killed:.1f} s after the kill")
        failed = [] if again.code == live.code else ["another meeting came back"]
        failed += compare(place, live.code, students)
        leave(students, teacher)
    return failed


def churning(asked, place: Place, core: int) -> list[str]:
    """Some drop and come back every few seconds, while everybody answers."""
    with live_servers.live(place, core=core) as live:
        return asyncio.run(_churning_in(asked, place, live))


async def _churning_in(asked, place: Place, live) -> list[str]:
    students, _ = await join(live, asked.students)
    teacher = Teacher(live.host, live.port, live.secret)
    await teacher.come()
    meeting, churning = Meeting(teacher), students[: min(CHURN, asked.students)]
    goers = [asyncio.create_task(_come_and_go(one)) for one in churning]
    stayed, end = [], time.perf_counter() + asked.seconds
    while time.perf_counter() < end:
        await meeting.vote(students, SPREAD_S)
        stayed.append(Times([t for one in students[len(churning) :] for t in one.took] or [0.0]))
    for goer in goers:
        goer.cancel()
    await asyncio.sleep(5)
    joins = sum(one.joins for one in churning)
    print(f"{len(churning)} came back {joins - len(churning)} times in {asked.seconds:.0f} s")
    for times in stayed:
        print(f"those who stayed: {times}")
    failed = compare(place, live.code, students)
    failed += [] if all(one.here for one in students) else ["somebody did not come back"]
    failed += [] if teacher.counts["joined"] == len(students) else ["somebody is there twice"]
    leave(students, teacher)
    return failed


async def _come_and_go(student: Student) -> None:
    while True:
        await asyncio.sleep(random.uniform(2, 5))
        student.drop()


def over_the_network(asked, place: Place, core: int) -> list[str]:
    """Students behind a bad line: a namespace of its own, packets late and lost."""
    try:
        network = live_network.slow(delay_s=asked.delay_ms / 1000, loss=asked.loss)
        with network as bad, live_servers.live(place, core=core, host=bad.host) as live:
            return asyncio.run(_far_away(asked, place, live, bad))
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"not measured: it needs root and /dev/net/tun ({error})")
        return []


async def _far_away(asked, place: Place, live, bad) -> list[str]:
    with bad.inside():
        students, seconds = await join(live, asked.students)
    print(f"{bad}: {asked.students} joined in {seconds:.1f} s")
    teacher = Teacher(live.host, live.port, live.secret)
    await teacher.come()
    meeting = Meeting(teacher)
    for _ in range(asked.rounds):
        times = await meeting.vote(students, SPREAD_S)
        print(f"{times} (a way there and back takes {2 * asked.delay_ms:.0f} ms)")
    print(f"{bad.passed} packets passed, {bad.dropped} dropped")
    failed = compare(place, live.code, students)
    leave(students, teacher)
    return failed
