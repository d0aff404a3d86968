// How each type of item is answered: a field of its own, or several.
import { choices, counted, list, number, words } from "./widget_fields.js";
import { letters, make, mark, say, written } from "./widget_page.js";

const single = (item, name) => choices(item, name, "radio");
const multiple = (item, name) => choices(item, name, "checkbox");

function numeric(item, name) {
  const field = number(item, name);
  const label = make("label", { for: name }, "Your number");
  return { ...field, nodes: [make("div", { class: "course-number" }, label, ...field.nodes)] };
}

function text(item, name) {
  const field = words({ id: name }, { lines: item.lines });
  const label = make("label", { for: name }, "Your answer");
  const whole = counted(field, item.most, `${name}-count`);
  return { ...whole, nodes: [make("div", { class: "course-words" }, label, ...whole.nodes)] };
}

// Several fields that make one answer, by their ids; what is empty is left out.
function together(fields) {
  const read = () => {
    const all = Object.entries(fields).map(([id, field]) => [id, field.read()]);
    return Object.fromEntries(all.filter(([, value]) => value !== null && value.value !== ""));
  };
  const write = (response) => {
    for (const [id, field] of Object.entries(fields)) field.write(response?.[id] ?? null);
  };
  return { inputs: Object.values(fields).flatMap((field) => field.inputs), read, write };
}

const LONG = 28; // characters of a choice that a narrow list still shows in full

function match(item, name) {
  const isLong = ({ text }) => letters(text).length > LONG || text.flat(3).includes("code");
  const told = item.options.some(isLong);
  const fields = {};
  const rows = item.prompts.map(({ id, text }, at) => {
    const label = make("label", { for: `${name}-${at}`, dir: "auto" }, ...written(text));
    fields[id] = list(item.options, { id: `${name}-${at}` });
    return make("div", { class: "course-pair" }, label, ...fields[id].nodes);
  });
  const key = item.options.map(({ text }) =>
    make("li", {}, make("span", { class: "course-text", dir: "auto" }, ...written(text))),
  );
  const shown = told ? [make("ul", { class: "course-key", "aria-label": "Choices" }, ...key)] : [];
  return { ...together(fields), nodes: [...shown, ...rows] };
}

// The gaps stand in the stem; each is called by its number, which is also to be seen.
function cloze(item, name) {
  const fields = {};
  const gap = (id) => {
    const at = item.gaps.findIndex((each) => each.id === id);
    if (at < 0 || fields[id]) return `[[${id}]]`;
    const called = `Gap ${at + 1} of ${item.gaps.length}`;
    fields[id] = gapField(item.gaps[at], `${name}-${at}`, called);
    const sign = make("span", { class: "course-gap-number", "aria-hidden": "true" }, `${at + 1}`);
    return make("span", { class: "course-gap", dir: "auto" }, sign, ...fields[id].nodes);
  };
  const stem = written(item.stem, gap);
  return { ...together(fields), stem, nodes: [] };
}

function gapField(gap, name, called) {
  if (gap.type === "single") return list(gap.options, { id: name, "aria-label": called });
  if (gap.type === "text") return words({ id: name, "aria-label": called, size: "14" });
  return number(gap, name, { value: `${called}, a number`, unit: `Unit of gap ${called.slice(4)}` });
}

function order(item, name) {
  const said = make("div", { class: "course-unseen", "aria-live": "polite" });
  const rows = new Map(item.options.map((option, at) => [option.id, row(option, `${name}-${at}`)]));
  const column = make("ol", { class: "course-order" }, ...[...rows.values()].map((each) => each.node));
  const read = () => [...column.children].map((node) => node.dataset.id);
  const renumber = () => {
    const ids = read();
    ids.forEach((id, at) => numberRow(rows.get(id), at, ids.length));
  };
  const write = (ids) => {
    const wanted = ids ?? item.options.map(({ id }) => id);
    if (read().join("\n") !== wanted.join("\n")) {
      // what has the focus stays where it is, and the others move around it
      const kept = column.contains(document.activeElement) && document.activeElement.closest("li");
      const nodes = wanted.map((id) => rows.get(id)?.node).filter(Boolean);
      const middle = Math.max(nodes.indexOf(kept), 0);
      nodes.slice(0, middle).forEach((node) => column.insertBefore(node, nodes[middle]));
      nodes.slice(middle + 1).forEach((node) => column.append(node));
    }
    renumber();
  };
  const move = (id, step) => {
    const ids = read();
    const at = ids.indexOf(id);
    const to = Math.min(Math.max(at + step, 0), ids.length - 1);
    ids.splice(to, 0, ...ids.splice(at, 1));
    const { words } = rows.get(id);
    say(said, "");
    if (to !== at) {
      write(ids);
      column.dispatchEvent(new Event("input", { bubbles: true }));
    }
    say(said, `${words}, ${to === at ? "still" : "now"} ${to + 1} of ${ids.length}`);
  };
  for (const [id, { up, down, handle, node }] of rows) {
    up.addEventListener("click", () => move(id, -1));
    down.addEventListener("click", () => move(id, 1));
    drag(handle, node, column, (step) => move(id, step));
  }
  renumber();
  const inputs = [...rows.values()].flatMap(({ up, down }) => [up, down]);
  return { nodes: [column, said], inputs, read, write, blank: () => item.options.map(({ id }) => id) };
}

function row({ id, text }, name) {
  const words = make("span", { class: "course-text", dir: "auto", id: name }, ...written(text));
  const at = make("span", { class: "course-place" });
  const handle = make("span", { class: "course-handle", "aria-hidden": "true" }, "⠿");
  const button = (step) => {
    const own = `${name}-${step}`;
    return make("button", { type: "button", id: own, "aria-labelledby": `${own} ${name}` }, step);
  };
  const [up, down] = ["Up", "Down"].map(button);
  const both = make("span", { class: "course-steps" }, up, down);
  const node = make("li", { class: "course-row", "data-id": id }, handle, at, words, both);
  return { node, up, down, handle, at, words: letters(text) };
}

function numberRow({ up, down, at }, index, count) {
  say(at, `${index + 1} of ${count}`);
  mark(up, "data-end", index === 0 ? "true" : null);
  mark(down, "data-end", index === count - 1 ? "true" : null);
}

// With the mouse or a finger: as far up or down as the pointer is.
function drag(handle, node, list, move) {
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const rows = [...list.children];
    const over = rows.findIndex((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      return event.clientY >= top && event.clientY < bottom;
    });
    if (over >= 0 && rows[over] !== node) move(over - rows.indexOf(node));
  });
}

// The answer stands in the notebook; here is what its examples gave when the cell ran.
const none = () => ({ nodes: [], inputs: [], read: () => null, write: () => {} });

export const TYPES = {
  single,
  multiple,
  numeric,
  order,
  match,
  cloze,
  text,
  code: none,
  measured: none,
};
