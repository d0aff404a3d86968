"""The browser's half of the widget alone, in Chromium, with a model that the test plays."""

import json
from pathlib import Path

import pytest
from browser import chromium, needs_chromium

import course.quiz.widget
from course.quiz import widget_view

pytestmark = needs_chromium()

STYLE = Path(course.quiz.widget.__file__).with_suffix(".css")
ITEM = {
    "key": "folder/q-01",
    "type": "single",
    "stem": [["p", "Which ", ["code", "one"], "?"]],
    "task": "Choose one.",
    "options": [{"id": name, "text": [["p", f"Text {name}"]]} for name in "ABC"],
    "lettered": True,
    "units": [""],
    "line": {"assignment": "90_sample", "item": "q-01", "bank": "b"},
}
STATE = {"response": None, "confidence": None, "feedback": None, "note": "", "problem": ""}
MODEL = """async ([script, item, state]) => {
  class Model {
    constructor(values) { this.values = values; this.calls = {}; this.sent = []; this.open = true; }
    get(name) { return this.values[name]; }
    set(name, value) { this.values[name] = value; this.trigger(`change:${name}`); }
    on(name, call) { (this.calls[name] ??= []).push(call); }
    off(name, call) { this.calls[name] = this.calls[name].filter(each => each !== call); }
    trigger(name, ...values) { for (const call of this.calls[name] ?? []) call(...values); }
    send(content) {
      if (!this.open) throw new Error('Cannot send');
      this.sent.push(content);
    }
    reply({state = {}, ...told}) {
      const by = this.sent.findLast(({kind}) => kind === 'answer')?.by;
      told = {by, saved: true, lost: false, message: '', ...told};
      this.set('state', {...this.get('state'), ...state, told});
    }
  }
  const {default: widget} = await import(URL.createObjectURL(new Blob([script], {type: 'text/javascript'})));
  window.model = new Model({item, state});
  widget.initialize({model});
  window.remove = widget.render({model, el: document.body});
  window.draw = () => widget.render({model, el: document.body});
}"""  # noqa: E501


class Bench:
    """A page with one view of the widget."""

    def __init__(self, page):
        self.page = page

    def show(self, **changes):
        state = STATE | changes.pop("state", {})
        self.page.goto("http://bench.test/")
        self.page.add_style_tag(path=STYLE)
        self.page.evaluate(MODEL, [course.quiz.widget.joined(), ITEM | changes, state])
        return self

    def choose(self, name):
        self.page.get_by_role("radio", name=f"{name} Text").check()

    def submit(self):
        self.page.get_by_role("button", name="Submit").click(force=True)  # also where it is over

    def kernel(self, act):
        self.page.evaluate(f"model.{act}")

    @property
    def sent(self):
        """The answers that were sent, without who sent them and an empty confidence."""
        sent = self.page.evaluate("model.sent.filter(each => each.kind === 'answer')")
        for content in sent:
            assert content.pop("by")
            if content["confidence"] is None:
                del content["confidence"]
        return sent

    @property
    def status(self):
        return self.page.get_by_role("status").inner_text()

    @property
    def chosen(self):
        checked = self.page.locator("input:checked")
        return checked.input_value() if checked.count() else None


@pytest.fixture(scope="module")
def context():
    with chromium(width=600, height=500) as context:
        context.route("http://bench.test/", lambda route: route.fulfill(body="<!doctype html>"))
        yield context


@pytest.fixture
def bench(context):
    page = context.new_page()
    page.set_default_timeout(5000)
    page.clock.install()
    yield Bench(page)
    page.close()


def test_saved_is_shown_after_the_acknowledgement_and_not_before(bench):
    bench.show()
    assert bench.status == ""
    bench.choose("B")
    assert bench.status == "Press Submit to save."
    bench.submit()
    assert bench.sent == [{"kind": "answer", "seq": 1, "response": "B"}]
    assert bench.status == "Saving…"
    bench.kernel("reply({seq: 1, state: {response: 'B'}})")
    assert bench.status == "✓ Saved."


