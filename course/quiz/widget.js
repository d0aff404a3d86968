// One view for every type of item.
//
// The model holds three things. `item`: what is asked. `state`: what the kernel has saved, its
// feedback, and its reply to the last send. `local`: what only this browser knows, the choice that
// is not saved yet (draft) and how its saving goes. Every view draws these and nothing else, so
// two views stay in step, and nothing that was typed is lost when the kernel is.
//
// Its modules, in reading order: widget_page, widget_fields, widget_types, widget_drafts,
// widget_words, widget_told, widget_talk; widget.py joins them into the one that is sent.
import { download, isOf, progress, watch } from "./widget_drafts.js";
import { choices } from "./widget_fields.js";
import { direction, make, mark, runCell, say, signed, written } from "./widget_page.js";
import { again, choose, initialize, local, shown, submit } from "./widget_talk.js";
import { examples, heard } from "./widget_told.js";
import { TYPES } from "./widget_types.js";
import { downloading, isOver, standing, status, terms } from "./widget_words.js";

function render({ model, el }) {
  let view = drawn(model);
  el.append(view.form);
  const draw = () => view.draw();
  const replace = () => {
    const old = view.form;
    const hadFocus = old.contains(document.activeElement);
    view = drawn(model);
    old.replaceWith(view.form);
    if (hadFocus) view.form.querySelector("input, select, textarea, button")?.focus();
  };
  const unwatch = watch((quiz) => isOf(model.get("item"), quiz) && view.drawStanding());
  model.on("change:local", draw);
  model.on("change:item", replace);
  return () => {
    unwatch();
    model.off("change:local", draw);
    model.off("change:item", replace);
  };
}

// The form of an item: what is asked, how to answer, what became of it.
function drawn(model) {
  const item = model.get("item");
  const name = `course-item-${Math.random().toString(36).slice(2)}`; // its own in each view
  const answer = TYPES[item.type](item, name);
  const sure = item.confidence ? confidence(name) : null;
  const fields = [...answer.inputs, ...(sure?.inputs ?? [])];
  const asked = question(item, answer, name);
  const parts = [reply(model, fields), standingLine(model)];
  const nodes = [asked.node, ...(sure ? [sure.node] : []), ...parts.flatMap((part) => part.nodes)];
  const all = { class: "course-quiz", novalidate: "", dir: direction(item.stem) };
  const form = make("form", all, ...nodes);
  const draw = () => {
    answer.write(shown(model).response ?? null);
    sure?.write(shown(model).confidence ?? null);
    asked.draw(model);
    parts.forEach((part) => part.draw());
  };
  listen(form, model, { answer, sure, draw });
  draw();
  return { form, draw, drawStanding: parts[1].draw };
}

function listen(form, model, { answer, sure, draw }) {
  const send = () => submit(model, answer.blank?.() ?? null);
  form.addEventListener("input", () => {
    if (isOver(model.get("item"), model.get("state"))) draw(); // back to what is saved
    else choose(model, { response: answer.read(), confidence: sure?.read() });
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  // Lab takes Enter from a text field in a cell, so a form's own way of submitting fails there.
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    const running = event.shiftKey || event.ctrlKey || event.altKey || event.metaKey;
    if (!running && event.target.tagName === "BUTTON") return;
    if (!running && event.target.tagName === "TEXTAREA") {
      event.stopPropagation(); // a new line
      return;
    }
    event.preventDefault();
    if (running) runCell(event);
    else send();
  });
}

// The stem, what to do, on which conditions, and the fields.
function question(item, answer, name) {
  const task = make("div", { class: "course-note", dir: "auto", id: `${name}-task` }, item.task);
  const condition = make("div", { class: "course-note", dir: "auto", id: `${name}-terms` });
  const about = { "aria-describedby": `${task.id} ${condition.id}` };
  const head = { class: "course-stem", dir: "auto", id: `${name}-stem` };
  const stem = answer.stem ?? written(item.stem);
  // gaps may not stand in a legend: there, and where nothing is filled in, a group does
  const isForm = !answer.stem && answer.inputs.length > 0;
  const legend = make(isForm ? "legend" : "div", head, ...stem);
  const group = isForm ? {} : { role: "group", "aria-labelledby": `${name}-task` };
  const inside = [legend, task, condition, ...answer.nodes];
  const node = make(isForm ? "fieldset" : "div", { ...group, ...about }, ...inside);
  const draw = (model) => {
    const words = terms(item, model.get("state"));
    say(condition, words);
    condition.hidden = !words;
  };
  return { node, draw };
}

function confidence(name) {
  const options = [
    { id: "sure", text: ["Sure"] },
    { id: "guess", text: ["A guess"] },
  ];
  const field = choices({ options }, `${name}-sure`, "radio");
  const legend = make("legend", {}, "How sure are you?");
  const node = make("fieldset", { class: "course-sure" }, legend, ...field.nodes);
  return { ...field, node };
}

// The button, how the saving went, and the feedback.
function reply(model, fields) {
  const item = model.get("item");
  const isCode = Boolean(item.function);
  const button = make("button", { type: "submit" }, item.practice ? "Check" : "Submit");
  const repeat = make("button", { type: "button" }, "Repeat, mixed again");
  repeat.addEventListener("click", () => {
    button.focus(); // this one goes away with the answer
    again(model);
  });
  const line = make("div", { class: "course-status", dir: "auto", role: "status" });
  const actions = make("div", { class: "course-actions" }, button, repeat, line);
  const earlier = make("div", { class: "course-note", dir: "auto" }, "For your saved answer:");
  const feedback = make("div", { class: "course-feedback", "aria-live": "polite" });
  actions.hidden = isCode;
  let told = null;
  const draw = () => {
    const state = model.get("state");
    const over = isOver(item, state);
    const { refused, draft } = local(model);
    for (const input of fields) {
      mark(input, "aria-disabled", over || input.dataset.end ? "true" : null);
      if (input.type !== "button") mark(input, "aria-invalid", refused ? "true" : null);
    }
    mark(button, "aria-disabled", over ? "true" : null);
    repeat.hidden = !item.practice || state.response === null;
    tell(line, status(local(model), state, item));
    earlier.hidden = draft === null || !state.feedback;
    if (told === state) return; // what has been said once is not said again
    told = state;
    feedback.replaceChildren(...heard(state.feedback), ...examples(item, state));
  };
  return { nodes: [actions, earlier, feedback], draw };
}

function tell(line, [kind, sign, text]) {
  line.dataset.kind = kind;
  const words = sign ? signed(sign, text) : [text];
  if (line.textContent !== (sign ? `${sign} ${text}` : text)) line.replaceChildren(...words);
}

// The quiz as a whole; where an answer cannot be saved, a way to take it along.
function standingLine(model) {
  const item = model.get("item");
  const line = make("div", { class: "course-note", dir: "auto" });
  const button = make("button", { type: "button" }, "Download my answers");
  const about = make("span", { class: "course-note", dir: "auto" });
  const rescue = make("div", { class: "course-actions" }, button, about);
  button.addEventListener("click", () => download(item.key));
  const draw = () => {
    const now = progress(item.key);
    const { trouble, gone } = local(model);
    say(line, standing(now, item));
    say(about, downloading(now));
    rescue.hidden = item.practice || !now.unsaved || !(trouble || gone || model.get("state").problem);
  };
  return { nodes: [rescue, line], draw };
}

export default { initialize, render };
