// What is chosen, and the talk with the kernel about it.
import { keep, kept, progress } from "./widget_drafts.js";
import { AGAIN, isOver } from "./widget_words.js";

const PATIENCE_MS = 4000;
const START = { draft: null, seq: 0, waiting: false, trouble: "", refused: "", gone: false };

export const local = (model) => model.get("local") ?? START;

// What a view draws: the draft, else what is saved.
export const shown = (model) => local(model).draft ?? model.get("state");

function change(model, changes) {
  const now = { ...local(model), ...changes };
  model.set("local", now); // never sent: save_changes is not called
  keep(model.get("item"), now.draft);
}

const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

function isEmpty(response) {
  if (response === null || response.value === "") return true;
  return typeof response === "object" && Object.keys(response).length === 0;
}

function dated(response, confidence) {
  return { response: response ?? null, confidence: confidence ?? null, at: new Date().toISOString() };
}

export function choose(model, { response, confidence }) {
  const saved = model.get("state");
  const now = dated(response, confidence);
  const known =
    same(now.response, saved.response) || (saved.response === null && isEmpty(now.response));
  const nothingNew = known && same(now.confidence, saved.confidence);
  change(model, { draft: nothingNew ? null : now, trouble: "", refused: "" });
}

// `blank` is what an untouched view means: the order as it stands, else nothing.
export function submit(model, blank) {
  const { seq: last, waiting, draft, by } = local(model);
  const state = model.get("state");
  if (waiting || isOver(model.get("item"), state)) return;
  const limited = typeof state.attempts_left === "number";
  if (draft === null && state.response !== null && limited) return; // it would cost an attempt
  const sent = dated(shown(model).response ?? blank, shown(model).confidence);
  const seq = last + 1;
  change(model, { seq, waiting: true, sent, trouble: "", refused: "" });
  const { response, confidence } = sent;
  if (!isSent(model, { kind: "answer", by, seq, response, confidence })) lost(model, seq, "");
  else setTimeout(() => lost(model, seq, ""), PATIENCE_MS);
}

export function again(model) {
  if (!isSent(model, { kind: "again" })) change(model, { trouble: AGAIN });
}

function isSent(model, content) {
  try {
    model.send(content);
    return true;
  } catch {
    return false; // a closed channel throws
  }
}

function lost(model, seq, reason) {
  const now = local(model);
  if (now.seq !== seq || !now.waiting) return;
  const trouble = reason ? `NOT SAVED: ${reason}` : AGAIN;
  change(model, { waiting: false, draft: now.draft ?? now.sent, trouble });
}

// The kernel's reply comes with the state, in one message; `by` and `seq` say whose it is.
function answered(model) {
  const { told, progress: news } = model.get("state");
  const { draft, sent, seq, by, done } = local(model);
  if (news) progress(model.get("item").key, news);
  if (told?.by !== by || told.seq !== seq || done === seq) return change(model, {});
  if (told.lost) return lost(model, seq, told.message);
  const latest = draft ?? sent;
  const isSaved =
    told.saved && same(latest.response, sent.response) && same(latest.confidence, sent.confidence);
  const refused = told.saved ? "" : told.message;
  const now = { waiting: false, trouble: "", refused, done: seq };
  return change(model, { ...now, draft: isSaved ? null : draft });
}

export function initialize({ model }) {
  model.set("local", { ...START, by: Math.random().toString(36).slice(2) });
  choose(model, kept(model.get("item")) ?? model.get("state"));
  answered(model);
  model.on("change:state", () => answered(model));
  model.on("change:item", () => change(model, { draft: null, trouble: "", refused: "" }));
  model.on("comm_live_update", () => {
    change(model, { gone: !isSent(model, { kind: "are you there" }) });
    if (local(model).gone) lost(model, local(model).seq, "");
  });
}