def test_a_second_press_while_saving_sends_nothing(bench):
    bench.show().choose("B")
    bench.submit()
    bench.submit()
    assert len(bench.sent) == 1


def test_without_an_acknowledgement_it_is_not_saved_until_a_late_one_comes(bench):
    bench.show().choose("B")
    bench.submit()
    bench.page.clock.run_for(2000)
    assert bench.status == "Saving…"
    bench.page.clock.run_for(2000)
    assert bench.status.startswith("⚠ NOT SAVED: run this cell again.")
    assert bench.chosen == "B"
    bench.kernel("reply({seq: 1, state: {response: 'B'}})")
    assert bench.status == "✓ Saved."


def test_a_kernel_that_is_gone_is_told_at_once(bench):
    bench.show().choose("B")
    bench.kernel("open = false")
    bench.submit()
    assert "NOT SAVED: run this cell again" in bench.status
    assert bench.chosen == "B"


def test_when_the_kernel_goes_the_saved_stays_saved_and_the_rest_does_not(bench):
    bench.show(state={"response": "A"})
    bench.kernel("open = false")
    bench.kernel("trigger('comm_live_update')")
    assert bench.status == "✓ Saved."
    bench.choose("C")
    assert "NOT SAVED" in bench.status
    bench.kernel("open = true")
    bench.kernel("trigger('comm_live_update')")
    assert bench.status == "Changed: press Submit to save."


def test_while_saving_the_end_of_the_kernel_is_told(bench):
    bench.show().choose("B")
    bench.submit()
    bench.kernel("open = false")
    bench.kernel("trigger('comm_live_update')")
    assert "NOT SAVED" in bench.status


def test_a_reply_to_an_earlier_send_is_no_acknowledgement_of_the_last(bench):
    bench.show().choose("B")
    bench.submit()
    bench.page.clock.run_for(4100)
    bench.choose("C")
    bench.submit()
    bench.kernel("reply({seq: 1})")
    assert bench.status == "Saving…"
    bench.kernel("reply({seq: 2})")
    assert "Saving" not in bench.status


def test_a_choice_changed_while_saving_is_not_called_saved(bench):
    bench.show().choose("B")
    bench.submit()
    bench.choose("C")
    bench.kernel("reply({seq: 1, state: {response: 'B'}})")
    assert bench.status == "Changed: press Submit to save."
    assert bench.chosen == "C"


def test_a_refused_answer_is_told_in_the_kernels_words(bench):
    bench.show()
    bench.submit()
    bench.kernel("reply({seq: 1, saved: false, message: 'Nothing is answered yet.'})")
    assert bench.status == "⚠ Not saved: Nothing is answered yet."
    assert bench.page.locator("[aria-invalid]").count() == 3
    bench.choose("A")
    assert bench.status == "Press Submit to save."
    assert bench.page.locator("[aria-invalid]").count() == 0


def test_feedback_is_marked_as_that_of_the_saved_answer_while_another_is_not_saved(bench):
    heard = {"kind": "right", "answer": "A", "text": [["p", "Well done."]], "parts": []}
    bench.show(state={"response": "A", "feedback": heard})
    mark = bench.page.get_by_text("For your saved answer:")
    assert not mark.is_visible()
    bench.choose("B")
    assert mark.is_visible()
    bench.submit()
    bench.kernel("reply({seq: 1, saved: false, message: 'No.'})")
    assert bench.status == "⚠ Not saved: No."
    assert mark.is_visible()
    bench.choose("A")
    assert not mark.is_visible()
    bench.show(key="folder/another item").choose("B")
    assert not mark.is_visible()  # nothing is saved yet


@pytest.mark.parametrize(
    ("saved", "shown"),
    [
        (0.0000285, "0.0000285"),
        (2.85e-07, "0.000000285"),
        (-1250.5, "-1250.5"),
        (1500000, "1500000"),
        (0, "0"),
        (0.1, "0.1"),
        (3e-16, "3e-16"),
        (1e300, "1e+300"),
    ],
)
def test_a_saved_number_is_shown_in_plain_decimals(bench, saved, shown):
    state = {"response": {"value": saved, "unit": "USD"}}
    bench.show(type="numeric", options=[], units=["USD"], state=state)
    assert bench.page.get_by_label("Your number").input_value() == shown
    assert bench.status == "✓ Saved."


