"""A live class as a process of its own, spoken to over real WebSockets."""

import contextlib
import csv
import http.client
import io
import json
import secrets
import subprocess
import sys
import threading
import time

import live_server
import postgres_server
import pytest
from live_server import START, WAIT_S, course, new_token
from sample_quiz import MULTIPLE, NUMERIC, SINGLE
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect

from course.live import messages, store
from course.live.names import new_code


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """One class for all tests that only need somebody to talk to; each takes a round of its own."""
    with live_server.running(course(tmp_path_factory.mktemp("live"))) as found:
        yield found


@pytest.fixture
def teacher(live):
    with live_server.teaching(live) as found:
        yield found


def open_round(teacher, item=NUMERIC, **told):
    """Open a round on an item; its number."""
    teacher.do("choose", item=item)
    assert teacher.do("open", **told)["type"] == "done"
    return teacher.until("state", phase="open")["round"]


def ask(live, path, method="GET", **headers):
    wire = http.client.HTTPConnection("127.0.0.1", live.port, timeout=WAIT_S)
    wire.request(method, path, headers=headers)
    answer = wire.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    wire.close()
    return found


def closed(client):
    """The code that the server closes a connection with; what it says before is kept."""
    with pytest.raises(ConnectionClosed) as error:
        while True:
            client.next()
    return error.value.rcvd.code


def test_it_prints_a_code_and_where_to_go(live):
    lines = live.said.splitlines()
    assert lines[0] == "A sample"
    assert lines[1] == f"Code:        {live.code}"
    assert lines[2] == f"Students:    http://127.0.0.1:{live.port}"
    assert lines[3].startswith(f"Instructor:  http://127.0.0.1:{live.port}/instructor#")


def test_a_class_votes_twice_and_hears_why(tmp_path):
    with live_server.running(course(tmp_path)) as live:
        with live.instructor() as teacher, live.student("Ada") as ada, live.student("Bao") as bao:
            assert ada.next()["you"]["name"] == "Ada"
            assert teacher.next()["items"][0]["id"] == SINGLE
            bao.until("welcome")
            assert open_round(teacher, SINGLE) == 1
            assert ada.until("state", phase="open")["item"]["id"] == SINGLE
            assert ada.answer(1, SINGLE, "C")["type"] == "saved"
            assert bao.answer(1, SINGLE, "B")["type"] == "saved"
            assert teacher.until("counts", answered=2)["here"] == 2
            teacher.do("close")
            private = teacher.until("state", phase="closed")["private"]
            assert private["advice"]["do"] == "discuss"
            assert bao.until("state", phase="closed")["histograms"] == []
            assert open_round(teacher, SINGLE) == 2
            assert ada.until("state", round=2, phase="open")["vote"] == 2
            assert ada.answer(2, SINGLE, "B")["type"] == "saved"
            teacher.do("close")
            teacher.do("reveal")
            told = ada.until("state", phase="revealed")
            assert told["solution"]["response"] == "B"
            assert [one["right"] for one in told["histograms"]] == [1, 1]
            assert told["moves"]["wrong_right"] == 1 and told["moves"]["only_before"] == 1
            heard = ada.until("yours", round=2)["heard"]
            assert heard["feedback"]["text"] == [["p", "401 means that the key was not accepted."]]
            before = [one for one in ada.heard if one.get("phase") not in ("revealed", None)]
            for word in ("solution", "accepted", '"right"', "404", "advice"):
                assert word not in json.dumps([one | {"solution": ""} for one in before]).replace(
                    '"solution": ""', ""
                )
            teacher.do("end")
        report = run(tmp_path, "replay", live.code)
        assert "vote 2: 1 right of 1" in report.stdout
        assert "1 from wrong to right" in report.stdout


def run(root, *words):
    command = [sys.executable, "-c", START, *words]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


def test_counts_tell_the_screen_how_many_and_never_what(live, teacher):
    with live.screen() as screen, live.student() as one:
        assert screen.next()["role"] == "screen"
        one.next()
        number = open_round(teacher)
        one.answer(number, NUMERIC, 0.06)
        assert screen.until("counts", answered=1)
        said = json.dumps(screen.heard)
        assert "private" not in said and "0.06" not in said
        assert screen.until("counts", here=0) if one.wire.close() else True


