// The students' page: join, answer, hear. The question is drawn by the quiz's own widget.
import view, { Model } from "../quiz/widget_live.js";
import { connect } from "./connection.js";
import { answers } from "./student_answers.js";
import { keep, kept, secret } from "./student_kept.js";

const at = (id) => document.getElementById(id);
const plain = (code) => code.replace(/%20|[\s-]/g, "").toUpperCase();
const LOST = "No connection: it is tried again by itself. What you see may be old.";
const OVER = "You are here from another place now: another tab, another phone or a notebook.";

let line = null;
let close = () => {};

function given() {
  const wanted = plain(location.hash.slice(1));
  return wanted || plain(new URLSearchParams(location.search).get("code") ?? "");
}

function start() {
  const code = given() || kept("last") || "";
  const known = code ? kept(code) : null;
  at("code").value = code;
  at("name").value = known?.name ?? "";
  if (known?.joined) enter(code, known);
  else ask();
}

function ask(words = "") {
  line?.close();
  line = null;
  close();
  close = () => {};
  at("join").hidden = false;
  at("leaving").hidden = true;
  at("title").textContent = document.title = "Join the class";
  tell(words);
  if (words) (document.activeElement.closest("#join") ? at("code") : at("title")).focus();
}

function tell(words, isTrouble = Boolean(words)) {
  at("said").textContent = words;
  at("said").toggleAttribute("data-trouble", isTrouble);
}

at("join").addEventListener("submit", (event) => {
  event.preventDefault();
  const [code, name] = [plain(at("code").value), at("name").value.trim()];
  if (code.length !== 6) return wrong("code", "The code has six letters; look at the screen.");
  if (!/[\p{L}\p{N}]/u.test(name)) return wrong("name", "Give a name with at least one letter or digit.");
  const before = kept(code);
  enter(code, { token: before?.token ?? secret(), name, joined: before?.joined ?? false });
});

function wrong(id, words) {
  tell(words);
  at(id).focus();
}

function enter(code, who) {
  line?.close();
  close();
  keep(code, who);
  keep("last", code);
  tell("Connecting…", false);
  let isIn = false;
  const meeting = { code, title: "", name: who.name, who: "", note: "" };
  const state = { round: -1 };
  const values = { meeting, state, board: { phase: "" }, line: { kind: "connecting", words: "" } };
  const model = new Model(values, (content) => {
    if (content.kind === "answer") mine.take(content);
    else if (content.kind === "come") own.again();
  });
  const mine = answers({
    name: code,
    say: (message) => own?.send(message) ?? false,
    show: (now) => model.set("state", now),
  });
  const show = () => {
    isIn = true;
    keep(code, { ...who, joined: true });
    at("join").hidden = true;
    at("leaving").hidden = false;
    tell("");
    view.initialize({ model });
    const remove = view.render({ model, el: at("live") });
    close = () => {
      remove();
      at("live").replaceChildren();
    };
    at("title").focus();
  };
  const hear = {
    welcome: ({ title, quiz, you }) => {
      at("title").textContent = document.title = title || quiz;
      model.set("meeting", { ...model.get("meeting"), name: you.name, who: you.who });
    },
    you: ({ name }) => model.set("meeting", { ...model.get("meeting"), name }),
    yours: mine.yours,
    saved: ({ key }) => mine.saved(key),
    refused: (message) => message.key && mine.refused(message),
  };
  const own = connect({
    hello: { v: 1, role: "student", code, token: who.token, name: who.name },
    onState: (board) => {
      mine.turn(board);
      model.set("board", board);
      if (board.phase === "ended") at("leaving").hidden = true;
    },
    onMessage: (message) => hear[message.type]?.(message),
    onStatus: (status) => {
      if (status.kind === "over" && !isIn) {
        if (status.why === "removed" || status.why === "code") keep(code, null);
        return ask(status.words || "The class has ended the connection.");
      }
      if (!isIn && status.kind === "open") show();
      if (!isIn) return tell(status.words || (status.kind === "lost" ? LOST : "Connecting…"), status.kind === "lost");
      model.set("line", spoken(status));
      if (status.kind === "open") mine.transmit();
    },
  });
  line = own;
  at("leave").onclick = () => {
    mine.forget();
    keep(code, null);
    ask();
    at("name").focus();
  };
}

function spoken({ kind, code, words, why }) {
  if (kind === "open") return { kind, words: "" };
  if (kind === "connecting") return { kind, words: "Connecting…" };
  if (kind === "lost") return { kind, words: words || LOST, act: "Try now" };
  if (code === 4001) return { kind, words: OVER, act: "Go on here" };
  if (code === 4003 || why === "removed") return { kind, words, act: "Try again" };
  return { kind, words: words || "The class has ended the connection." };
}

addEventListener("hashchange", start);
start();