@pytest.mark.parametrize("key", ["Shift+Enter", "Control+Enter", "Alt+Enter", "Meta+Enter"])
def test_enter_with_another_key_never_submits(bench, key):
    bench.show().choose("B")
    for role in ("radio", "button"):
        bench.page.get_by_role(role).last.press(key)
    assert bench.sent == []
    bench.page.get_by_role("radio").last.press("Enter")
    assert len(bench.sent) == 1


def test_a_choice_that_was_not_saved_is_there_after_the_cell_ran_again(bench):
    bench.show(state={"response": "A"}).choose("C")
    bench.show(state={"response": "A"})
    assert (bench.chosen, bench.status) == ("C", "Changed: press Submit to save.")
    bench.show(key="folder/another item")
    assert bench.chosen is None
    bench.show(state={"response": "C"})  # saved from elsewhere
    assert (bench.chosen, bench.status) == ("C", "✓ Saved.")


def test_texts_are_never_markup(bench):
    nasty = "<img src=x onerror='window.hit = 1'><script>window.hit = 1</script>"
    part = {"name": nasty, "right": False, "text": [["p", nasty]]}
    heard = {"kind": "wrong", "answer": nasty, "text": [[nasty, nasty]], "parts": [part]}
    options = [{"id": nasty, "text": [["script", nasty], ["em", nasty]]}]
    state = {"feedback": heard, "note": nasty, "response": nasty}
    bench.show(stem=[["p", nasty]], options=options, task=nasty, state=state)
    assert bench.page.locator("img, script").count() == 0
    assert bench.page.evaluate("window.hit") is None
    assert bench.page.locator("legend").inner_text() == nasty


def test_each_text_finds_its_own_direction(bench):
    bench.show(stem=[["p", "أي واحد؟"]])
    directions = bench.page.evaluate(
        "['legend', '.course-text'].map("
        "name => getComputedStyle(document.querySelector(name)).direction)"
    )
    assert directions == ["rtl", "ltr"]


@pytest.mark.parametrize(
    ("typed", "unit", "sent"),
    [
        ("0.06", "USD", {"value": "0.06", "unit": "USD"}),
        ("6", "cent", {"value": "6", "unit": "cent"}),
        ("1e3", "USD", {"value": "1e3", "unit": "USD"}),
        ("6 cents", "USD", {"value": "6 cents", "unit": None}),  # what is typed goes first
        ("", "USD", None),
    ],
)
def test_a_number_goes_with_the_unit_chosen_or_typed(bench, typed, unit, sent):
    bench.show(type="numeric", options=[], units=["USD", "cent"])
    bench.page.get_by_label("Unit").select_option(unit)
    bench.page.get_by_label("Your number").fill(typed)
    bench.page.get_by_label("Your number").press("Enter")
    assert bench.sent == [{"kind": "answer", "seq": 1, "response": sent}]


def test_one_unit_is_words_and_is_read_with_the_number(bench):
    bench.show(type="numeric", options=[], units=["tokens"])
    field = bench.page.get_by_role("textbox", name="Your number")
    described = bench.page.locator(f"[id='{field.get_attribute('aria-describedby')}']")
    assert described.inner_text() == "tokens"
    assert field.get_attribute("inputmode") == "decimal"


def test_what_is_emptied_again_asks_for_nothing(bench):
    bench.show(type="multiple")
    box = bench.page.get_by_role("checkbox", name="A Text")
    box.check()
    assert bench.status == "Press Submit to save."
    box.uncheck()
    assert bench.status == ""