def test_a_student_who_comes_back_is_the_same_and_sees_the_own_answer(live, teacher):
    token = new_token()
    with live.student("Chidi", token=token) as one:
        who = one.next()["you"]
        number = open_round(teacher)
        one.answer(number, NUMERIC, "6 cent", key="key-of-chidi")
    with live.student("Somebody else", token=token) as again:
        assert again.next()["you"] == who
        assert again.until("yours") == {
            "type": "yours",
            "round": number,
            "key": "key-of-chidi",
            "response": {"value": 6, "unit": "cent"},
            "confidence": None,
            "heard": None,
        }
        assert again.answer(number, NUMERIC, "6 cent", key="key-of-chidi")["type"] == "saved"
        assert again.answer(number, NUMERIC, "7 cent", key="key-of-chidi")["why"] == "key"


def test_the_same_student_in_a_second_place_ends_the_first(live):
    token = new_token()
    with live.student(token=token) as first:
        first.next()
        with live.student(token=token) as second:
            second.next()
            assert closed(first) == messages.ELSEWHERE


def test_a_removed_student_is_cut_off_and_stays_out(live, teacher):
    token = new_token()
    with live.student("Rude word", token=token) as one:
        who = one.next()["you"]["who"]
        while who not in {row["who"] for row in teacher.until("people")["people"]}:
            pass
        assert teacher.do("rename", who=who, name="Guest")["type"] == "done"
        assert teacher.do("remove", who=who)["type"] == "done"
        assert closed(one) == messages.REMOVED
    with live.student(token=token) as again:
        assert again.next()["why"] == "removed"
        assert closed(again) == messages.NONSENSE
    told = [row for one in teacher.heard if one["type"] == "people" for row in one["people"]]
    assert "Rude word" in [row["name"] for row in told if row["who"] == who]


def test_a_timer_closes_the_round_by_itself(live, teacher):
    with live.student() as one:
        one.next()
        number = open_round(teacher, MULTIPLE, seconds=5)
        assert 4 < one.until("state", phase="open")["ends_in_s"] <= 5
        assert one.until("state", phase="closed")["round"] == number
        assert one.answer(number, MULTIPLE, ["A", "C"])["why"] == "closed"


@pytest.mark.parametrize("role", ["student", "screen", "nobody"])
def test_only_the_instructor_commands(live, role):
    if role == "nobody":
        client = live.student()
        client.say(type="do", id="1", command="lock")  # before the welcome
    else:
        client = getattr(live, role)()
    with client:
        client.until("welcome")
        assert client.do("lock")["why"] == "role"
        assert client.do("end")["why"] == "role"


def test_a_wrong_secret_or_code_is_refused_and_the_connection_closed(live):
    for hello in (
        {"role": "instructor", "secret": "x" * 22},
        live.screen_hello | {"role": "instructor"},
        {"role": "screen", "secret": live.code},
        {"role": "student", "code": new_code(), "token": new_token(), "name": "Ada"},
    ):
        with live.client(**hello) as client:
            assert client.next()["why"] == "code"
            assert closed(client) == messages.NONSENSE


def test_who_guesses_codes_is_not_listened_to_for_a_while(tmp_path):
    with live_server.running(course(tmp_path)) as live:
        for _ in range(60):
            hello = {"role": "student", "code": new_code(), "token": new_token(), "name": "Eve"}
            with live.client(**hello) as client:
                assert client.next()["why"] in ("code", "wait")
        with live.student() as client:
            said = client.next()
            if said["type"] == "refused":  # a slow machine has let a second pass
                assert (said["why"], said["again"]) == ("wait", True)
                assert closed(client) == messages.TOO_MUCH


