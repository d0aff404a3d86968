"""How fast the widget is in a real JupyterLab: a click, and a notebook of forty items."""

import json
import statistics
from importlib import import_module

import pytest
from browser import CONTEXT, Page, chromium, jupyter, needs_chromium
from sample_quiz import MANY_NAME, NAME, learner, many_learner

from course.lab import COMMON_CONFIG

pytestmark = needs_chromium()

FORMS = "form.course-quiz"
CLICK_MS, ADDED_MS, ROUNDS = 30, 15, 3
LONG_MS = 50
MANY = 40

# From the click on Submit to the feedback in the page, once each for `count` changed answers.
CLICKS = """async (count) => {
  const form = document.querySelector('form.course-quiz');
  const radios = [...form.querySelectorAll('input[type=radio]')];
  const heard = form.querySelector('.course-feedback');
  const took = [];
  for (let at = 0; at < count; at++) {
    radios[at % 3].click();
    await new Promise((done) => setTimeout(done, 100));
    const start = performance.now();
    await new Promise((done) => {
      const watch = new MutationObserver(() => {
        took.push(performance.now() - start);
        watch.disconnect();
        done();
      });
      watch.observe(heard, {childList: true});
      form.querySelector('button[type=submit]').click();
    });
  }
  return took;
}"""

# A question to the kernel that does nothing, and its answer.
BARE = f"""async (count) => {{
  const kernel = {CONTEXT}.session.kernel;
  const took = [];
  for (let at = 0; at < count; at++) {{
    await new Promise((done) => setTimeout(done, 100));
    const start = performance.now();
    await kernel.requestExecute({{code: '', silent: true}}).done;
    took.push(performance.now() - start);
  }}
  return took;
}}"""

SCROLL = """async () => {
  const outer = document.querySelector('.jp-WindowedPanel-outer');
  const long = [];
  new PerformanceObserver((list) => long.push(...list.getEntries().map((each) => each.duration)))
    .observe({type: 'longtask'});
  const gaps = [];
  let last = performance.now();
  for (let top = 0; top < outer.scrollHeight; top += 150) {
    outer.scrollTo({top});
    await new Promise(requestAnimationFrame);
    gaps.push(performance.now() - last);
    last = performance.now();
  }
  return {long, gaps, height: outer.scrollHeight};
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    learner(root)
    many_learner(root, MANY)
    with jupyter(root, home=tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def test_from_a_click_to_its_feedback_it_takes_less_than_30_ms(server, browser):
    """Medians of fifty. On a machine that is busy with something else, Jupyter's own way to the
    kernel and back takes that long; then only what the course adds to it is held to a limit."""
    lab = Page.opened(browser, server, f"quizzes/{NAME}/{NAME}.ipynb", app="lab")
    lab.run_all()
    lab.page.wait_for_selector(FORMS)
    lab.page.evaluate(CLICKS, 5)
    for _ in range(ROUNDS):
        bare = statistics.median(lab.page.evaluate(BARE, 50))
        click = statistics.median(lab.page.evaluate(CLICKS, 50))
        print(f"click to feedback {click:.1f} ms; Jupyter alone {bare:.1f} ms")
        if click < CLICK_MS:
            break
    lab.page.close()
    assert click < max(CLICK_MS, bare + ADDED_MS)


def test_forty_items_open_and_scroll_without_lag(server, browser):
    lab = Page.opened(browser, server, f"quizzes/{MANY_NAME}/{MANY_NAME}.ipynb", app="lab")
    lab.run_all()
    lab.page.wait_for_function(f"document.querySelectorAll('{FORMS}').length >= {MANY}")
    lab.page.wait_for_timeout(1000)
    rounds = [lab.page.evaluate(SCROLL) for _ in range(ROUNDS)]
    lab.page.close()
    for found in rounds:
        gap = statistics.median(found["gaps"])
        print(f"{found['height']} px: long tasks {found['long']}, median frame {gap:.1f} ms")
    assert min(sum(task > LONG_MS for task in found["long"]) for found in rounds) == 0


def test_the_server_is_set_to_hand_on_each_message_at_once(monkeypatch):
    settings = json.loads((COMMON_CONFIG / "jupyter_server_config.json").read_text())
    module, name = settings["ServerApp"]["kernel_websocket_connection_class"].rsplit(".", 1)
    connection = getattr(import_module(module), name)
    parent = connection.__mro__[1]
    told = []
    monkeypatch.setattr(parent, "__init__", lambda _: None)
    monkeypatch.setattr(parent, "connect", lambda _: told.append("connected"))
    handler = type("Handler", (), {"set_nodelay": lambda _, value: told.append(value)})()
    monkeypatch.setattr(connection, "websocket_handler", handler)
    connection().connect()
    assert told == [True, "connected"]