# Every type, from the public item that the kernel has.
PROMPTS = [{"id": "p1", "text": "Status `401`"}, {"id": "p2", "text": "Status `429`"}]
CHOICES = [{"id": name, "text": f"Cause {name}"} for name in "ABC"]
STEPS = [
    {"id": "A", "text": "Light"},
    {"id": "B", "text": "Photosynthesis"},
    {"id": "C", "text": "Sugar"},
    {"id": "D", "text": "Breath"},
]
GAPS = [
    {"id": "g1", "type": "single", "options": CHOICES},
    {"id": "g2", "type": "numeric", "options": [], "unit": "s", "units": ["s", "min"]},
    {"id": "g3", "type": "text", "options": []},
]
PUBLIC = {
    "order": {"stem": "In which order?", "options": STEPS},
    "match": {"stem": "What causes what?", "prompts": PROMPTS, "options": CHOICES},
    "cloze": {"stem": "First [[g1]], **then** [[g2]], last `x` [[g3]].", "gaps": GAPS},
    "text": {"stem": "What is it called?", "options": []},
    "code": {"stem": "Write `cost`.", "options": [], "function": "cost"},
}


def shown(kind, **policy):
    """The view's item for a public item of that type."""
    item = {"id": "q-01", "type": kind, "points": 1} | PUBLIC[kind]
    return widget_view.shown(item, policy)


def order(bench):
    return [row.get_attribute("data-id") for row in bench.page.locator(".course-order > li").all()]


def test_rows_move_with_their_buttons_which_keep_the_focus_and_say_where_they_are(bench):
    bench.show(**shown("order"))
    up = bench.page.get_by_role("button", name="Up Photosynthesis")
    down = bench.page.get_by_role("button", name="Down Photosynthesis")
    said = bench.page.locator("[aria-live=polite].course-unseen")
    down.press("Enter")
    assert order(bench) == ["A", "C", "B", "D"]
    assert said.inner_text() == "Photosynthesis, now 3 of 4"
    down.press("Space")
    assert order(bench) == ["A", "C", "D", "B"]
    assert down.evaluate("button => button === document.activeElement")
    assert down.get_attribute("aria-disabled") == "true"
    down.press("Enter")
    assert said.inner_text() == "Photosynthesis, still 4 of 4"
    for _ in range(3):
        up.press("Enter")
        assert up.evaluate("button => button === document.activeElement")
    assert order(bench) == ["B", "A", "C", "D"]
    assert bench.page.locator(".course-place").all_inner_texts() == [
        f"{n} of 4" for n in (1, 2, 3, 4)
    ]
    assert bench.status == "Press Submit to save."
    assert bench.sent == []
    bench.submit()
    assert bench.sent == [{"kind": "answer", "seq": 1, "response": ["B", "A", "C", "D"]}]


def test_an_order_that_is_right_as_it_stands_can_be_submitted(bench):
    bench.show(**shown("order"))
    assert bench.status == ""
    bench.submit()
    assert bench.sent[0]["response"] == ["A", "B", "C", "D"]
    bench.kernel("reply({seq: 1, state: {response: ['A', 'B', 'C', 'D']}})")
    assert bench.status == "✓ Saved."


def test_a_row_follows_the_mouse(bench):
    bench.show(**shown("order"))
    handles = bench.page.locator(".course-handle")
    start, end = handles.nth(0).bounding_box(), handles.nth(2).bounding_box()
    bench.page.mouse.move(start["x"] + 3, start["y"] + 5)
    bench.page.mouse.down()
    bench.page.mouse.move(end["x"] + 3, end["y"] + 5)
    bench.page.mouse.up()
    assert order(bench) == ["B", "C", "A", "D"]
    bench.page.mouse.move(start["x"] + 3, start["y"] + 5)  # it is let go
    assert order(bench) == ["B", "C", "A", "D"]


def test_a_saved_order_is_shown_and_two_views_of_it_stay_in_step(bench):
    bench.show(**shown("order"), state={"response": ["D", "C", "B", "A"]})
    bench.kernel("constructor; draw()")
    assert order(bench) == ["D", "C", "B", "A"] * 2
    assert bench.page.get_by_role("status").all_inner_texts() == ["✓ Saved."] * 2
    bench.page.get_by_role("button", name="Up Light").last.click()
    assert order(bench) == ["D", "C", "A", "B"] * 2


