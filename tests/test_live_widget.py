"""A live class in a notebook, from the kernel's side: over real WebSockets, without a browser."""

import http.server
import json
import os
import subprocess
import sys
import threading
import time

import live_server
import pytest
from live_server import WAIT_S, course, new_token
from sample_quiz import MULTIPLE, NAME, SINGLE, TYPES_NAME, learner, types_learner
from websockets.sync.server import serve

from course import quiz
from course.errors import CourseError
from course.live import messages
from course.live.names import new_code
from course.quiz import live as joining
from course.quiz import live_line, live_widget
from course.quiz.live_answers import CHANGE, NO_LINE, NO_WORD, Answers


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    with live_server.running(course(tmp_path_factory.mktemp("live"))) as found:
        yield found


@pytest.fixture
def teacher(live):
    with live_server.teaching(live) as found:
        yield found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(learner(tmp_path))
    monkeypatch.delenv("COURSE_LIVE", raising=False)
    made, begin = [], live_widget.LiveWidget.join
    monkeypatch.setattr(
        live_widget.LiveWidget, "join", lambda one, *a, **k: (made.append(one), begin(one, *a, **k))
    )
    yield tmp_path / "quizzes" / NAME
    for widget in made:  # or it would try to come back for ever, in a thread
        widget.leave("The test is over.")
    forget()


def forget():
    """What a kernel that has died has forgotten."""
    joining._joined.clear()
    joining._tokens.clear()


def address(live):
    return f"http://127.0.0.1:{live.port}"


def join(live, name="Ada"):
    return quiz(NAME).live(live.code, server=address(live), name=name)


def until(condition):
    end = time.monotonic() + WAIT_S
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)
    return found


def send(widget, response, seq=1, **more):
    """What the browser sends."""
    content = {"kind": "answer", "by": "me", "seq": seq, "response": response}
    widget._handle_custom_msg(content | {"round": widget.board["round"]} | more, [])


def saved(widget, seq=1):
    return until(lambda: (told := widget.state["told"]) and told["seq"] == seq and told["saved"])


def test_a_learner_votes_twice_and_hears_why(tmp_path, folder):
    with live_server.running(course(tmp_path)) as live, live.instructor() as teacher:
        widget = join(live)
        assert widget.meeting["name"] == "Ada" and widget.meeting["title"] == "A sample"
        assert widget.board["phase"] == "lobby"
        for number, response in ((1, "C"), (2, "B")):
            teacher.do("choose", item=SINGLE)
            teacher.do("open", seconds=600)
            until(lambda n=number: (widget.board["phase"], widget.board["round"]) == ("open", n))
            assert widget.state["response"] is None  # a vote begins empty
            assert widget.board["item"]["id"] == SINGLE and 0 < widget.board["ends_in_s"] <= 600
            send(widget, response)
            assert saved(widget) and widget.state["response"] == response
            teacher.do("close")
            until(lambda: widget.board["phase"] == "closed")
        assert widget.board["solution"] is None and widget.state["feedback"] is None
        teacher.do("reveal")
        until(lambda: widget.state["feedback"])
        assert widget.state["feedback"]["kind"] == "right"
        assert widget.board["moves"]["wrong_right"] == 1
        teacher.do("end")
        until(lambda: widget.board["phase"] == "ended")
    assert not (folder / "answers.jsonl").exists()
    assert "nothing of them is handed in" in widget.meeting["note"]


def test_an_answer_can_be_changed_until_the_close_and_not_after(live, teacher, folder):
    widget = join(live)
    teacher.do("choose", item=MULTIPLE)
    teacher.do("open")
    until(lambda: widget.board["phase"] == "open")
    send(widget, [], seq=1)
    until(lambda: widget.state["told"])
    assert not widget.state["told"]["saved"] and widget.state["told"]["message"]
    send(widget, ["A", "B"], seq=2)
    assert saved(widget, 2)
    send(widget, ["A", "C"], seq=3)
    assert saved(widget, 3) and widget.state["note"] == CHANGE
    teacher.do("close")
    until(lambda: widget.board["phase"] == "closed")
    send(widget, ["B", "C"], seq=4)
    until(lambda: widget.state["told"]["seq"] == 4)
    assert not widget.state["told"]["saved"] and "after the close" in widget.state["missed"]
    assert widget.state["response"] == ["A", "C"]


