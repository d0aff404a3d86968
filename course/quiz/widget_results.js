// A question that takes no answer now: what was asked, one's own answer, how the class answered,
// and, once that is told, what is right and why.
import { letters, make, written } from "./widget_page.js";
import { heard } from "./widget_told.js";

const BY_OPTION = ["single", "multiple"];

// `own` is the widget's state; histograms, moves and solution are those of the meeting's state.
export function settled(item, own, { histograms, moves, solution }) {
  const gap = (id) => `[${item.gaps.findIndex((each) => each.id === id) + 1} ____]`;
  const stem = written(item.stem, item.gaps ? gap : null);
  const nodes = [make("div", { class: "course-stem", dir: "auto" }, ...stem)];
  nodes.push(make("div", { class: "course-note", dir: "auto" }, item.task));
  const byOption = BY_OPTION.includes(item.type);
  if (byOption) nodes.push(optionRows(item, own, histograms, solution));
  else nodes.push(...parts(item), ...histograms.flatMap((one) => votes(item, one, histograms)));
  if (own.response !== null && !byOption) nodes.push(answerLine("Your answer", item, own.response));
  nodes.push(...heard(own.feedback));
  if (solution && !byOption) nodes.push(...solved(item, own, solution));
  if (moves) nodes.push(make("p", { class: "course-note" }, moved(moves)));
  return nodes;
}

// The options with what is known of each: chosen, right, how many chose it, and why.
function optionRows(item, own, histograms, solution) {
  const chosen = [own.response].flat();
  const rows = item.options.map(({ id, text }) => {
    const told = solution?.options.find((each) => each.id === id);
    const sign = make("span", { class: "course-letter" }, item.lettered ? id : "");
    const words = make("span", { class: "course-text", dir: "auto" }, ...written(text));
    const node = make("li", { class: "course-result" }, sign, " ", words, ...tags(chosen.includes(id), told));
    for (const one of histograms) {
      const found = one.groups[0].rows.find((each) => each.id === id);
      if (found) node.append(bar(found.count, one.answered, voteName(one, histograms)));
    }
    if (told && !(own.feedback && chosen.includes(id))) node.append(why(told.said));
    return node;
  });
  return make("ul", { class: "course-results", role: "list" }, ...rows);
}

function tags(isChosen, told) {
  const found = [];
  if (isChosen) found.push(make("strong", { class: "course-tag" }, "your answer"));
  if (told?.right) found.push(make("strong", { class: "course-tag", "data-kind": "right" }, "right"));
  return found;
}

const why = (text) => make("div", { class: "course-why", dir: "auto" }, ...written(text));

function bar(count, of, vote, label = "") {
  const share = of ? Math.round((100 * count) / of) : 0;
  const counted = `${vote}${count} of ${of}${of ? ` (${share} %)` : ""}`;
  const line = make("span", { class: "course-bar", "aria-hidden": "true" });
  line.style.setProperty("--course-share", `${share}%`);
  const words = make("span", { class: "course-count", dir: "ltr" }, counted);
  const called = label ? [make("span", { class: "course-text", dir: "auto" }, label)] : [];
  return make("div", { class: "course-share" }, ...called, words, line);
}

const voteName = ({ vote }, all) => (all.length > 1 || vote > 1 ? `Vote ${vote}: ` : "");

// What has no row of its own in a tally: options to be put in order, and what is to be matched.
function parts(item) {
  const nodes = [];
  if (item.prompts) nodes.push(named("To match", item.prompts, item));
  if (item.options.length) nodes.push(named("Choices", item.options, item));
  return nodes;
}

function named(label, rows, item) {
  const nodes = rows.map(({ id, text }) => {
    const name = rows === item.prompts ? [] : [make("span", { class: "course-letter" }, id), " "];
    const words = make("span", { class: "course-text", dir: "auto" }, ...written(text));
    return make("li", { class: "course-result" }, ...name, words);
  });
  return make("ul", { class: "course-results", role: "list", "aria-label": label }, ...nodes);
}

// A vote's tally, a list for each prompt or gap.
function votes(item, one, all) {
  return one.groups.map((group) => {
    const head = [`${voteName(one, all)}How the class answered`, groupName(item, group.id)];
    const rows = group.rows.map(({ count, label }) =>
      make("li", {}, bar(count, one.answered, "", rowName(item, group.id, label))),
    );
    if (!rows.length) rows.push(make("li", {}, one.answered ? `${one.answered} different answers.` : "No answers."));
    else if (group.other) rows.push(make("li", {}, bar(group.other, one.answered, "", "other answers")));
    const title = make("div", { class: "course-note" }, head.filter(Boolean).join(", "));
    return make("div", {}, title, make("ul", { class: "course-results", role: "list" }, ...rows));
  });
}

function groupName(item, id) {
  const at = item.gaps?.findIndex((gap) => gap.id === id) ?? -1;
  if (at >= 0) return `gap ${at + 1}`;
  const prompt = item.prompts?.find((each) => each.id === id);
  return prompt ? letters(prompt.text) : "";
}

function rowName(item, group, label) {
  const gap = item.gaps?.find((each) => each.id === group);
  const option = (gap ?? item).options?.find(({ id }) => id === label);
  return !option ? label : gap ? letters(option.text) : `${label}: ${letters(option.text)}`;
}

function solved(item, own, solution) {
  if (solution.response === null) return [];
  const line = answerLine("Right answer", item, solution.response);
  if (own.feedback?.kind === "right" || !solution.feedback) return [line];
  const { text, parts: each } = solution.feedback; // of several parts the text only counts them
  const told = each.filter((part) => letters(part.text)).map((part) => why([["p", ["strong", `${part.name}: `]], ...part.text]));
  return [line, ...(each.length || item.type === "order" ? told : [why(text)])];
}

function answerLine(label, item, response) {
  const head = make("strong", {}, `${label}: `);
  const words = inWords(item, response);
  if (!Array.isArray(words)) return make("p", { class: "course-own" }, head, make("bdi", {}, words));
  const rows = words.map((each) => make("li", { dir: "auto" }, each));
  const list = make("ul", { class: "course-results", role: "list" }, ...rows);
  return make("div", { class: "course-own" }, head, list);
}

// A response as people say it; several lines are a list.
function inWords(item, response) {
  const called = (options, id) => letters(options.find((each) => each.id === id)?.text ?? [String(id)]);
  if (item.type === "order") return response.map((id) => `${id}: ${called(item.options, id)}`);
  if (item.type === "match") {
    return item.prompts
      .filter(({ id }) => id in response)
      .map(({ id, text }) => `${letters(text)}: ${called(item.options, response[id])}`);
  }
  if (item.type === "cloze") {
    return item.gaps
      .map((gap, at) => [gap, at + 1])
      .filter(([{ id }]) => id in response)
      .map(([gap, at]) => `Gap ${at}: ${inGap(gap, response[gap.id], called)}`);
  }
  return amount(response);
}

const inGap = (gap, given, called) =>
  gap.type === "single" ? called(gap.options, given) : amount(given);

const amount = (given) =>
  typeof given === "object" ? `${given.value} ${given.unit ?? ""}`.trim() : String(given);

function moved({ wrong_right, right_wrong }) {
  const people = (count) => (count === 1 ? "1 person" : `${count} people`);
  const [better, worse] = [people(wrong_right), people(right_wrong)];
  return `Between the last two votes ${better} went from wrong to right, ${worse} from right to wrong.`;
}