def test_each_prompt_is_the_label_of_a_list_and_some_may_stay_open(bench):
    bench.show(**shown("match"))
    first = bench.page.get_by_role("combobox", name="Status 401")
    assert first.locator("option").all_inner_texts() == ["Choose…", "Cause A", "Cause B", "Cause C"]
    first.select_option("Cause B")
    bench.page.get_by_role("combobox", name="Status 429").press("Enter")
    assert bench.sent == [{"kind": "answer", "seq": 1, "response": {"p1": "B"}}]
    first.select_option("")
    bench.kernel("reply({seq: 1, saved: false, message: 'No.'})")
    assert bench.status == "⚠ Not saved: No."


def test_long_choices_stand_in_full_above_the_lists(bench):
    item = shown("match")
    item["options"][1]["text"] = [
        ["p", "A cause that needs ", ["code", "many"], " words to be told"]
    ]
    bench.show(**item)
    rows = bench.page.get_by_role("list", name="Choices").get_by_role("listitem")
    assert rows.nth(1).inner_text().split("\n")[-1].endswith("words to be told")
    assert bench.page.get_by_role("combobox").first.locator("option").nth(2).inner_text() == (
        "A cause that needs many words to be told"
    )


def test_gaps_stand_in_the_sentence_each_with_its_number_as_its_name(bench):
    bench.show(**shown("cloze"))
    assert bench.page.get_by_role("combobox", name="Gap 1 of 3").count() == 1
    number = bench.page.get_by_role("textbox", name="Gap 2 of 3, a number")
    unit = bench.page.get_by_role("combobox", name="Unit of gap 2 of 3")
    bench.page.get_by_role("combobox", name="Gap 1 of 3").select_option("Cause C")
    number.fill("1.5")
    unit.select_option("min")
    number.press("Enter")
    answer = {"g1": "C", "g2": {"value": "1.5", "unit": "min"}}
    assert bench.sent == [{"kind": "answer", "seq": 1, "response": answer}]
    bench.page.get_by_role("textbox", name="Gap 3 of 3").fill("end")
    kept = {"g1": "C", "g2": {"value": 1.5, "unit": "min"}}
    bench.page.evaluate("r => model.reply({seq: 1, state: {response: r}})", kept)
    assert bench.status == "Changed: press Submit to save."
    assert bench.page.get_by_role("textbox", name="Gap 3 of 3").input_value() == "end"
    stem = bench.page.locator(".course-stem")
    assert stem.locator("strong").inner_text() == "then"
    assert stem.locator("legend").count() == 0


def test_a_text_is_counted_and_nothing_of_it_is_cut_off(bench):
    bench.show(**shown("text"))
    field = bench.page.get_by_role("textbox", name="Your answer")
    described = bench.page.locator(f"[id='{field.get_attribute('aria-describedby')}']")
    field.fill("é😀")
    assert described.inner_text() == "2 of 2,000 characters."
    field.fill("x" * 2013)
    assert described.inner_text() == "2,013 of 2,000 characters: 13 too many."
    field.press("Enter")
    assert len(bench.sent[0]["response"]) == 2013  # the kernel says what is wrong with it


def test_enter_makes_a_new_line_in_a_longer_text(bench):
    bench.show(**(shown("text") | {"lines": 6}))
    field = bench.page.get_by_role("textbox", name="Your answer")
    field.press_sequentially("one\ntwo")
    assert (field.input_value(), bench.sent) == ("one\ntwo", [])


def test_a_function_shows_its_examples_and_asks_for_nothing(bench):
    cases = [{"right": True, "text": "cost(1) returned 2: right."},
             {"right": False, "text": "cost(2)\n  returned: 3\n  expected: 4"}]  # fmt: skip
    examples = {"summary": "1 of 2 examples are right.", "cases": cases}
    bench.show(**shown("code"), state={"examples": examples})
    assert bench.page.get_by_role("button").count() == 0
    text = bench.page.locator("form").inner_text()
    assert "Your answer is the function cost in this notebook." in text
    assert "1 of 2 examples are right." in text
    assert "✓ cost(1) returned 2: right." in text and "✗ cost(2)\n  returned: 3" in text


