// The question that is on, with its bars and key as the instructor sees them, and the list of all.
import { make, mark, say } from "../quiz/widget_page.js";
import { histogram, moved } from "./bars.js";
import { areInBars, asked, solved } from "./drawing.js";
import { remember, remembered } from "./instructor_keys.js";

const SETTING = "course-live-key";
const at = (id) => document.getElementById(id);

// Whether the key is to be seen here before it is revealed: not at first, as many a computer shows
// the class the same as its owner.
export function keyBox(redraw) {
  at("key").checked = remembered(SETTING, "hidden") === "shown";
  at("key").addEventListener("change", () => {
    remember(SETTING, at("key").checked ? "shown" : "hidden");
    redraw();
  });
}

export function drawQuestion({ item, phase, private: { tallies, moves, solution } }) {
  at("question").hidden = !item;
  if (!item) return;
  const isRevealed = phase === "revealed";
  const isKnown = isRevealed || at("key").checked;
  const inBars = tallies.length > 0 && areInBars(item);
  at("key").parentElement.hidden = isRevealed;
  at("asked").replaceChildren(asked(item, { withOptions: !inBars }));
  const seen = ({ shown }) => (shown && phase === "closed" ? "seen by all" : "seen by you alone");
  const told = { key: isKnown && solution.response !== null, note: isRevealed ? undefined : seen };
  const bars = tallies.length ? [histogram(item, tallies, told)] : [];
  at("results").replaceChildren(...bars, ...(moves ? moved(moves, tallies.at(-1).vote) : []));
  at("solution").replaceChildren(...(isKnown ? [solved(item, solution, { all: true })] : []));
}

export function drawList(items, { phase, item, private: own }, { isOff, choose }) {
  const list = at("questions");
  const isFixed = isOff || phase === "open" || phase === "ended";
  if (!list.childElementCount) list.append(...items.map((each) => entry(each, choose)));
  for (const { id, votes, revealed } of own.items) {
    const button = list.querySelector(`[data-id="${CSS.escape(id)}"] > button`);
    const words = [
      votes ? `${votes} ${votes === 1 ? "vote" : "votes"}` : "",
      revealed ? "key revealed" : "",
    ];
    mark(button, "aria-current", id === item?.id ? "true" : null);
    mark(button, "aria-disabled", isFixed ? "true" : null);
    say(button.lastElementChild, words.filter(Boolean).join(", "));
  }
}

function entry({ id, stem }, choose) {
  const words = make(
    "span",
    { class: "live-stem", dir: "auto" },
    stem.replace(/\[\[[\w-]+\]\]/g, "…"),
  );
  const button = make(
    "button",
    { type: "button" },
    words,
    " ",
    make("span", { class: "live-quiet" }),
  );
  button.addEventListener("click", () => choose(id));
  return make("li", { "data-id": id }, button);
}
