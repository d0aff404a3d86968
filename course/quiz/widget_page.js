// The page, built from nodes, never from markup.

// Lab and Notebook leave the keys of an element with this attribute alone; each one needs it.
const OWN_KEYS = "data-lm-suppress-shortcuts";
const KEYED = new Set(["button", "input", "select", "textarea"]);

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  if (KEYED.has(tag)) node.setAttribute(OWN_KEYS, "true");
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// Changes an attribute only where it differs, so that nothing is announced or drawn twice.
export function mark(node, name, value) {
  if (value === null && node.hasAttribute(name)) node.removeAttribute(name);
  else if (value !== null && node.getAttribute(name) !== value) node.setAttribute(name, value);
}

export function say(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

// Inside a legend or a label only phrasing is allowed, so blocks are spans with a class.
const TAGS = {
  p: ["span", { class: "course-p" }],
  pre: ["code", { class: "course-pre", dir: "ltr" }],
  ul: ["span", { class: "course-ul", role: "list" }],
  ol: ["span", { class: "course-ol", role: "list" }],
  li: ["span", { class: "course-li", role: "listitem" }],
  code: ["code", { dir: "ltr" }],
  strong: ["strong", {}],
  em: ["em", {}],
};

// The nodes of a text; `gap(id)` is the node that takes the place of a mark [[id]].
export function written(tree, gap = null) {
  return tree.flatMap((branch) => {
    if (typeof branch === "string") return gap ? filled(branch, gap) : [branch];
    const [tag, attributes] = TAGS[branch[0]] ?? ["span", {}];
    return [make(tag, attributes, ...written(branch.slice(1), gap))];
  });
}

const filled = (text, gap) =>
  text.split(/\[\[([\w-]+)\]\]/).map((part, at) => (at % 2 ? gap(part) : part));

// A text without its marks: for the places that take no nodes.
export const letters = (tree) =>
  tree.map((branch) => (typeof branch === "string" ? branch : letters(branch.slice(1)))).join("");

// The direction of a text is that of its first letter.
const FROM_THE_RIGHT = /^\P{L}*[\p{sc=Hebr}\p{sc=Arab}\p{sc=Syrc}\p{sc=Thaa}\p{sc=Nkoo}\p{sc=Adlm}]/u;
export const direction = (tree) => (FROM_THE_RIGHT.test(letters(tree)) ? "rtl" : "ltr");

export function signed(sign, ...words) {
  return [make("span", { "aria-hidden": "true" }, `${sign} `), ...words];
}

// Shift, Ctrl or Alt with Enter runs a cell, from here as from anywhere else in the notebook.
export function runCell(event) {
  const cell = event.target.closest(".jp-Cell");
  cell?.focus();
  cell?.dispatchEvent(new KeyboardEvent(event.type, event)); // a copy, from the cell itself
}