def test_one_may_say_how_sure_one_is_and_change_it(bench):
    bench.show(confidence=True)
    group = bench.page.get_by_role("group", name="How sure are you?")
    group.get_by_role("radio", name="A guess").check()
    bench.choose("B")
    bench.submit()
    assert bench.sent[0]["confidence"] == "guess"
    bench.kernel("reply({seq: 1, state: {response: 'B', confidence: 'guess'}})")
    assert bench.status == "✓ Saved."
    group.get_by_role("radio", name="Sure").check()
    assert bench.status == "Changed: press Submit to save."
    bench.submit()
    assert bench.sent[1] == {"kind": "answer", "seq": 2, "response": "B", "confidence": "sure"}


def test_attempts_are_counted_and_none_is_spent_on_the_same_answer(bench):
    bench.show(state={"attempts_left": 2})
    assert bench.page.get_by_text("2 attempts left.").is_visible()
    bench.choose("B")
    bench.submit()
    bench.kernel("reply({seq: 1, state: {response: 'B', attempts_left: 1}})")
    assert bench.page.get_by_text("1 attempt left.").is_visible()
    bench.submit()
    assert len(bench.sent) == 1
    bench.choose("C")
    bench.submit()
    bench.kernel("reply({seq: 2, state: {response: 'C', attempts_left: 0}})")
    assert bench.page.get_by_text("No attempts left.").is_visible()
    bench.page.locator("input").first.click(force=True)  # what is over stays as it is
    assert bench.chosen == "C"
    bench.submit()
    assert len(bench.sent) == 2
    assert bench.page.get_by_role("button", name="Submit").get_attribute("aria-disabled") == "true"


@pytest.mark.parametrize(
    ("opens", "closes", "told", "answers"),
    [
        ("2030-03-01T08:00:00Z", "2030-03-05T17:00:00Z", "Closes 5 March, 18:00 your time.", 1),
        (None, "2030-03-02T11:00:00Z", "Closed since 2 March, 12:00 your time", 0),
        ("2031-01-01T00:00:00Z", None, "Opens 1 January 2031, 01:00 your time.", 0),
    ],
)
def test_a_time_window_is_told_in_the_readers_own_time(context, opens, closes, told, answers):
    there = context.browser.new_context(timezone_id="Europe/Berlin", locale="en-US")
    there.route("http://bench.test/", lambda route: route.fulfill(body="<!doctype html>"))
    page = there.new_page()
    page.clock.install(time="2030-03-02T12:00:00Z")
    bench = Bench(page).show(opens=opens, closes=closes)
    assert told in page.locator("form").inner_text()
    page.get_by_role("radio").nth(1).click(force=True)
    bench.submit()
    assert len(bench.sent) == answers
    there.close()


def test_practice_says_that_it_counts_for_nothing_and_can_be_repeated(bench):
    bench.show(practice=True)
    assert "nothing is saved and nothing counts" in bench.page.locator("form").inner_text()
    repeat = bench.page.get_by_role("button", name="Repeat, mixed again")
    assert not repeat.is_visible()
    bench.choose("B")
    bench.page.get_by_role("button", name="Check").click()
    bench.kernel("reply({seq: 1, state: {response: 'B', note: 'Nothing is saved.'}})")
    assert bench.status == "✓ Checked. Nothing is saved."
    repeat.click()
    assert bench.page.evaluate("model.sent.at(-1)") == {"kind": "again"}
    bench.kernel("set('state', {...model.get('state'), response: null, note: ''})")
    bench.kernel(
        "set('item', {...model.get('item'), options: model.get('item').options.reverse()})"
    )
    values = [each.get_attribute("value") for each in bench.page.get_by_role("radio").all()]
    assert values == ["C", "B", "A"]
    assert (bench.chosen, bench.status) == (None, "")
    assert bench.page.evaluate("document.activeElement.value") == "C"
    assert bench.page.evaluate("sessionStorage.length") == 0


