"""What the widget's two halves say to each other, and what is left where there is no widget."""

import json
import re
from dataclasses import replace

import pytest
from sample_quiz import COUNT, MULTIPLE, NAME, NUMERIC, SINGLE, TYPES_NAME, learner, types_learner

from course import quiz
from course.quiz import trial, widget_view
from course.quiz.widget import ItemWidget, joined


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = learner(tmp_path)
    monkeypatch.chdir(folder)
    return folder


class Front:
    """The front end's side of a widget: what it sends and what it is told."""

    def __init__(self, item, name=NAME):
        self.widget = quiz(name).ask(item)
        self.sent = []
        self.widget.observe(lambda change: self.sent.append(change.new), names="state")

    def answer(self, response, seq=1, **more):
        content = {"kind": "answer", "by": "me", "seq": seq, "response": response} | more
        self.widget._handle_custom_msg(content, [])
        return self.told

    @property
    def told(self):
        return self.widget.state["told"]


def saved(folder):
    path = folder / "answers.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line)["response"] for line in lines]


def test_the_kernel_acknowledges_only_what_is_in_the_journal(folder):
    front = Front(SINGLE)
    assert front.widget.state["response"] is front.told is None
    reply = front.answer("C", seq=7)
    assert reply == {"by": "me", "seq": 7, "saved": True, "lost": False, "message": ""}
    assert len(front.sent) == 1  # the reply comes with the state, in one message
    assert saved(folder) == ["C"]
    assert front.widget.state["response"] == "C"
    assert front.widget.state["feedback"] == {
        "kind": "wrong",
        "answer": "C",
        "text": [["p", "A context that is ", ["em", "too long"], " gives 400."]],
        "parts": [],
    }


def test_one_may_choose_again(folder):
    front = Front(SINGLE)
    front.answer("C")
    front.answer("B", seq=2)
    assert saved(folder) == ["C", "B"]
    assert front.widget.state["feedback"]["kind"] == "right"


def test_each_part_of_a_multiple_is_heard(folder):
    front = Front(MULTIPLE)
    front.answer(["A", "B"])
    heard = front.widget.state["feedback"]
    assert (heard["kind"], heard["answer"]) == ("wrong", "A, B")
    assert [(part["name"], part["right"]) for part in heard["parts"]] == [
        ("A", True),
        ("B", False),
    ]


def test_a_number_comes_back_in_its_plain_form(folder):
    front = Front(NUMERIC)
    front.answer({"value": " 6 cents", "unit": None})
    assert front.widget.state["response"] == {"value": 6, "unit": "cent"}
    assert front.widget.state["feedback"]["kind"] == "right"


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
        front.widget._receive(None, {"kind": "answer", "by": "me", "seq": 1, "response": "B"}, [])
    message = "MemoryError: no room"
    assert front.told == {"by": "me", "seq": 1, "saved": False, "lost": True, "message": message}


@pytest.mark.parametrize(
    "content", [None, 5, [], {}, {"kind": "are you there"}, {"kind": []}, {"kind": "again"}]
)
def test_other_messages_are_passed_over(folder, content):
    front = Front(SINGLE)
    front.widget._handle_custom_msg(content, [])
    assert front.sent == []


def test_a_cell_run_again_shows_what_was_saved(folder):
    Front(MULTIPLE).answer(["C", "A"])
    again = quiz(NAME).ask(MULTIPLE)
    assert again.state["response"] == ["A", "C"]
    assert again.state["feedback"]["kind"] == "right"
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


@pytest.fixture
def types(tmp_path, monkeypatch):
    folder = types_learner(tmp_path)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    ("item", "response", "kind", "parts"),
    [
        # of B, C, A, D the first two stand right, then D comes
        ("91-order", ["B", "C", "D", "A"], "wrong", [("The bill grows", False)]),
        ("91-order", ["B", "C", "A", "D"], "right", []),
        ("91-match", {"p1": "B", "p2": "A"}, "right", [("Status 401", True), ("Status 429", True)]),
        ("91-match", {"p1": "B"}, "partly", [("Status 401", True)]),
        ("91-cloze", {"g1": "A", "g3": "nothing"}, "wrong", [("Gap 1", True), ("Gap 3", False)]),
        ("91-text", " Max_Completion_Tokens. ", "right", []),
    ],
)
def test_each_part_of_an_answer_is_heard_under_its_own_name(types, item, response, kind, parts):
    front = Front(item, TYPES_NAME)
    assert front.answer(response)["saved"]
    heard = front.widget.state["feedback"]
    assert heard["kind"] == kind
    assert [(part["name"], part["right"]) for part in heard["parts"]] == parts


