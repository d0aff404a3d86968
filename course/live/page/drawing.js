// What instructor and screen draw of an item: what is asked, and what is right and why.
import { direction, letters, make, written } from "../quiz/widget_page.js";

// What an option is called. Where students see options mixed and without letters, these are by
// their place, for the ids may stand in the order that is asked for.
export function letter(item, id) {
  if (!["order", "match"].includes(item.type)) return item.lettered ? id : "";
  return String.fromCharCode(65 + item.options.findIndex((option) => option.id === id));
}

// Whether the bars tell all options themselves.
export const areInBars = (item) => item.type !== "order";

// The item as it is read. Where bars stand beside the options, these are not drawn twice.
export function asked(item, { withOptions = true } = {}) {
  const gap = (id) => make("span", { class: "live-gap" }, called(item, id));
  const stem = make("div", { class: "course-stem", dir: "auto" }, ...written(item.stem, gap));
  const task = make(
    "div",
    { class: "course-note", dir: "auto" },
    item.task,
  );
  const parts = withOptions ? [task, ...prompts(item), ...options(item), ...gaps(item)] : [];
  const all = { class: "course-quiz live-asked", dir: direction(item.stem) };
  return make("div", all, stem, ...parts);
}

function options(item) {
  const rows = item.options.map((option) =>
    make("li", { class: "course-option" }, ...optionText(item, option)),
  );
  const head = item.type === "match" ? [make("h3", { class: "live-names" }, "Choices")] : [];
  return rows.length ? [...head, make("ul", { class: "live-options", role: "list" }, ...rows)] : [];
}

export function optionText(item, { id, text: words }) {
  const sign = make("span", { class: "course-letter" }, letter(item, id));
  return [sign, " ", make("span", { class: "course-text", dir: "auto" }, ...written(words))];
}

const prompts = (item) =>
  (item.prompts ?? []).map((prompt) =>
    make("div", { class: "course-pair", dir: "auto" }, make("span", {}, ...written(prompt.text))),
  );

function gaps(item) {
  return (item.gaps ?? []).map((gap) => {
    const units = gap.units.filter(Boolean).join(" or ");
    const kinds = { numeric: `a number${units ? ` in ${units}` : ""}`, text: "a short text" };
    const words = kinds[gap.type] ?? gap.options.map((option) => letters(option.text)).join(" / ");
    return make("div", { dir: "auto" }, `${called(item, gap.id)}: ${words}`);
  });
}

// What a part of an item is called: a prompt by its words, a gap by its number.
export function called(item, id) {
  const prompt = item.prompts?.find((each) => each.id === id);
  if (prompt) return letters(prompt.text);
  const at = item.gaps?.findIndex((each) => each.id === id) ?? -1;
  return at < 0 ? "" : `Gap ${at + 1}`;
}

// What is right and why; with `all` also what is said to each option that is not.
export function solved(item, solution, { all = false } = {}) {
  const { response, feedback } = solution;
  if (response === null) {
    return make(
      "div",
      { class: "live-solution" },
      "Each answers in their own words; a person reads them.",
    );
  }
  const others = all ? solution.options.filter((option) => !option.right) : [];
  return make(
    "div",
    { class: "live-solution course-quiz live-asked" },
    ...right(item, solution),
    ...others.map((option) => said("wrong", nameOf(item, option), option.said)),
  );
}

const nameOf = (item, option) => letter(item, option.id) || letters(option.text);

// What is right, in its parts: the right options, pairs or gaps, each with what is said to it.
function right(item, { response, feedback }) {
  const parts = feedback?.parts ?? [];
  const of = (id) => parts.find(({ name }) => name === called(item, id))?.text ?? [];
  const text = (id) => letters(optionOf(item, id).text);
  switch (item.type) {
    case "multiple":
      return parts.map((part) => said("right", part.name, part.text));
    case "match":
      return item.prompts.map(({ id }) =>
        said("right", `${called(item, id)}: ${text(response[id])}`, of(id)),
      );
    case "cloze":
      return item.gaps.map((gap) =>
        said("right", `${called(item, gap.id)}: ${filled(gap, response[gap.id])}`, of(gap.id)),
      );
    case "order": {
      const steps = response.map((id) =>
        make("li", { dir: "auto" }, `${letter(item, id)}: ${text(id)}`),
      );
      return [make("ol", {}, ...steps)];
    }
    case "numeric":
      return [said("right", feedback?.answer || filled(item, response), feedback?.text ?? [])];
    case "single":
      return [said("right", nameOf(item, optionOf(item, response)), feedback?.text ?? [])];
  }
  return [said("right", String(response), feedback?.text ?? [])];
}

const optionOf = (item, id) => item.options.find((option) => option.id === id);

// The sign before it is drawn by the style, and said in a word here.
function said(kind, name, tree) {
  const told = make("span", { class: "live-unseen" }, ` (${kind})`);
  const strong = make("strong", {}, name, told, tree.length ? ": " : "");
  const all = { class: "course-heard", "data-kind": kind, dir: "auto" };
  return make("div", all, strong, ...written(tree));
}

function filled(gap, response) {
  if (response === undefined) return "in one's own words";
  if (gap.type === "numeric") return `${response.value} ${response.unit ?? ""}`.trim();
  const option = gap.options?.find(({ id }) => id === response);
  return option ? letters(option.text) : String(response);
}
