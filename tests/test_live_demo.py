"""A live class played by simulated students."""

import random
import re
import signal
import subprocess
import sys
import threading

import pytest
from live_server import WAIT_S, Client, course
from sample_quiz import BANK, NAME, SINGLE, TYPES_BANK, bank_file

from course.errors import CourseError
from course.live import demo
from course.live.telling import tellings
from course.quiz import answers, bank, score

START = """
import sys
from course.live import demo
demo.play(6, root=sys.argv[1], port=0, pace=0.02)
"""


@pytest.fixture
def playing(tmp_path):
    command = [sys.executable, "-u", "-c", START, str(course(tmp_path))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    watch = threading.Timer(3 * WAIT_S, process.kill)
    watch.start()
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Stop with"):
            break
    yield process, "".join(lines)
    watch.cancel()
    if process.poll() is None:
        process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()


def instructor(said):
    port, secret = re.search(r"127\.0\.0\.1:(\d+)/instructor#(\S+)", said).groups()
    return Client(int(port), {"role": "instructor", "secret": secret})


def test_simulated_students_join_and_vote(playing):
    process, said = playing
    assert said.startswith("DEMO: 6 simulated students; their answers are made up. A sample (demo)")
    assert re.search(r"Projector: +http://127\.0\.0\.1:\d+/screen#\S+\n", said)
    assert re.search(r"Student: +http://127\.0\.0\.1:\d+/#[A-Z]{6}\n", said)
    with instructor(said) as teacher:
        welcome = teacher.next()
        assert welcome["title"] == "A sample (demo)"
        teacher.until("counts", joined=6)
        for _ in (1, 2):
            teacher.do("choose", item=SINGLE)
            teacher.do("open")
            while teacher.until("counts")["answered"] < 3:
                pass
            teacher.do("close")
        teacher.do("reveal")
        people = [row for one in teacher.heard if one["type"] == "people" for row in one["people"]]
        assert people and all("(demo)" in row["name"] for row in people)
        teacher.do("end")
    with instructor(said) as teacher:
        assert teacher.next()["state"]["phase"] == "ended"  # its pages are still there
    process.send_signal(signal.SIGINT)
    assert process.wait(WAIT_S) == 0
    assert process.stdout.read() == "The demo is over.\n"


def test_ctrl_c_ends_it(playing):
    process, _ = playing
    process.send_signal(signal.SIGINT)
    assert process.wait(WAIT_S) == 0
    assert process.stderr.read() == ""


@pytest.mark.parametrize(("name", "text"), [(NAME, BANK), ("91_types", TYPES_BANK)])
def test_made_up_answers_are_answers_and_the_wrong_ones_wrong(tmp_path, name, text):
    found = bank.load(bank_file(tmp_path / name, text), facts={})
    for told in tellings(found).values():
        for seed in range(20):
            given = demo.wrong(told, random.Random(seed))
            checked = answers.check(told.public, given)
            assert told.item.is_by_hand or score.score(told.item, checked).state != "right"


def test_after_a_discussion_more_are_right(tmp_path):
    told = tellings(bank.load(bank_file(tmp_path / NAME, BANK), facts={}))
    people = [demo.Student("", "", number, told, 1.0) for number in range(200)]
    first, then = (sum(votes(one, number) for one in people) for number in (1, 2))
    assert 50 < first < 120 < then < 190  # the seeds are fixed


def votes(student, number):
    response = student.answer(SINGLE)
    if response is not None:
        student._given[SINGLE] = number, response
    return response == "B"


def test_a_course_without_quizzes_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="There is no quiz in"):
        demo.play(1, root=tmp_path)
