// What comes back: the verdict on an answer, and what a function's examples gave.
import { make, signed, written } from "./widget_page.js";

const VERDICTS = {
  right: ["✓", "right."],
  partly: ["◐", "partly right."],
  wrong: ["✗", "not right yet."],
};

function verdict(kind, head, ...rest) {
  const strong = make("strong", {}, ...signed(VERDICTS[kind][0], head));
  const words = make("div", { dir: "auto" }, ...rest);
  return make("div", { class: "course-heard", "data-kind": kind }, strong, " ", words);
}

export function heard(feedback) {
  if (!feedback) return [];
  const { kind, answer, text, parts } = feedback;
  const told = VERDICTS[kind][1];
  const each = parts.map((part) => {
    const words = `${part.name}: ${part.right ? "right." : "not right."}`;
    return verdict(part.right ? "right" : "wrong", words, ...written(part.text));
  });
  const head = answer ? `${answer}: ${told}` : told[0].toUpperCase() + told.slice(1);
  return [verdict(kind, head, ...written(text)), ...each];
}

// A function is answered in the notebook, so nothing is filled in here.
export function examples(item, { examples: tried }) {
  if (!item.function) return [];
  const name = make("code", { dir: "ltr" }, item.function);
  const where = make("div", { class: "course-note" }, "Your answer is the function ", name);
  where.append(" in this notebook. After a change, run its cell, then this one.");
  const summary = tried ? [make("div", {}, make("strong", {}, tried.summary))] : [];
  return [where, ...summary, ...(tried?.cases ?? []).map(example)];
}

function example({ right, text }) {
  const sign = make("strong", {}, ...signed(VERDICTS[right ? "right" : "wrong"][0]));
  const words = make("code", { class: "course-pre", dir: "ltr" }, sign, text);
  return make("div", { class: "course-heard", "data-kind": right ? "right" : "wrong" }, words);
}
