// The instructor's page: it draws what the server has told, and asks the server for the rest.
import { make, mark, say } from "../quiz/widget_page.js";
import { calmly, timer } from "./clock.js";
import { connect } from "./connection.js";
import { letterKeys } from "./instructor_keys.js";
import { meeting } from "./instructor_meeting.js";
import { people } from "./instructor_people.js";
import { drawList, drawQuestion, keyBox } from "./instructor_question.js";
import { steps } from "./instructor_steps.js";
import { answers, countsFor, joining, tellStatus, voteOf } from "./words.js";

const at = (id) => document.getElementById(id);
const TIMES = [null, 30, 60, 90, 120];

const secret = location.hash.slice(1);
const clock = timer(at("clock"));
const count = calmly(at("said"));
const pending = new Map(); // commands that the server has not answered yet, by id
const list = people(at("people"), at("people-count"), command);
const buttons = new Map();
let line = null;
let welcome = null;
let counts = { here: 0, joined: 0, answered: 0 };
let state = null;
let seconds = null;
let isConnected = false;

addEventListener("hashchange", () => location.reload());
const lettersAreOn = letterKeys(at("keys"), press);
at("keys").addEventListener("change", () => state && drawSteps());
keyBox(() => state && drawQuestion(state));
meeting({ secret, command, tell, code: () => welcome.code });
drawTimes();

if (secret) {
  line = connect({
    hello: { v: 1, role: "instructor", secret },
    onState(news) {
      counts = countsFor(counts, state, news);
      state = news;
      draw();
    },
    onMessage: hear,
    onStatus(status) {
      isConnected = status.kind === "open";
      if (!isConnected && pending.size) {
        pending.clear();
        tell("Your last step may not have arrived. See below how things stand.");
      }
      tellStatus(at("lost"), status, { again: () => line.again() });
      if (state) draw();
    },
  });
} else {
  tellStatus(at("lost"), { kind: "over", why: "code" }, {});
}

function hear(message) {
  if (message.type === "welcome") {
    welcome = message;
    list.clear();
    drawWelcome();
  }
  if (message.type === "people") list.take(message.people);
  if (message.type === "counts") {
    counts = message;
    drawCounts();
  }
  if (message.type === "done" || message.type === "refused") answered(message);
}

// what is asked of the server

function command(name, told = {}) {
  if (!isConnected) {
    tell("There is no connection, so nothing was done.");
    if (state) drawMeeting(); // a box goes back
    return;
  }
  const wanted = JSON.stringify([name, told]);
  if ([...pending.values()].includes(wanted)) return; // pressed twice
  const id = Math.random().toString(36).slice(2);
  pending.set(id, wanted);
  tell("");
  line.send({ type: "do", id, command: name, ...told });
}

function answered({ type, id, message }) {
  pending.delete(id);
  if (type === "done") return;
  tell(message);
  if (state) drawMeeting(); // a box goes back
}

function tell(words) {
  say(at("told"), words);
}

const choose = (item) => command("choose", { item });

function take(step) {
  if (step.why) tell(step.why);
  else command(step.command, step.told);
}

function press(letter) {
  if (!state) return false;
  const step = all().find((each) => each.letter === letter);
  if (step) take(step);
  return Boolean(step);
}

const all = () => [...steps(state, welcome.items, seconds), ...timing()];

// While a vote is open: more time, or as much as it takes.
function timing() {
  if (state.phase !== "open") return [];
  const left = state.ends_at === null ? 0 : Math.max(0, (state.ends_at - performance.now()) / 1000);
  const more = {
    name: "more",
    letter: "t",
    words: "30 s more",
    command: "time",
    told: { seconds: left + 30 },
    why: "",
  };
  if (state.ends_at === null) return [{ ...more, words: "End in 30 s" }];
  return [
    more,
    {
      name: "free",
      letter: "f",
      words: "No timer",
      command: "time",
      told: { seconds: null },
      why: "",
    },
  ];
}

// what is drawn

function draw() {
  at("all").hidden = false;
  drawNow();
  drawSteps();
  drawQuestion(state);
  drawList(welcome.items, state, { isOff: !isConnected, choose });
  drawMeeting();
}

function drawWelcome() {
  say(at("title"), welcome.title || welcome.quiz);
  document.title = `${at("title").textContent} · instructor`;
  const [address, code] = joining(welcome);
  at("join").replaceChildren("Students: ", address, " Code: ", code);
  at("screen").href = new URL(welcome.screen.replace(/^\//, ""), location.href).href;
}

const PHASES = {
  lobby: () => "No question is chosen yet",
  asked: () => "The question is chosen, not open yet",
  open: ({ vote }) => `${voteOf(vote)} is open`,
  closed: ({ vote }) => `${voteOf(vote)} is closed`,
  revealed: () => "The key is revealed",
  ended: () => "The meeting is over",
};

function drawNow() {
  const words = PHASES[state.phase](state);
  if (at("phase").textContent !== words) {
    say(at("phase"), words);
    say(at("heard"), `${words}.`);
    tell("");
  }
  clock.until(state.phase === "open" ? state.ends_at : null);
  const { advice } = state.private;
  at("advice").hidden = !advice || state.phase !== "closed";
  at("advice").replaceChildren(...(advice ? [make("strong", {}, "Advice "), advice.words] : []));
  drawCounts();
}

function drawCounts() {
  if (!state) return;
  const words = answers(counts, state.phase);
  say(at("counts"), words);
  count(words);
}

function drawSteps() {
  const now = all();
  for (const [name, button] of buttons) {
    button.hidden = !now.some((step) => step.name === name);
    if (button.hidden && button === document.activeElement) buttons.get("close").focus();
  }
  for (const step of now) drawStep(step);
  at("times").hidden = !["asked", "closed", "lobby"].includes(state.phase);
}

function drawStep(step) {
  if (!buttons.has(step.name)) {
    const made = make("button", { type: "button", class: "live-button" });
    made.addEventListener("click", () => take(all().find(({ name }) => name === step.name)));
    buttons.set(step.name, made);
    at(step.command === "time" ? "timing" : "steps").append(made);
  }
  const button = buttons.get(step.name);
  const key = lettersAreOn() ? step.letter : null;
  button.replaceChildren(
    step.words,
    ...(key ? [" ", make("kbd", { "aria-hidden": "true" }, key)] : []),
  );
  mark(button, "aria-keyshortcuts", key);
  mark(button, "aria-disabled", step.why || !isConnected ? "true" : null);
  mark(button, "data-next", step.isNext && isConnected ? "" : null);
}

function drawTimes() {
  for (const time of TIMES) {
    const input = make("input", { type: "radio", name: "time", value: time ?? "" });
    input.checked = time === seconds;
    input.addEventListener("change", () => (seconds = time));
    at("times").append(
      make("label", { class: "live-check" }, input, time ? ` ${time} s` : " no limit"),
    );
  }
}

function drawMeeting() {
  at("door").checked = !state.private.locked;
  mark(at("door"), "aria-disabled", state.phase === "ended" ? "true" : null);
  mark(at("end"), "aria-disabled", state.phase === "ended" ? "true" : null);
}
