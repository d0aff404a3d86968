// How many gave which answer, and who changed their mind: tables with bars in them, so that the
// numbers are there for everybody.
import { direction, make } from "../quiz/widget_page.js";
import { called, letter, optionText } from "./drawing.js";

// How many gave which answer: a table for each group, a column of bars for each vote. `tallies`
// are the server's; with `key` what is right is marked. `note(tally)` is said in a column's head.
export function histogram(item, tallies, { key = false, note = () => "" } = {}) {
  const last = tallies.slice(-3); // more columns than that can't be read
  const groups = last[0]?.groups ?? [];
  const tables = groups.map(({ id }) => table(item, id, last, { key, note }));
  return make("div", { class: "live-tables", "data-several": tables.length > 1 }, ...tables);
}

function table(item, id, tallies, { key, note }) {
  const groups = tallies.map((tally) => tally.groups.find((group) => group.id === id));
  const counts = tallies.map(({ answered }) => answered);
  const heads = tallies.map((tally, at) =>
    head(tally, { earlier: at < tallies.length - 1, key, note }),
  );
  const rows = inOrder(item, merged(groups)).map((row) => {
    const isRight = key && row.right;
    const cells = groups.map((group, at) =>
      cell(found(group, row.id), counts[at], at < groups.length - 1),
    );
    return make("tr", isRight ? { class: "live-right" } : {}, answer(item, id, row, key), ...cells);
  });
  if (groups.some(({ other }) => other)) {
    const words = make("th", { scope: "row" }, rows.length ? "Other answers" : "Answers");
    const cells = groups.map(({ other }, at) => cell(other, counts[at], at < groups.length - 1));
    rows.push(make("tr", {}, words, ...cells));
  }
  const name = called(item, id);
  const caption = make("caption", { dir: "auto" }, name || "How many gave which answer");
  caption.classList.toggle("live-unseen", !name);
  const top = make("tr", {}, make("th", { scope: "col" }, "Answer"), ...heads);
  const body = rows.length
    ? rows
    : [make("tr", {}, make("th", { scope: "row" }, "No answers to show"))];
  const all = { class: "live-bars", "data-votes": tallies.length, dir: direction(item.stem) };
  return make("table", all, caption, make("thead", {}, top), make("tbody", {}, ...body));
}

function head({ vote, answered, right, shown }, { earlier, key, note }) {
  const count = `${answered} ${answered === 1 ? "answer" : "answers"}`;
  const share = key && answered && right !== undefined ? `, ${right} right` : "";
  const more = note({ vote, shown });
  const words = [
    make("strong", {}, `Vote ${vote}`),
    " ",
    make("bdi", {}, `${count}${share}${more && `, ${more}`}`),
  ];
  return make("th", { scope: "col", ...(earlier ? { "data-earlier": "" } : {}) }, ...words);
}

// The rows of all votes, in the order of the last one.
function merged(groups) {
  const rows = new Map();
  for (const group of [...groups].reverse()) {
    for (const row of group.rows) if (!rows.has(row.id)) rows.set(row.id, row);
  }
  return [...rows.values()];
}

// Options as they stand in the item; all else as it comes.
function inOrder(item, rows) {
  const place = ({ id }) => item.options.findIndex((option) => option.id === id);
  return [...rows].sort((one, other) => place(one) - place(other));
}

// null: it may be among the others, which were not told one by one.
function found(group, id) {
  const row = group.rows.find((each) => each.id === id);
  return row ? row.count : group.other ? null : 0;
}

function answer(item, group, row, key) {
  const of = item.gaps?.find(({ id }) => id === group) ?? item;
  const option = of.options?.find(({ id }) => id === row.id);
  const steps = () => row.id.split(", ").map((id) => letter(item, id));
  const label = item.type === "order" ? steps().join(", ") : row.label;
  const plain = [make("span", { class: "course-text", dir: "auto" }, label)];
  const words = option ? optionText(of, option) : plain;
  const isRight = key && row.right;
  const sign = make("span", { class: "live-sign" }); // the style draws it
  const told = isRight ? [make("span", { class: "live-unseen" }, " (right)")] : [];
  const inside = make("div", { class: "live-answer" }, ...(key ? [sign] : []), ...words, ...told);
  return make("th", { scope: "row" }, inside);
}

function cell(count, answered, earlier) {
  const share = count && answered ? Math.round((100 * count) / answered) : 0;
  const words = count === null ? "–" : answered ? `${count} (${share}\u00a0%)` : `${count}`;
  const bar = {
    class: "live-bar",
    style: `--share: ${share}%`,
    ...(share ? {} : { "data-empty": "" }),
  };
  const track = make("div", { class: "live-track", "aria-hidden": "true" }, make("span", bar));
  const inside = make(
    "div",
    { class: "live-cell" },
    track,
    make("span", { class: "live-count", dir: "ltr" }, words),
  );
  return make("td", earlier ? { "data-earlier": "" } : {}, inside);
}

const MOVES = [
  ["wrong_right", "Wrong, then right"],
  ["right_wrong", "Right, then wrong"],
  ["right_right", "Right both times"],
  ["wrong_wrong", "Wrong both times"],
];

// Who changed their mind from the last vote but one to the last.
export function moved(moves, vote) {
  const all = MOVES.reduce((sum, [name]) => sum + moves[name], 0);
  const rows = MOVES.map(([name, words]) => {
    const kind = name === "wrong_right" ? { class: "live-right" } : {};
    return make("tr", kind, make("th", { scope: "row" }, words), cell(moves[name], all, false));
  });
  const caption = make("caption", {}, `From vote ${vote - 1} to vote ${vote}`);
  const people = `${all} answered both times`;
  const top = make(
    "tr",
    {},
    make("th", { scope: "col" }, "Change"),
    make("th", { scope: "col" }, people),
  );
  const body = make("tbody", {}, ...rows);
  const made = make(
    "table",
    { class: "live-bars live-moves", "data-votes": 1 },
    caption,
    make("thead", {}, top),
    body,
  );
  const alone = `${moves.only_before} answered only in vote ${vote - 1}, ${moves.only_after} only in vote ${vote}.`;
  const some = moves.only_before + moves.only_after > 0;
  return some ? [made, make("div", { class: "live-quiet live-alone" }, alone)] : [made];
}

// The same in a sentence, for where there is little room.
export function movedInWords(moves, vote) {
  const number = (name) => make("strong", {}, `${moves[name]}`);
  return make(
    "p",
    {},
    `From vote ${vote - 1} to vote ${vote}: `,
    number("wrong_right"),
    " changed from wrong to right, ",
    number("right_wrong"),
    " from right to wrong; ",
    number("right_right"),
    " stayed right, ",
    number("wrong_wrong"),
    " stayed wrong.",
  );
}
