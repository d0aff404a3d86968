"""What the widget's two halves say to each other, and what is left where there is no widget."""

import json
import re

import pytest
from sample_quiz import COUNT, MULTIPLE, NAME, NUMERIC, SINGLE, learner

from course import quiz


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = learner(tmp_path)
    monkeypatch.chdir(folder)
    return folder


class Front:
    """The front end's side of a widget: what it sends and what it is told."""

    def __init__(self, item):
        self.widget = quiz(NAME).ask(item)
        self.told = []
        self.widget.send = lambda content, buffers=None: self.told.append(content)

    def answer(self, response, seq=1):
        self.widget._handle_custom_msg({"kind": "answer", "seq": seq, "response": response}, [])
        return self.told[-1]


def saved(folder):
    path = folder / "answers.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line)["response"] for line in lines]


def test_the_kernel_acknowledges_only_what_is_in_the_journal(folder):
    front = Front(SINGLE)
    assert front.widget.state == {"response": None, "feedback": None, "note": "", "problem": ""}
    reply = front.answer("C", seq=7)
    assert reply == {"kind": "answer", "seq": 7, "saved": True, "lost": False, "message": ""}
    assert saved(folder) == ["C"]
    assert front.widget.state["response"] == "C"
    assert front.widget.state["feedback"] == {
        "right": False,
        "answer": "C",
        "text": [["p", "A context that is ", ["em", "too long"], " gives 400."]],
        "parts": [],
    }


def test_one_may_choose_again(folder):
    front = Front(SINGLE)
    front.answer("C")
    front.answer("B", seq=2)
    assert saved(folder) == ["C", "B"]
    assert front.widget.state["feedback"]["right"] is True


def test_each_part_of_a_multiple_is_heard(folder):
    front = Front(MULTIPLE)
    front.answer(["A", "B"])
    heard = front.widget.state["feedback"]
    assert (heard["right"], heard["answer"]) == (False, "A, B")
    assert [(part["option"], part["right"]) for part in heard["parts"]] == [
        ("A", True),
        ("B", False),
    ]


def test_a_number_comes_back_in_its_plain_form(folder):
    front = Front(NUMERIC)
    front.answer({"value": " 6 cents", "unit": None})
    assert front.widget.state["response"] == {"value": 6, "unit": "cent"}
    assert front.widget.state["feedback"]["right"] is True


def test_without_instant_feedback_a_note_says_when_it_comes(folder):
    front = Front(COUNT)
    front.answer({"value": "11", "unit": None})
    assert front.widget.state["feedback"] is None
    assert front.widget.state["note"].startswith("Feedback comes later")


@pytest.mark.parametrize(
    ("item", "response"),
    [(SINGLE, None), (SINGLE, {"a": 1}), (MULTIPLE, []), (NUMERIC, {"value": "", "unit": "USD"}),
     (NUMERIC, {"value": "a lot", "unit": "USD"}), (NUMERIC, {"value": "5", "unit": "tokens"})],
)  # fmt: skip
def test_what_is_no_answer_gets_one_sentence_and_is_not_saved(folder, item, response):
    front = Front(item)
    reply = front.answer(response)
    assert (reply["saved"], reply["lost"]) == (False, False)
    assert reply["message"].endswith(".")
    assert saved(folder) == []
    assert front.widget.state["response"] is None


def test_an_answer_that_cannot_be_written_is_called_lost(folder):
    (folder / "answers.jsonl").mkdir()
    front = Front(SINGLE)
    assert "no plain file" in front.widget.state["problem"]
    reply = front.answer("B")
    assert (reply["saved"], reply["lost"]) == (False, True)
    assert "rename it" in reply["message"]
    assert front.widget.state["response"] is None


def test_an_error_nobody_thought_of_is_told_as_lost_and_not_hidden(folder, monkeypatch):
    front = Front(SINGLE)

    def fail(*_, **__):
        raise MemoryError("no room")

    monkeypatch.setattr(front.widget._quiz.journal, "append", fail)
    with pytest.raises(MemoryError):
        front.widget._receive(None, {"kind": "answer", "seq": 1, "response": "B"}, [])
    assert front.told == [
        {
            "kind": "answer",
            "seq": 1,
            "saved": False,
            "lost": True,
            "message": "MemoryError: no room",
        }
    ]


@pytest.mark.parametrize("content", [None, 5, [], {}, {"kind": "are you there"}, {"kind": []}])
def test_other_messages_are_passed_over(folder, content):
    front = Front(SINGLE)
    front.widget._handle_custom_msg(content, [])
    assert front.told == []


def test_a_cell_run_again_shows_what_was_saved(folder):
    Front(MULTIPLE).answer(["C", "A"])
    again = quiz(NAME).ask(MULTIPLE)
    assert again.state["response"] == ["A", "C"]
    assert again.state["feedback"]["right"] is True
    assert saved(folder) == [["A", "C"]]


def test_the_browser_gets_no_sealed_feedback_and_no_key(folder):
    widget = quiz(NAME).ask(SINGLE)
    sent = json.dumps(widget.get_state(["item", "state"]))
    assert "sealed" not in sent and "boxes" not in sent
    assert widget.item["stem"][0][4] == ["strong", "first"]
    assert [option["id"] for option in widget.item["options"]] == ["A", "B", "C"]


def test_the_units_on_offer_are_the_items(folder):
    assert quiz(NAME).ask(NUMERIC).item["units"] == ["USD", "cent"]
    assert quiz(NAME).ask(COUNT).item["units"] == ["tokens"]


def test_without_a_widget_the_question_is_readable_text(folder):
    data, _ = quiz(NAME).ask(MULTIPLE)._repr_mimebundle_()
    assert data["text/plain"] == (
        "Which 2 of these make a call cheaper?\n\n"
        "[ ] A  A shorter prompt\n"
        "[ ] B  A higher temperature\n"
        "[ ] C  A lower limit on the answer's tokens\n"
        "[ ] D  Streaming the answer\n\n"
        "Choose 2. 2 points."
    )
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"]


def test_what_is_stored_in_a_notebook_is_the_same_at_each_run(folder):
    bundles = [quiz(NAME).ask(SINGLE)._repr_mimebundle_()[0] for _ in range(2)]
    for kind in ("text/plain", "text/html"):
        assert bundles[0][kind] == bundles[1][kind]
        assert not re.search(r"0x[0-9a-f]{6}", bundles[0][kind])
    assert repr(quiz(NAME).ask(SINGLE)) == bundles[0]["text/plain"]


def test_the_stored_page_holds_stem_options_and_the_recorded_answer(folder):
    quiz(NAME).answer(SINGLE, "B")
    data, _ = quiz(NAME).ask(SINGLE)._repr_mimebundle_()
    page = data["text/html"]
    assert "<code>401</code>" in page and "<strong>first</strong>" in page
    assert page.count("○") == 2 and page.count("● <b>B</b>") == 1
    assert "<script" not in page and "style=" not in page
