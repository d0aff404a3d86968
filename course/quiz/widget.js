// One view for every type of item.
//
// The model holds three things. `item`: what is asked. `state`: what the kernel has saved, and
// its feedback. `local`: what only this browser knows, the choice that is not saved yet (draft)
// and how its saving goes. Every view draws these and nothing else, so two views stay in step,
// and nothing that was typed is lost when the kernel is.

const PATIENCE_MS = 4000;
const AGAIN =
  "NOT SAVED: run this cell again. If the kernel was restarted, choose Run ▸ Run All Cells.";
// Lab and Notebook leave the keys of an element with this attribute alone; each one needs it.
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

// The page, built from nodes, never from markup.
function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Inside a legend or a label only phrasing is allowed, so blocks are spans with a class.
const TAGS = {
  p: ["span", { class: "course-p" }],
  pre: ["code", { class: "course-pre" }],
  ul: ["span", { class: "course-ul", role: "list" }],
  ol: ["span", { class: "course-ol", role: "list" }],
  li: ["span", { class: "course-li", role: "listitem" }],
  code: ["code", {}],
  strong: ["strong", {}],
  em: ["em", {}],
};

function written(nodes) {
  return nodes.map((node) => {
    if (typeof node === "string") return node;
    const [tag, attributes] = TAGS[node[0]] ?? ["span", {}];
    return make(tag, attributes, ...written(node.slice(1)));
  });
}

// What is chosen, what is saved.
const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

const START = { draft: null, seq: 0, waiting: false, trouble: "", refused: "", gone: false };
const local = (model) => model.get("local") ?? START;

function change(model, changes) {
  const now = { ...local(model), ...changes };
  model.set("local", now); // never sent: save_changes is not called
  keep(model.get("item").key, now.draft);
}

// A draft outlives its widget: whoever has to run the cell again finds it there.
function keep(key, draft) {
  try {
    if (draft === null) sessionStorage.removeItem(`course-quiz:${key}`);
    else sessionStorage.setItem(`course-quiz:${key}`, JSON.stringify(draft));
  } catch {} // storage may be switched off
}

function kept(key) {
  try {
    return JSON.parse(sessionStorage.getItem(`course-quiz:${key}`));
  } catch {
    return null;
  }
}

const empty = (response) => response === null || response.length === 0 || response.value === "";

function choose(model, response) {
  const saved = model.get("state").response;
  const nothingNew = same(response, saved) || (saved === null && empty(response));
  change(model, { draft: nothingNew ? null : response, trouble: "", refused: "" });
}

const shown = (model) => local(model).draft ?? model.get("state").response;

// The talk with the kernel.
function submit(model) {
  const { seq: last, waiting } = local(model);
  if (waiting) return;
  const seq = last + 1;
  const response = shown(model);
  change(model, { seq, waiting: true, sent: response, trouble: "", refused: "" });
  if (!isSent(model, { kind: "answer", seq, response })) lost(model, seq, "");
  else setTimeout(() => lost(model, seq, ""), PATIENCE_MS);
}

function lost(model, seq, reason) {
  const now = local(model);
  if (now.seq !== seq || !now.waiting) return;
  const trouble = reason ? `NOT SAVED: ${reason}` : AGAIN;
  change(model, { waiting: false, draft: now.draft ?? now.sent, trouble });
}

function answered(model, reply) {
  if (reply?.kind !== "answer" || reply.seq !== local(model).seq) return;
  if (reply.lost) return lost(model, reply.seq, reply.message);
  const { draft, sent } = local(model);
  const done = { waiting: false, trouble: "", refused: reply.saved ? "" : reply.message };
  change(model, { ...done, draft: reply.saved && same(draft ?? sent, sent) ? null : draft });
}

function isSent(model, content) {
  try {
    model.send(content);
    return true;
  } catch {
    return false; // a closed channel throws
  }
}

function initialize({ model }) {
  choose(model, kept(model.get("item").key) ?? model.get("state").response);
  model.on("msg:custom", (reply) => answered(model, reply));
  model.on("comm_live_update", () => {
    change(model, { gone: !isSent(model, { kind: "are you there" }) });
    if (local(model).gone) lost(model, local(model).seq, "");
  });
}

// The inputs of each type: nodes, read() the response, write(response).
function choices(item, name, type) {
  const common = { type, name, ...OWN_KEYS };
  const inputs = item.options.map(({ id }) => make("input", { ...common, value: id }));
  const labels = item.options.map(({ id, text }, at) => {
    const letter = make("span", { class: "course-letter" }, id);
    const words = make("span", { class: "course-text", dir: "auto" }, ...written(text));
    return make("label", { class: "course-option" }, inputs[at], letter, " ", words);
  });
  const chosen = () => inputs.filter((input) => input.checked).map((input) => input.value);
  const write = (ids) => inputs.forEach((input) => (input.checked = ids.includes(input.value)));
  return type === "radio"
    ? { nodes: labels, inputs, read: () => chosen()[0] ?? null, write: (id) => write([id]) }
    : { nodes: labels, inputs, read: chosen, write: (ids) => write(ids ?? []) };
}

// As the kernel writes it: 0.000000285 and not 2.85e-7, so that it can be compared and mended.
function plain(value) {
  const size = Math.abs(value);
  if (typeof value !== "number" || size >= 1e21 || size < 1e-15) return String(value);
  return value.toLocaleString("en-US", { useGrouping: false, maximumSignificantDigits: 15 });
}