KERNEL = """
import os, sys
from course import quiz
widget = quiz(sys.argv[1]).live(sys.argv[2], server=sys.argv[3], name="Ada")
print(widget.meeting["who"], flush=True)
os._exit(9)
"""


def test_a_kernel_that_died_comes_back_as_the_same_person(live, teacher, folder):
    command = [sys.executable, "-c", KERNEL, NAME, live.code, address(live)]
    who = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    assert who
    assert join(live, name="Somebody else").meeting["who"] == who
    assert (folder / "live.json").stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_a_cell_that_runs_again_goes_on_in_its_newest_output(live, teacher, folder):
    first, second = join(live), join(live)
    assert first.meeting["who"] == second.meeting["who"]
    assert first.line["kind"] == "over" and "ran again" in first.line["words"]
    until(lambda: second.line["kind"] == "open")


def test_where_nothing_can_be_written_the_kernel_remembers(live, teacher, folder, monkeypatch):
    monkeypatch.setattr(joining, "_write", lambda path, kept: None)
    assert join(live).meeting["who"] == join(live).meeting["who"]


def test_a_damaged_file_of_tokens_is_no_obstacle(live, teacher, folder):
    for text in ("{", "[]", json.dumps({live.code: "short"}), json.dumps({live.code: 7})):
        forget()
        (folder / "live.json").write_text(text)
        assert join(live).meeting["who"]


def test_the_server_dies_in_mid_vote_and_the_widget_goes_on_by_itself(tmp_path, folder):
    with live_server.running(course(tmp_path)) as live:
        with live.instructor() as teacher:
            widget = join(live)
            teacher.do("choose", item=SINGLE)
            teacher.do("open")
            until(lambda: widget.board["phase"] == "open")
            live.kill()
        until(lambda: widget.line["kind"] == "lost")
        send(widget, "B")
        until(lambda: widget.state["told"])
        told = widget.state["told"]
        assert (told["saved"], told["lost"]) == (False, True)
        assert told["message"] in (NO_LINE, NO_WORD)
        with live_server.running(tmp_path, port=live.port) as again, again.instructor() as teacher:
            assert saved(widget)
            until(lambda: widget.line["kind"] == "open")
            teacher.until("counts", answered=1)


def test_two_places_take_turns_and_tell_so(live, teacher, folder):
    widget = join(live)
    token = json.loads((folder / "live.json").read_text())[live.code]
    with live.student("Ada", token=token) as elsewhere:
        elsewhere.until("welcome")
        until(lambda: widget.line["kind"] == "over")
        assert "another place" in widget.line["words"] and widget.line["act"] == "Go on here"
        widget._handle_custom_msg({"kind": "come"}, [])
        until(lambda: widget.line["kind"] == "open")


def test_the_time_that_is_left_is_told_to_a_view_that_asks(live, teacher, folder):
    widget = join(live)
    teacher.do("choose", item=SINGLE)
    teacher.do("open", seconds=600)
    until(lambda: widget.board["phase"] == "open")
    before = widget.board["ends_in_s"]
    time.sleep(0.02)
    widget._handle_custom_msg({"kind": "here"}, [])
    assert widget.board["ends_in_s"] < before


# what goes wrong is told in one sentence


def refusal(*words, **named):
    with pytest.raises(CourseError) as error:
        quiz(NAME).live(*words, **named)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_wrong_code_is_told(live, folder):
    code = new_code()
    said = refusal(code, server=address(live))
    assert said == (
        f"The class at {address(live)} says: No meeting has this code; look at the screen again."
    )
    assert not (folder / "live.json").exists()
    assert "six letters" in refusal("ABC", server=address(live))
    assert "six letters" in refusal(None, server=address(live))


