// Who is in the meeting, and under which name: rename, remove, readmit.
import { make, say } from "../quiz/widget_page.js";

const MOST_ROWS = 200;

// `command(name, told)` asks the server. The list is drawn only while it is open.
export function people(details, summary, command) {
  const known = new Map();
  const rows = new Map();
  const filter = make("input", {
    type: "text",
    class: "live-field",
    id: "people-filter",
    autocomplete: "off",
  });
  const label = make("label", { for: "people-filter" }, "Find a name ");
  const list = make("ul", { class: "live-people", role: "list" });
  const more = make("p", { class: "live-quiet" });
  details.append(make("p", {}, label, filter), list, more);

  function draw() {
    const staying = [...known.values()].filter(({ removed }) => !removed);
    const away = staying.filter(({ here }) => !here).length;
    say(summary, `${staying.length} joined${away ? `, ${away} of them away` : ""}`);
    if (!details.open) return;
    const wanted = filter.value.trim().toLowerCase();
    const found = [...known.values()]
      .reverse()
      .filter(({ name }) => name.toLowerCase().includes(wanted));
    const shown = found.slice(0, MOST_ROWS).map(({ who }) => row(who).node);
    if (
      shown.length !== list.children.length ||
      shown.some((node, at) => list.children[at] !== node)
    ) {
      arrange(list, shown);
    }
    for (const { who } of found.slice(0, MOST_ROWS)) row(who).draw(known.get(who));
    const rest = found.length - shown.length;
    say(
      more,
      rest > 0 ? `${rest} more: find them by name.` : known.size ? "" : "Nobody has joined yet.",
    );
  }

  function row(who) {
    if (!rows.has(who)) rows.set(who, made(who, command));
    return rows.get(who);
  }

  details.addEventListener("toggle", draw);
  filter.addEventListener("input", draw);
  return {
    clear: () => known.clear(),
    take(news) {
      for (const person of news) known.set(person.who, person);
      draw();
    },
  };
}

// Moves nodes only where they stand elsewhere, so that the focus stays where it is.
function arrange(list, nodes) {
  for (const old of [...list.children]) if (!nodes.includes(old)) old.remove();
  nodes.forEach((node, at) => {
    if (list.children[at] !== node) list.insertBefore(node, list.children[at] ?? null);
  });
}

function made(who, command) {
  const name = make("span", { class: "live-name", dir: "auto" });
  const standing = make("span", { class: "live-quiet" });
  const rename = make("button", { type: "button", class: "live-button" });
  const remove = make("button", { type: "button", class: "live-button" });
  const buttons = make("span", { class: "live-row-buttons" }, rename, remove);
  const field = make("input", {
    type: "text",
    class: "live-field",
    maxlength: "40",
    autocomplete: "off",
    dir: "auto",
  });
  const save = make("button", { type: "submit", class: "live-button" }, "Save");
  const cancel = make("button", { type: "button", class: "live-button" }, "Cancel");
  const form = make("form", { novalidate: "", hidden: "" }, field, " ", save, " ", cancel);
  const node = make("li", {}, name, " ", standing, " ", buttons, form);
  let person = null;

  const editing = (on) => {
    form.hidden = !on;
    buttons.hidden = on;
    if (on) {
      field.value = person.name;
      field.focus();
      field.select();
    } else rename.focus();
  };
  rename.addEventListener("click", () => editing(true));
  cancel.addEventListener("click", () => editing(false));
  form.addEventListener("keydown", ({ key }) => key === "Escape" && editing(false));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    command("rename", { who, name: field.value });
    editing(false);
  });
  remove.addEventListener("click", () => command(person.removed ? "readmit" : "remove", { who }));

  const draw = (news) => {
    person = news;
    say(name, person.name);
    say(standing, person.removed ? "removed" : person.here ? "here" : "away");
    label(rename, "Rename", person.name);
    label(remove, person.removed ? "Readmit" : "Remove", person.name);
    field.setAttribute("aria-label", `New name for ${person.name}`);
    node.toggleAttribute("data-removed", person.removed);
  };
  return { node, draw };
}

function label(button, words, name) {
  if (button.textContent === `${words} ${name}`) return;
  button.replaceChildren(words, make("span", { class: "live-unseen" }, ` ${name}`));
}
