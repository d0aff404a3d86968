"""The browser's half of the widget alone, in Chromium, with a model that the test plays."""

from pathlib import Path

import pytest
from browser import chromium, needs_chromium

import course.quiz.widget

pytestmark = needs_chromium()

SCRIPT = Path(course.quiz.widget.__file__).with_suffix(".js")
ITEM = {
    "key": "folder/q-01",
    "type": "single",
    "stem": [["p", "Which ", ["code", "one"], "?"]],
    "task": "Choose one.",
    "options": [{"id": name, "text": [["p", f"Text {name}"]]} for name in "ABC"],
    "units": [""],
}
STATE = {"response": None, "feedback": None, "note": "", "problem": ""}
MODEL = """async ([script, item, state]) => {
  class Model {
    constructor(values) { this.values = values; this.calls = {}; this.sent = []; this.open = true; }
    get(name) { return this.values[name]; }
    set(name, value) { this.values[name] = value; this.trigger(`change:${name}`); }
    on(name, call) { (this.calls[name] ??= []).push(call); }
    trigger(name, ...values) { for (const call of this.calls[name] ?? []) call(...values); }
    send(content) {
      if (!this.open) throw new Error('Cannot send');
      this.sent.push(content);
    }
    reply(content) { this.trigger('msg:custom', {kind: 'answer', saved: true, lost: false, ...content}); }
  }
  const {default: widget} = await import(URL.createObjectURL(new Blob([script], {type: 'text/javascript'})));
  window.model = new Model({item, state});
  widget.initialize({model});
  widget.render({model, el: document.body});
}"""  # noqa: E501


class Bench:
    """A page with one view of the widget."""

    def __init__(self, page):
        self.page = page

    def show(self, **changes):
        state = STATE | changes.pop("state", {})
        self.page.goto("http://bench.test/")
        self.page.add_style_tag(path=SCRIPT.with_suffix(".css"))
        self.page.evaluate(MODEL, [SCRIPT.read_text(), ITEM | changes, state])
        return self

    def choose(self, name):
        self.page.get_by_role("radio", name=f"{name} Text").check()

    def submit(self):
        self.page.get_by_role("button", name="Submit").click()

    def kernel(self, act):
        self.page.evaluate(f"model.{act}")

    @property
    def sent(self):
        return self.page.evaluate("model.sent.filter(each => each.kind === 'answer')")

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
    bench.kernel("set('state', {...model.get('state'), response: 'B'})")
    bench.kernel("reply({seq: 1})")
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
    bench.kernel("set('state', {...model.get('state'), response: 'B'})")
    bench.kernel("reply({seq: 1})")
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
    bench.kernel("set('state', {...model.get('state'), response: 'B'})")
    bench.kernel("reply({seq: 1})")
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
    heard = {"right": True, "answer": "A", "text": [["p", "Well done."]], "parts": []}
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
    part = {"option": nasty, "right": False, "text": [["p", nasty]]}
    heard = {"right": False, "answer": nasty, "text": [[nasty, nasty]], "parts": [part]}
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