def test_a_code_may_be_typed_as_people_do(live, teacher, folder):
    code = f" {live.code[:3].lower()}-{live.code[3:]} "
    assert quiz(NAME).live(code, server=f"127.0.0.1:{live.port}/").meeting["code"] == live.code


def test_without_an_address_it_says_where_to_give_one(folder, monkeypatch):
    said = refusal("ABCDEF")
    assert f'quiz("{NAME}").live("ABCDEF", server="http://…")' in said and "COURSE_LIVE" in said
    monkeypatch.setenv("COURSE_LIVE", "ftp://nowhere")
    assert "'ftp://nowhere' is no address" in refusal("ABCDEF")
    assert "is no address" in refusal("ABCDEF", server="http://host:port")


def test_no_server_is_told_and_a_known_class_is_waited_for(live, teacher, folder):
    nobody = "http://127.0.0.1:9"
    assert refusal("ABCDEF", server=nobody).startswith(f"No live class answers at {nobody}:")
    join(live)
    forget()
    widget = quiz(NAME).live(live.code, server=nobody)  # the server is away for a moment
    until(lambda: widget.line["kind"] == "lost")
    widget.leave("The test is over.")


def test_a_class_about_another_quiz_is_named(live, folder):
    types_learner(folder.parents[1])
    with pytest.raises(CourseError) as error:
        quiz(TYPES_NAME).live(live.code, server=address(live))
    assert f"This class is about the quiz {NAME}, not {TYPES_NAME}." in str(error.value)
    with live.instructor() as teacher:
        teacher.next()
        before = teacher.until("counts")["joined"]
        with pytest.raises(CourseError):
            quiz(TYPES_NAME).live(live.code, server=address(live), name="Nobody")
        join(live)
        assert teacher.until("counts")["joined"] <= before + 1  # who was refused is not in it


def test_a_name_without_letters_is_refused_and_a_later_name_changes_nothing(live, folder, capsys):
    assert "at least one letter or digit" in refusal(live.code, server=address(live), name=" ")
    join(live)
    widget = quiz(NAME).live(live.code, server=address(live), name="Zoe")
    assert f"You joined as {widget.meeting['name']}, and stay so" in capsys.readouterr().out


def test_a_name_given_by_the_teacher_is_seen_at_once(live, teacher, folder):
    widget = join(live)
    assert teacher.do("rename", who=widget.meeting["who"], name="Grace")["type"] == "done"
    until(lambda: widget.meeting["name"] == "Grace")


def test_who_was_taken_out_and_let_in_again_can_come_back(live, teacher, folder):
    widget = join(live)
    for command in ("remove", "readmit"):
        assert teacher.do(command, who=widget.meeting["who"])["type"] == "done"
    assert until(lambda: widget.line.get("act")) == "Try again"
    widget._handle_custom_msg({"kind": "come"}, [])
    until(lambda: widget.line["kind"] == "open")


def test_a_server_that_is_no_live_class_is_told(folder):
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        said = refusal("ABCDEF", server=f"http://127.0.0.1:{other.server_port}")
        other.shutdown()
    assert "no live class" in said


def test_a_server_of_another_version_is_told(folder):
    def newer(wire):
        wire.recv()
        told = {"type": "refused", "why": "nonsense", "message": "No.", "again": False}
        wire.send(json.dumps(told))
        wire.close(messages.NONSENSE)

    with serve(newer, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.socket.getsockname()[1]
        said = refusal("ABCDEF", server=f"http://127.0.0.1:{port}")
        server.shutdown()
    assert "another version of this course" in said


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("http://10.0.0.5:8020", "ws://10.0.0.5:8020/live"),
        ("10.0.0.5:8020", "ws://10.0.0.5:8020/live"),
        ("http://10.0.0.5:8020/#ABCDEF", "ws://10.0.0.5:8020/live"),
        ("https://hub.example/user/t/proxy/8020/", "wss://hub.example/user/t/proxy/8020/live"),
        ("[::1]:8020", "ws://[::1]:8020/live"),
    ],
)
def test_the_address_on_the_screen_leads_to_the_websocket(written, address):
    assert live_line.address_of(written) == address