function numeric(item, name) {
  const kind = { type: "text", inputmode: "decimal", autocomplete: "off", size: "12" };
  const field = make("input", { ...kind, id: name, ...OWN_KEYS });
  const several = item.units.length > 1;
  const units = item.units.map((unit) => make("option", { value: unit }, unit));
  const unit = several
    ? make("select", { "aria-label": "Unit", ...OWN_KEYS }, ...units)
    : make("span", { id: `${name}-unit` }, item.units[0]);
  if (!several) field.setAttribute("aria-describedby", unit.id);
  const label = make("label", { for: name }, "Your number");
  // A unit typed behind the number is read by the kernel and goes before the one selected.
  const typedUnit = () => /[^\d\s.,eE+−-]/.test(field.value);
  const read = () => ({ value: field.value, unit: several && !typedUnit() ? unit.value : null });
  const write = (response) => {
    const value = plain(response?.value ?? "");
    if (field.value !== value) field.value = value; // else the cursor would jump
    if (several && item.units.includes(response?.unit)) unit.value = response.unit;
  };
  const nodes = [make("div", { class: "course-number" }, label, field, unit)];
  return { nodes, inputs: several ? [field, unit] : [field], read, write };
}

const single = (item, name) => choices(item, name, "radio");
const multiple = (item, name) => choices(item, name, "checkbox");
const TYPES = { single, multiple, numeric };

// What is told.
function status(model) {
  const { draft, waiting, trouble, refused, gone } = local(model);
  const { response, note, problem } = model.get("state");
  const saved = response !== null;
  if (trouble) return ["trouble", trouble];
  if (waiting) return ["waiting", "Saving…"];
  if (refused) return ["refused", `Not saved: ${refused}`];
  if (gone && draft !== null) return ["trouble", AGAIN];
  if (problem) return ["trouble", problem];
  const todo = saved ? "Changed: press Submit to save." : "Press Submit to save.";
  if (draft !== null) return ["open", todo];
  return saved ? ["saved", `Saved. ${note}`.trim()] : ["open", ""];
}

const SIGNS = { saved: "✓", trouble: "⚠", refused: "⚠" };

function tell(line, model) {
  const [kind, text] = status(model);
  line.dataset.kind = kind;
  const sign = SIGNS[kind] ? [make("span", { "aria-hidden": "true" }, `${SIGNS[kind]} `)] : [];
  const before = line.textContent;
  if (before !== `${sign[0]?.textContent ?? ""}${text}`) line.replaceChildren(...sign, text);
}

function verdict(right, words, ...rest) {
  const sign = make("span", { "aria-hidden": "true" }, right ? "✓ " : "✗ ");
  const head = make("strong", {}, sign, words);
  const kind = right ? "right" : "wrong";
  return make("div", { class: "course-heard", "data-kind": kind, dir: "auto" }, head, " ", ...rest);
}

function heard(feedback) {
  if (!feedback) return [];
  const { right, answer, text, parts } = feedback;
  const words = `${answer}: ${right ? "right." : "not right yet."}`;
  const each = parts.map((part) => {
    const told = `${part.option}: ${part.right ? "right." : "not right."}`;
    return verdict(part.right, told, ...written(part.text));
  });
  return [verdict(right, words, ...written(text)), ...each];
}

// Shift, Ctrl or Alt with Enter runs a cell, from here as from anywhere else in the notebook.
function runCell(event) {
  const cell = event.target.closest(".jp-Cell");
  cell?.focus();
  cell?.dispatchEvent(new KeyboardEvent(event.type, event)); // a copy, from the cell itself
}

// A view.
function render({ model, el }) {
  const item = model.get("item");
  const name = `course-item-${Math.random().toString(36).slice(2)}`; // its own in each view
  const answer = TYPES[item.type](item, name);
  const line = make("div", { class: "course-status", role: "status", id: `${name}-status` });
  const earlier = make("div", { class: "course-earlier" }, "For your saved answer:");
  const feedback = make("div", { class: "course-feedback", "aria-live": "polite" });
  const legend = make("legend", { dir: "auto" }, ...written(item.stem));
  const task = make("div", { class: "course-task", id: `${name}-task` }, item.task);
  const group = make("fieldset", { "aria-describedby": task.id }, legend, task, ...answer.nodes);
  const button = make("button", { type: "submit", ...OWN_KEYS }, "Submit");
  const actions = make("div", { class: "course-actions" }, button, line);
  const parts = [group, actions, earlier, feedback];
  const form = make("form", { class: "course-quiz", novalidate: "" }, ...parts);

  const draw = () => {
    answer.write(shown(model));
    for (const input of answer.inputs) {
      if (local(model).refused) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
    tell(line, model);
    earlier.hidden = local(model).draft === null || !model.get("state").feedback;
  };
  const drawFeedback = () => feedback.replaceChildren(...heard(model.get("state").feedback));
  form.addEventListener("input", () => choose(model, answer.read()));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(model);
  });
  // Lab takes Enter from a text field in a cell, so a form's own way of submitting fails there.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    const running = event.shiftKey || event.ctrlKey || event.altKey || event.metaKey;
    if (event.target === button && !running) return;
    event.preventDefault();
    if (running) runCell(event);
    else submit(model);
  });
  model.on("change:local", draw);
  model.on("change:state", draw);
  model.on("change:state", drawFeedback);
  draw();
  drawFeedback();
  el.append(form);
}

export default { initialize, render };
