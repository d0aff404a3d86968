// The projector: how to join, what is asked, how many have answered; more only when it is shown.
import { make, say } from "../quiz/widget_page.js";
import { histogram, movedInWords } from "./bars.js";
import { calmly, timer } from "./clock.js";
import { connect } from "./connection.js";
import { areInBars, asked, solved } from "./drawing.js";
import { answers, countsFor, joining, tellStatus, voteOf } from "./words.js";

const at = (id) => document.getElementById(id);
const clock = timer(at("clock"));
const count = calmly(at("said"));

let welcome = null;
let counts = { here: 0, joined: 0, answered: 0 };
let state = null;

const secret = location.hash.slice(1);
addEventListener("hashchange", () => location.reload());
addEventListener("resize", fit);

if (secret) {
  const line = connect({
    hello: { v: 1, role: "screen", secret },
    onState(news) {
      counts = countsFor(counts, state, news);
      state = news;
      draw();
    },
    onMessage(message) {
      if (message.type === "welcome") welcome = message;
      if (message.type === "counts") {
        counts = message;
        drawCounts();
      }
    },
    onStatus: (status) => tellStatus(at("lost"), status, { again: () => line.again(), fit }),
  });
} else {
  tellStatus(at("lost"), { kind: "over", why: "code" }, {});
}

function draw() {
  say(at("title"), welcome.title || welcome.quiz);
  document.title = `${at("title").textContent} · live class`;
  const { phase } = state;
  const isBig = phase === "lobby";
  at("join").hidden = isBig || phase === "ended";
  const [address, code] = joining(welcome);
  at("join").replaceChildren(address, make("span", {}, make("small", {}, "Code "), code));
  at("main").className = `live-${phase}`;
  at("main").replaceChildren(...(isBig ? invitation() : phase === "ended" ? end() : question()));
  say(at("phase"), PHASES[phase](state));
  clock.until(phase === "open" ? state.ends_at : null);
  drawCounts();
  fit();
}

const PHASES = {
  lobby: () => "",
  asked: () => "Read the question. Voting is not open yet.",
  open: ({ vote }) => `${voteOf(vote)} is open.`,
  closed: ({ vote }) => `${voteOf(vote)} is closed.`,
  revealed: () => "The right answer is marked.",
  ended: () => "",
};

function invitation() {
  const [address, code] = joining(welcome);
  return [make("h2", {}, "Join at"), address, make("h2", {}, "with the code"), code];
}

const end = () => [
  make("h2", {}, "This class is over."),
  make("p", {}, "Thank you for taking part."),
];

function question() {
  const { item, histograms, moves, solution, phase } = state;
  const isRevealed = phase === "revealed";
  const withOptions = !isRevealed && !(histograms.length && areInBars(item));
  const nodes = [make("h2", { class: "live-unseen" }, "Question"), asked(item, { withOptions })];
  const key = isRevealed && solution.response !== null;
  if (histograms.length) nodes.push(histogram(item, histograms, { key }));
  else if (isRevealed) nodes.push(make("p", {}, "Nobody has answered."));
  if (solution) nodes.push(solved(item, solution));
  if (moves) nodes.push(movedInWords(moves, state.vote));
  return nodes;
}

function drawCounts() {
  if (!state) return;
  const words = state.phase === "ended" ? "" : answers(counts, state.phase);
  say(at("counts"), words);
  count(words);
}

// The largest letters with which all of it is on the screen; what is still too long is scrolled.
function fit() {
  const main = at("main");
  const height = document.documentElement.clientHeight;
  let [least, most] = [Math.round(height / 40), Math.round(height / 13)];
  while (least < most) {
    const size = Math.ceil((least + most) / 2);
    main.style.fontSize = `${size}px`;
    const fits = main.scrollHeight <= main.clientHeight && main.scrollWidth <= main.clientWidth;
    if (fits) least = size;
    else most = size - 1;
  }
  main.style.fontSize = `${least}px`;
  const isScrolled = main.scrollHeight > main.clientHeight;
  if (isScrolled)
    main.tabIndex = 0; // so that the keyboard can scroll it
  else main.removeAttribute("tabindex");
}
