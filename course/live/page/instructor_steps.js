// Which steps there are, which of them can be taken now, and which one comes next. Pure.
import { voteOf } from "./words.js";

const WHY = {
  lobby: "Choose a question first.",
  open: "Close the vote first.",
  asked: "Open the vote first.",
  revealed: "The key of this question is known now; choose another question.",
  ended: "The meeting is over.",
  shut: "No vote is open.",
};

// [{name, letter, words, command, told, why, isNext}]; `why` says why it can't be taken, or is "".
export function steps(state, items, seconds) {
  const { phase, vote, item } = state;
  const isShown = phase !== "open" && Boolean(state.private.tallies.at(-1)?.shown);
  const next = following(items, item?.id);
  const comes = upcoming(state, next);
  const mayReveal = phase === "closed" ? "" : WHY[phase];
  const all = [
    {
      name: "open",
      letter: "o",
      words: phase === "closed" ? `Open ${voteOf(vote + 1).toLowerCase()}` : "Open vote",
      command: "open",
      told: { seconds },
      why:
        phase === "asked" || phase === "closed"
          ? ""
          : phase === "open"
            ? "The vote is open already."
            : WHY[phase],
    },
    {
      name: "close",
      letter: "c",
      words: "Close vote",
      command: "close",
      why: phase === "open" ? "" : WHY[phase === "ended" ? phase : "shut"],
    },
    {
      name: "show",
      letter: "h",
      words: isShown ? "Hide bars" : "Show bars",
      command: isShown ? "hide" : "show",
      why: phase === "revealed" ? "The bars can be seen by all." : mayReveal,
    },
    { name: "reveal", letter: "r", words: "Reveal key", command: "reveal", why: mayReveal },
    {
      name: "next",
      letter: "n",
      words: item ? "Next question" : "First question",
      command: "choose",
      told: { item: next },
      why:
        phase === "open" || phase === "ended"
          ? WHY[phase]
          : next
            ? ""
            : "This was the last question.",
    },
  ];
  return all.map((step) => ({ ...step, isNext: step.name === comes }));
}

// After a close the advice says what comes next.
function upcoming({ phase, private: { advice } }, next) {
  if (phase === "closed") return ["teach", "discuss"].includes(advice?.do) ? "open" : "reveal";
  return { lobby: "next", asked: "open", open: "close", revealed: next ? "next" : "" }[phase];
}

function following(items, id) {
  const at = items.findIndex((item) => item.id === id);
  return items[at + 1]?.id ?? null;
}