def test_the_quiz_as_a_whole_is_told_below_each_item(bench):
    bench.show(state={"progress": {"saved": 5, "of": 10, "at": 1}})
    assert bench.page.get_by_text("5 of 10 saved in this quiz.").is_visible()
    bench.choose("B")
    told = "5 of 10 saved in this quiz; 1 change is not saved yet."
    assert bench.page.get_by_text(told).is_visible()
    bench.submit()
    bench.kernel("reply({seq: 1, state: {response: 'B', progress: {saved: 6, of: 10, at: 2}}})")
    assert bench.page.get_by_text("6 of 10 saved in this quiz.").is_visible()


def test_what_cannot_be_saved_can_be_taken_along_as_lines_of_the_journal(bench):
    bench.show(confidence=True, key="folder/rescue")
    offer = bench.page.get_by_role("button", name="Download my answers")
    bench.choose("B")
    bench.page.get_by_role("radio", name="Sure").check()
    assert not offer.is_visible()
    bench.submit()
    bench.kernel("reply({seq: 1, saved: false, lost: true, message: 'The disk is full.'})")
    assert bench.status == "⚠ NOT SAVED: The disk is full."
    assert bench.page.get_by_text("The file holds the answer that is not saved.").is_visible()
    with bench.page.expect_download() as download:
        offer.click()
    assert download.value.suggested_filename == "answers-90_sample.jsonl"
    line = json.loads(Path(download.value.path()).read_text())
    assert line.pop("at").endswith("Z")
    assert line == {
        "v": 1, "assignment": "90_sample", "item": "q-01", "bank": "b",
        "response": "B", "confidence": "sure", "seq": 1,
    }  # fmt: skip
    bench.submit()
    bench.kernel("reply({seq: 2, state: {response: 'B', confidence: 'sure'}})")
    assert not offer.is_visible()


def test_a_view_that_is_gone_listens_no_more(bench):
    bench.show()
    before = bench.page.evaluate("Object.values(model.calls).flat().length")
    bench.page.evaluate("window.gone = draw(); gone()")
    assert bench.page.evaluate("Object.values(model.calls).flat().length") == before


@pytest.mark.parametrize("kind", ["order", "match", "cloze", "text"])
def test_no_key_of_a_field_reaches_the_notebook(bench, kind):
    bench.show(**shown(kind))
    controls = bench.page.locator("form").locator("input, select, button, textarea")
    marked = bench.page.locator("form").locator("[data-lm-suppress-shortcuts=true]")
    assert controls.count() == marked.count() > 0


def test_nothing_moves_by_itself(bench):
    bench.show()
    moving = bench.page.evaluate(
        "[...document.querySelectorAll('form *')].map(node => getComputedStyle(node))"
        ".filter(style => style.transitionDuration !== '0s' || style.animationName !== 'none')"
        ".length"
    )
    assert moving == 0


def test_with_forced_colours_focus_and_choice_keep_their_outlines(bench):
    bench.page.emulate_media(forced_colors="active")
    bench.show().choose("B")
    styles = bench.page.evaluate(
        "[getComputedStyle(document.activeElement).outlineWidth,"
        " getComputedStyle(document.querySelector('.course-option:has(:checked)')).borderStyle]"
    )
    assert styles == ["3px", "solid"]


def test_a_question_from_the_right_keeps_its_fields_beside_its_texts(bench):
    bench.show(stem=[["p", "(1) أي واحد؟"]])
    form = bench.page.locator("form")
    radio, text = form.get_by_role("radio").first, form.locator(".course-text").first
    assert form.get_attribute("dir") == "rtl"
    assert radio.bounding_box()["x"] > text.bounding_box()["x"]
    assert text.evaluate("node => getComputedStyle(node).textAlign") == "right"