BAD = [
    ("", "no JSON"),
    ("{", "no JSON"),
    ("[" * 50_000, "no JSON"),
    ("[]", "object"),
    ('{"type": "bribe"}', "type"),
    ('{"type": []}', "type"),
    ('{"type": "hello", "v": 2}', "another version"),
    ('{"type": "hello", "v": true}', "another version"),
    ('{"type": "hello", "v": 1, "role": "king"}', "role"),
    ('{"type": "hello", "v": 1, "role": "student", "code": "ABCDEF", "token": "short"}', "token"),
    ('{"type": "hello", "v": 1, "role": "student", "code": 7}', "code"),
    ('{"type": "hello", "v": 1, "role": "screen", "secret": "x", "more": 1}', "'more'"),
    ('{"type": "answer"}', "key"),
    ('{"type": "answer", "key": "key-0001", "round": 1.5}', "round"),
    ('{"type": "answer", "key": "key-0001", "round": 1, "item": "x"}', "response"),
    ('{"type": "answer", "key": "key-0001", "round": 1, "response": NaN}', "no JSON"),
    ('{"type": "answer", "key": "key-0001", "round": 1, "response": 1e999}', "no JSON"),
    (f'{{"type": "answer", "key": "key-0001", "round": {"9" * 5000}}}', "no JSON"),
    ('{"type": "do", "id": "1", "command": "explode"}', "command"),
    ('{"type": "do", "id": "1", "command": "open", "seconds": -1}', "seconds"),
    ('{"type": "do", "id": "1", "command": "open", "seconds": true}', "seconds"),
    ('{"type": "do", "id": "1", "command": "close", "seconds": 9}', "'seconds'"),
    (b"\x00\xff", "bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "word"), BAD)
def test_a_message_that_is_none_is_refused_in_a_sentence(text, word):
    with pytest.raises(messages.Nonsense) as error:
        messages.read(text)
    assert word in str(error.value) and str(error.value).endswith(".")


def test_nonsense_ends_its_own_connection_and_no_other(live):
    with live.student() as other:
        other.next()
        for text, _ in BAD:
            with connect(f"ws://127.0.0.1:{live.port}/live", compression=None) as wire:
                wire.send(text)
                assert json.loads(wire.recv(WAIT_S))["why"] == "nonsense"
                with pytest.raises(ConnectionClosed) as error:
                    wire.recv(WAIT_S)
                assert error.value.rcvd.code == messages.NONSENSE
        other.say(type="ping")
        assert other.until("pong")


def test_a_message_over_64_kib_ends_the_connection(live):
    with connect(f"ws://127.0.0.1:{live.port}/live", compression=None) as wire:
        wire.send("x" * (messages.MOST_BYTES + 1))
        with pytest.raises(ConnectionClosed) as error:
            wire.recv(WAIT_S)
        assert error.value.rcvd.code == 1009


def test_who_sends_too_much_is_told_and_then_cut_off(live):
    with live.student() as one:
        one.next()
        with contextlib.suppress(ConnectionClosed):  # it may be cut off before it has sent them all
            for _ in range(200):
                one.say(type="ping")
        assert one.until("refused")["why"] == "fast"
        assert closed(one) == messages.TOO_MUCH


@pytest.mark.parametrize(
    ("origin", "is_ours"),
    [
        ("http://127.0.0.1:{port}", True),
        ("http://evil.example", False),
        ("http://127.0.0.1:1", False),
        ("null", False),
    ],
)
def test_a_page_from_elsewhere_can_not_connect(live, origin, is_ours):
    address = f"ws://127.0.0.1:{live.port}/live"
    origin = origin.format(port=live.port)
    if is_ours:
        with connect(address, origin=origin):
            return
    with pytest.raises(InvalidStatus) as error, connect(address, origin=origin):
        pass
    assert error.value.response.status_code == 403


def test_another_site_may_be_allowed(tmp_path):
    with live_server.running(course(tmp_path), "--origin", "https://hub.example/") as live:
        address = f"ws://127.0.0.1:{live.port}/live"
        with connect(address, origin="https://hub.example") as wire:
            assert wire.response.status_code == 101


def test_the_widget_is_served_beside_the_pages_and_nothing_else_is(live):
    status, headers, body = ask(live, "/quiz/widget.js")
    assert status == 200 and b"export default" in body
    assert headers["content-type"] == "text/javascript; charset=utf-8"
    assert "default-src 'self'" in headers["content-security-policy"]
    assert ask(live, "/quiz/widget.css")[0] == 200
    for path in ("/quiz/seal.py", "/quiz/../errors.py", "/page/../server.py", "/live.db", "/live"):
        assert ask(live, path)[0] == 404
    assert ask(live, "/", method="POST")[0] == 405
    assert ask(live, "/health")[0] == 200


def test_pages_come_from_their_folder(tmp_path):
    from course.live import pages

    (tmp_path / "student.html").write_text("<p>Join</p>", encoding="utf-8")
    (tmp_path / "join.js").write_text("", encoding="utf-8")
    found = pages.load(tmp_path)
    assert found["/"].content == found["/page/student.html"].content == b"<p>Join</p>"
    assert found["/page/join.js"].kind == b"text/javascript; charset=utf-8"
    assert "/screen" not in found


def test_the_table_of_answers_is_for_whoever_has_the_secret(live, teacher):
    with live.student("=cmd()") as one:
        one.next()
        number = open_round(teacher)
        one.answer(number, NUMERIC, 0.06)
        teacher.do("close")
    assert ask(live, "/answers.csv")[0] == 401
    assert ask(live, "/answers.csv", Authorization="Bearer wrong")[0] == 401
    status, headers, body = ask(live, "/answers.csv", Authorization=f"Bearer {live.secret}")
    assert status == 200 and headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    mine = next(row for row in rows if row["name"] == "'=cmd()")
    assert (mine["item"], mine["state"], mine["points"]) == (NUMERIC, "right", "1")
    assert json.loads(mine["response"]) == {"value": 0.06, "unit": "USD"}


def flood(live, count, stop, told):
    """Students who answer one after the other and note what was acknowledged, until it ends."""
    for number in range(count):
        token = new_token()
        try:
            with live.student(f"S{number}", token=token) as one:
                one.next()
                for key in (secrets.token_hex(8), secrets.token_hex(8)):
                    if one.answer(1, SINGLE, "ABC"[number % 3], key=key)["type"] == "saved":
                        told.append((one.heard[0]["you"]["who"], key))
        except (WebSocketException, OSError, EOFError):
            return
        if stop.is_set():
            return


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_after_a_kill_in_mid_vote_every_acknowledged_answer_is_there(tmp_path, database):
    if database == "postgresql":
        pytest.importorskip("psycopg")
        if not postgres_server.is_here():
            pytest.skip(postgres_server.MISSING)
        with postgres_server.running() as server:
            killed(course(tmp_path), "--db", server.url("postgres"))
    else:
        killed(course(tmp_path), "--db", str(tmp_path / "live.db"))


def killed(root, *words):
    """A class is killed while it votes, and goes on when the same command is given again."""
    told, stop = [], threading.Event()
    waiting = new_token()
    with live_server.running(root, *words) as live:
        with live.instructor() as teacher:
            teacher.next()
            open_round(teacher, SINGLE)
        threads = [threading.Thread(target=flood, args=(live, 200, stop, told)) for _ in range(4)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + WAIT_S
        while len(told) < 60 and time.monotonic() < end:
            time.sleep(0.01)
        live.kill()
        stop.set()
        for thread in threads:
            thread.join()
    assert len(told) >= 60
    with live_server.running(root, *words, port=live.port) as again:
        assert (again.code, again.secret) == (live.code, live.secret)
        assert "(goes on)" in again.said
        with again.instructor() as teacher, again.student("Late", token=waiting) as late:
            state = teacher.next()["state"]
            assert (state["phase"], state["round"]) == ("open", 1)
            late.next()
            assert late.answer(1, SINGLE, "B")["type"] == "saved"
            assert teacher.do("close")["type"] == "done"
            assert teacher.do("end")["type"] == "done"
        with store.opened(words[1]) as log:
            events = log.events(again.code)
    kept = [(e.body["who"], e.body["key"]) for e in events if e.kind == "answered"]
    assert set(told) <= set(kept)
    assert len(kept) == len(set(kept))
    assert len(kept) - len(told) <= 5  # written, and the killed server could not say so


def test_while_the_database_is_gone_nothing_is_acknowledged_and_then_it_goes_on(tmp_path):
    pytest.importorskip("psycopg")
    if not postgres_server.is_here():
        pytest.skip(postgres_server.MISSING)
    token, key = new_token(), "key-of-ada"
    with (
        postgres_server.running() as server,
        live_server.running(course(tmp_path), "--db", server.url("postgres")) as live,
    ):
        with live.instructor() as teacher, live.student("Ada", token=token) as ada:
            teacher.next()
            ada.next()
            open_round(teacher, SINGLE)
            server.stop()
            try:
                ada.say(type="answer", key=key, round=1, item=SINGLE, response="B")
                refused = None
                while refused is None:  # until the server has noticed
                    ada.say(type="answer", key=new_token(), round=1, item=SINGLE, response="C")
                    with contextlib.suppress(TimeoutError):
                        refused = json.loads(ada.wire.recv(0.2))
                        refused = refused if refused["type"] == "refused" else None
                assert (refused["why"], refused["again"]) == ("stalled", True)
            finally:
                server.start()
            assert closed(ada) == messages.TOO_MUCH
            assert closed(teacher) == messages.TOO_MUCH
            assert "saved" not in [one["type"] for one in ada.heard]
        with live.student("Ada", token=token) as ada, live.instructor() as teacher:
            assert teacher.next()["state"]["phase"] == "open"
            ada.next()
            assert ada.answer(1, SINGLE, "B", key=key)["type"] == "saved"
        with store.opened(server.url("postgres")) as log:
            kept = [e.body["key"] for e in log.events(live.code) if e.kind == "answered"]
    assert kept == [key]


def test_a_past_meeting_is_played_once_more_to_a_screen(tmp_path):
    with (
        live_server.running(course(tmp_path)) as live,
        live.instructor() as teacher,
        live.student("Ada") as ada,
    ):
        teacher.next()
        ada.next()
        open_round(teacher, SINGLE)
        ada.answer(1, SINGLE, "B")
        teacher.do("close")
        teacher.do("reveal")
        teacher.do("end")
    command = [sys.executable, "-c", START, "replay", live.code, "--play", "--speed", "0.5"]
    with subprocess.Popen(
        [*command, "--port", "0"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            port = int(process.stdout.readline().split("127.0.0.1:")[1].split("/")[0])
            with live_server.Client(port, live.screen_hello) as screen:
                welcome = screen.next()
                if welcome["state"]["phase"] != "ended":  # a slow machine comes too late
                    assert screen.until("state", phase="ended")
            hello = {"role": "student", "code": live.code, "token": new_token(), "name": "Eve"}
            with live_server.Client(port, hello) as student:
                assert student.next()["why"] == "replay"
        finally:
            process.terminate()
            process.wait(WAIT_S)


def test_a_second_server_for_the_same_meeting_is_refused(tmp_path):
    with live_server.running(course(tmp_path)) as live:
        found = run(tmp_path, "--quiz", live_server.QUIZ, "--port", "0")
        assert found.returncode == 1
        assert f"Another server runs the meeting {live.code}" in found.stderr
        with live_server.running(tmp_path, "--new") as other:
            assert other.code != live.code


def test_a_meeting_whose_questions_were_changed_is_not_gone_on_with(tmp_path):
    with live_server.running(course(tmp_path)) as live:
        pass
    bank = tmp_path / "solutions" / live_server.QUIZ / "bank.toml"
    bank.write_text(bank.read_text().replace("the **first** thing", "the **last** thing"))
    found = run(tmp_path, "--quiz", live_server.QUIZ, "--port", "0")
    assert found.returncode == 1 and found.stderr.strip().count("\n") == 0
    assert f"The meeting {live.code} is not over" in found.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Name a quiz with --quiz: 90_sample, 91_types."),
        (("--quiz", "no_such"), "There is no"),
        (("export", "NOCODE"), "has no meeting 'NOCODE'"),
        (("--quiz", "90_sample", "--host", "192.0.2.7", "--port", "0"), "can't be used"),
    ],
)
def test_what_can_not_be_started_is_told_in_a_sentence(tmp_path, words, told):
    found = run(course(tmp_path), *words)
    assert found.returncode == 1
    assert told in found.stderr and "Traceback" not in found.stderr


def test_a_meeting_becomes_a_table_and_records_of_the_quiz_statistics(tmp_path):
    from course.live import past, statistics
    from course.quiz.statistics import quiz_figures

    with live_server.running(course(tmp_path)) as live, live.instructor() as teacher:
        teacher.next()
        students = [live.student(f"S{number}") for number in range(3)]
        for one in students:
            one.next()
        for number, responses in enumerate((("B", "C", None), ("B", "B", "A")), start=1):
            open_round(teacher, SINGLE)
            for one, response in zip(students, responses, strict=True):
                if response:
                    assert one.answer(number, SINGLE, response)["type"] == "saved"
            teacher.do("close")
        teacher.do("end")
        for one in students:
            one.wire.close()
    with store.opened(tmp_path / "live.db") as log:
        about = store.find(log, live.code)
        found = past.read(log, about, bank=past.bank_of(about.quiz, root=tmp_path))
    questions, people, remarks = statistics.records(found)
    names = statistics.names(found)
    answers = {names[one.name]: one.answers[SINGLE] for one in people}
    assert [question.id for question in questions] == [SINGLE] and not remarks
    assert [answers[f"S{n}"].share for n in range(3)] == [1.0, 0.0, 0.0]  # the first vote
    assert [answers[f"S{n}"].graded for n in range(3)] == [1.0, 1.0, 0.0]  # the last vote
    assert [answers[f"S{n}"].answered for n in range(3)] == [True, True, False]
    figures = quiz_figures(questions, people)
    assert figures.items[0].difficulty.value == pytest.approx(1 / 3)
    assert figures.items[0].graded == pytest.approx(2 / 3)
    assert run(tmp_path, "export", live.code.lower()).returncode == 0
    rows = (tmp_path / f"{live.code}.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == 1 + 2 + 3
    told = json.loads(run(tmp_path, "report", live.code, "--json").stdout)
    assert told["quiz"] == live_server.QUIZ
    assert live.code in run(tmp_path, "list").stdout