# one's own answers


class Class:
    """A class that hears what is sent, and a display of the state."""

    def __init__(self):
        self.heard, self.reaches = [], True
        self.answers = Answers(say=self.say, show=lambda state: None)
        self.answers.turn(1, "q")

    def say(self, message):
        if self.reaches:
            self.heard.append(message)
        return self.reaches

    def answer(self, response):
        self.answers.take({"by": "me", "seq": 1, "response": response, "round": 1})

    @property
    def told(self):
        return self.answers.state["told"]


@pytest.fixture
def room():
    found = Class()
    yield found
    found.answers.stop()


def test_what_was_not_acknowledged_is_sent_again_under_its_key(room):
    room.reaches = False
    room.answer("B")
    assert room.heard == [] and room.told["lost"] and room.told["message"] == NO_LINE
    room.reaches = True
    room.answers.transmit()
    room.answers.transmit()
    one, other = room.heard
    assert one == other and one["key"]
    room.answers.saved(one["key"])
    assert room.told["saved"] and room.answers.state["response"] == "B"
    room.answers.transmit()
    assert len(room.heard) == 2


def test_a_changed_answer_has_a_new_key_and_the_old_one_says_nothing(room):
    room.answer("A")
    room.answer("B")
    old, new = (message["key"] for message in room.heard)
    assert old != new
    room.answers.saved(old)
    assert room.told is None
    room.answers.saved(new)
    assert room.answers.state["response"] == "B"


def test_a_refusal_that_allows_it_is_followed_by_the_same_once_more(room):
    room.answer("A")
    key = room.heard[0]["key"]
    stalled = {"why": "stalled", "message": "Later.", "again": True, "key": key}
    room.answers.refused(stalled)
    assert room.told["lost"] and room.told["message"] == "Later."
    room.answers.transmit()
    assert room.heard[1]["key"] == key


def test_what_the_server_has_counts_as_saved(room):
    room.answer("A")
    key = room.heard[0]["key"]
    room.answers.yours({"round": 1, "key": key, "response": "A", "confidence": None, "heard": None})
    assert room.told["saved"]
    room.answers.yours({"round": 7, "key": "x", "response": "C", "confidence": None, "heard": None})
    assert room.answers.state["response"] == "A"


def test_another_round_begins_empty(room):
    room.answer("A")
    room.answers.saved(room.heard[0]["key"])
    room.answers.turn(2, "q")
    assert room.answers.state["response"] is None and room.answers.state["round"] == 2


# what a student's notebook imports


def test_it_speaks_the_protocol_of_the_server():
    assert live_line.VERSION == messages.VERSION
    for name in ("NONSENSE", "ELSEWHERE", "REMOVED"):
        assert getattr(live_line, name) == getattr(messages, name)
    assert messages.read(
        json.dumps(
            {"type": "hello", "v": live_line.VERSION, "role": "student"}
            | {"code": "ABCDEF", "token": new_token(), "name": ""}
        )
    )


def test_it_needs_neither_the_server_nor_the_grader():
    program = (
        "import sys; from course import quiz; import course.quiz.live; "
        "import course.quiz.live_widget; print(*[name for name in sys.modules if "
        "name.startswith(('course.live', 'course.grading', 'uvicorn', 'websockets'))])"
    )
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == []


def test_while_a_grader_runs_the_notebook_nothing_is_joined(folder, monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert quiz(NAME).live("ABCDEF") is None
    assert "no part of grading" in capsys.readouterr().out
