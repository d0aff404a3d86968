// The view of a live class: the same in the notebook, where the kernel talks with the class, and
// on the phone page, where the page does.
//
// The model holds four things. `meeting`: {code, title, name, who, note}. `line`: how the
// connection stands, {kind, words, act}. `board`: all there is to draw, the `state` message of
// course/live/messages.py. `state`: one's own answer in the board's round, as in widget.js, with
// `round` and what was `missed`. It is sent what widget.js sends, with the round; {kind: "come"}
// to connect again; and {kind: "here"} by a view that wants to know the time that is left.
import asked from "./widget.js";
import { direction, make, mark, say, signed } from "./widget_page.js";
import { settled } from "./widget_results.js";
import { choose, local } from "./widget_talk.js";

const BLANK = { response: null, confidence: null, feedback: null, note: "", problem: "", told: null };
const SHORT_S = 10; // so many seconds before the end it is said once more
const GONE = "The notebook's kernel has stopped: run this cell again. Saved answers stay saved.";

// What a view draws, where no notebook holds it.
export class Model {
  #calls = new Map();
  constructor(values, send) {
    this.values = values;
    this.send = send;
  }
  get(name) {
    return this.values[name];
  }
  set(name, value) {
    this.values[name] = value;
    this.trigger(`change:${name}`);
  }
  on(name, call) {
    this.#calls.set(name, [...(this.#calls.get(name) ?? []), call]);
  }
  off(name, call) {
    this.#calls.set(name, (this.#calls.get(name) ?? []).filter((each) => each !== call));
  }
  trigger(name) {
    for (const call of this.#calls.get(name) ?? []) call();
  }
}

export const own = (model) => {
  const state = model.get("state");
  return state?.round === model.get("board")?.round ? state : BLANK;
};

// `room` is what only this browser knows: the form of the round that is open, and when it ends.
function begin({ model }) {
  const room = { form: null, round: 0, ends: null, gone: false };
  model.set("room", room); // never sent: save_changes is not called
  follow(model, room);
  model.on("change:board", () => follow(model, room));
  model.on("change:state", () => take(model, room));
  model.on("comm_live_update", () => {
    room.gone = !reaches(model, { kind: "here" });
    room.form?.trigger("comm_live_update");
    model.set("look", {}); // nor is this
  });
  reaches(model, { kind: "here" });
}

function reaches(model, content) {
  try {
    model.send(content);
    return true;
  } catch {
    return false; // a closed channel throws
  }
}

function follow(model, room) {
  const { phase, round, item, ends_in_s: left } = model.get("board");
  room.ends = typeof left === "number" ? performance.now() + left * 1000 : null;
  if (phase !== "open") room.form = null;
  else if (!room.form || room.round !== round) {
    const { code, who } = model.get("meeting");
    const all = { ...item, key: `live/${code}/${who}/${round}`, line: {} };
    room.form = new Model({ item: all, state: own(model) }, (told) => model.send({ ...told, round }));
    asked.initialize({ model: room.form });
  }
  room.round = round;
  take(model, room);
}

function take(model, { form }) {
  if (!form || form.get("state") === own(model)) return;
  const state = own(model);
  form.set("state", state);
  const { draft, waiting } = local(form);
  const known = (given) => JSON.stringify([given.response, given.confidence ?? null]);
  if (draft && !waiting && known(draft) === known(state)) choose(form, draft); // it is saved by now
}

function draw({ model, el }) {
  const room = model.get("room");
  const who = make("div", { class: "course-note course-live-who", dir: "auto" });
  const line = make("div", { class: "course-live-line", role: "status", dir: "auto" });
  const come = make("button", { type: "button" });
  const actions = make("div", { class: "course-actions" }, line, come);
  const phase = make("div", { class: "course-live-phase", role: "status", dir: "auto" });
  const clock = make("div", { class: "course-live-clock", role: "timer" });
  const body = make("div", { class: "course-live-body", tabindex: "-1" });
  const note = make("div", { class: "course-note", dir: "auto" });
  const all = make("div", { class: "course-live" }, who, actions, phase, clock, body, note);
  come.addEventListener("click", () => reaches(model, { kind: "come" }));
  const show = bodyOf(body, model, room);
  const tick = () => {
    const left = room.ends === null ? null : Math.max(0, Math.ceil((room.ends - performance.now()) / 1000));
    clock.hidden = left === null;
    say(clock, left === null ? "" : `Time left: ${Math.floor(left / 60)}:${`${left % 60}`.padStart(2, "0")}`);
    say(phase, phaseWords(model, left));
  };
  const change = () => {
    const { kind, words, act } = model.get("line");
    const { title, code, name } = model.get("meeting");
    const isOver = model.get("board").phase === "ended";
    const told = room.gone ? ["lost", GONE] : isOver ? ["open", ""] : [kind, words];
    say(who, [title, code, name ? `you are ${name}` : ""].filter(Boolean).join(" · "));
    mark(line, "data-kind", told[0]);
    if (line.dataset.words !== told[1]) line.replaceChildren(...(told[1] ? signed("⚠", told[1]) : []));
    line.dataset.words = told[1];
    say(come, act ?? "");
    come.hidden = !act || room.gone || isOver;
    actions.hidden = !told[1];
    say(note, model.get("meeting").note ?? "");
    show.draw();
    tick();
  };
  const names = ["board", "state", "line", "meeting", "look"].map((name) => `change:${name}`);
  for (const name of names) model.on(name, change);
  const timer = setInterval(tick, 250);
  el.append(all);
  change();
  return () => {
    clearInterval(timer);
    for (const name of names) model.off(name, change);
    show.end();
  };
}

// The body: the form of the round that is open, or the question as it stands; drawn anew only
// where it is another, and the focus is not lost with what goes.
function bodyOf(body, model, room) {
  let drawn = null;
  let end = () => {};
  const draw = () => {
    const board = model.get("board");
    const now = room.form ?? JSON.stringify([board, own(model)]);
    if (now === drawn) return;
    drawn = now;
    const hadFocus = body.contains(document.activeElement);
    end();
    end = () => {};
    body.replaceChildren();
    if (room.form) end = asked.render({ model: room.form, el: body });
    else if (board.item && board.phase !== "ended") {
      const words = { class: "course-quiz", dir: direction(board.item.stem) };
      body.append(make("div", words, ...settled(board.item, own(model), board)));
    }
    if (hadFocus) body.focus();
  };
  return { draw, end: () => end() };
}

function phaseWords(model, left) {
  const board = model.get("board");
  const state = own(model);
  switch (board.phase) {
    case "lobby":
      return "You are in. Wait: your teacher chooses the first question.";
    case "asked":
      return "Read the question. You can answer as soon as your teacher opens it.";
    case "open": {
      const head = board.vote > 1 ? `Vote ${board.vote} is open: answer once more.` : "Open: answer now.";
      return left !== null && left <= SHORT_S ? `${head} ${SHORT_S} seconds left.` : head;
    }
    case "closed": {
      const saved = state.response === null ? state.missed || "No answer of yours was saved in time." : "Your answer is saved.";
      const next = board.histograms.length ? "This is how the class answered." : "Wait for your teacher.";
      return `Closed. ${saved} ${next}`;
    }
    case "revealed":
      return board.solution?.response === null ? "Your teacher talks about the answers." : "The right answer, and why:";
    case "ended":
      return "The meeting is over. Thank you for taking part.";
  }
  return "";
}

export default { initialize: begin, render: draw };