def test_no_type_sends_a_key_or_sealed_feedback_to_the_browser(types):
    whole = quiz(TYPES_NAME)
    for name, item in whole.items.items():
        sent = json.dumps(ItemWidget(whole, item).get_state(["item", "state"]))
        for word in ("sealed", "boxes", '"accept"', "pattern", '"key": [', '"key": {', "tolerance"):
            assert word not in sent, name


def test_the_confidence_is_saved_and_each_answer_takes_an_attempt(types):
    front = Front("91-single", TYPES_NAME)
    assert (front.widget.item["confidence"], front.widget.state["attempts_left"]) == (True, 2)
    front.answer("A", confidence="guess")
    assert front.widget.state["confidence"] == "guess"
    assert front.widget.state["attempts_left"] == 1
    front.answer("B", seq=2, confidence="sure")
    assert front.widget.state["attempts_left"] == 0
    reply = front.answer("C", seq=3, confidence="sure")
    assert not reply["saved"] and "no more are counted" in reply["message"]
    assert Front("91-single", TYPES_NAME).widget.state["attempts_left"] == 0
    assert saved(types) == ["A", "B"]


def test_the_progress_counts_saved_answers_and_no_functions(types):
    first, second = Front("91-multiple", TYPES_NAME), Front("91-text", TYPES_NAME)
    assert (first.widget.state["progress"]["saved"], first.widget.state["progress"]["of"]) == (0, 9)
    first.answer(["A"])
    first.answer(["A", "C"], seq=2)
    second.answer("top_p")
    assert second.widget.state["progress"]["saved"] == 2
    assert second.widget.state["progress"]["at"] > first.widget.state["progress"]["at"]


def test_practice_is_heard_mixed_again_and_never_written(types):
    practice = quiz(TYPES_NAME).practice()
    widget = practice.ask("91-multiple")
    orders = set()
    for seq in range(12):
        widget._handle_custom_msg(
            {"kind": "answer", "by": "me", "seq": seq, "response": ["A", "C"]}, []
        )
        assert widget.state["told"]["saved"]
        assert widget.state["feedback"]["kind"] == "right"
        assert "nothing is saved" in widget.state["note"]
        widget._handle_custom_msg({"kind": "again"}, [])
        assert widget.state["response"] is widget.state["feedback"] is None
        orders.add(tuple(option["id"] for option in widget.item["options"]))
    assert len(orders) > 1
    assert sorted(path.name for path in types.iterdir()) == ["91_types.ipynb", "items.json"]


def test_a_function_shows_what_its_examples_gave(types):
    whole = quiz(TYPES_NAME)
    item = whole.items["91-code"]
    tried = trial.run(item, lambda tokens, price: tokens * price)
    widget = ItemWidget(whole, item, tried=tried)
    assert widget.state["examples"]["summary"].startswith("1 of 2 examples are right.")
    rights = [case["right"] for case in widget.state["examples"]["cases"]]
    assert rights == [False, True]
    assert "expected: 0.15" in widget.state["examples"]["cases"][0]["text"]
    assert widget.item["function"] == "cost"
    assert "0.3" not in json.dumps(widget.state)  # the hidden case is not there


def test_a_line_of_the_journal_can_be_made_without_the_kernel(types):
    front = Front("91-text", TYPES_NAME)
    front.answer("top_p")
    line = json.loads((types / "answers.jsonl").read_text())
    rest = {"v": 1, "response": "top_p", "seq": 1, "at": line["at"]}
    assert front.widget.item["line"] | rest == line


def test_the_modules_of_the_browsers_half_are_joined_into_one():
    assert not re.search(r"^import ", joined(), re.MULTILINE)
    assert joined().count("\nexport ") == 1


def test_options_that_stand_mixed_have_no_letters(types):
    whole = quiz(TYPES_NAME)
    item = whole.items["91-multiple"]
    mixed = item | {"options": [item["options"][at] for at in (2, 0, 3, 1)]}
    assert widget_view.shown(item, {})["lettered"] is True
    assert widget_view.shown(mixed, {})["lettered"] is False
    answer = replace(whole.answer("91-multiple", ["A"]), item=mixed)
    heard = widget_view.told(answer)["feedback"]
    assert (heard["answer"], heard["parts"][0]["name"]) == ("", "What the call costs")
