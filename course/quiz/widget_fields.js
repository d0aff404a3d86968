// What one value is typed or chosen in. A field has nodes, inputs, read() and write(response);
// read() gives null for what is still empty.
import { letters, make, say, written } from "./widget_page.js";

export function choices(item, name, type) {
  const inputs = item.options.map(({ id }) => make("input", { type, name, value: id }));
  const labels = item.options.map(({ id, text }, at) => {
    const sign = make("span", { class: "course-letter" }, item.lettered ? id : "");
    const words = make("span", { class: "course-text", dir: "auto" }, ...written(text));
    return make("label", { class: "course-option" }, inputs[at], sign, " ", words);
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

// A number with its unit; `names` are what its two inputs are called where no label stands.
export function number({ units }, name, names) {
  const kind = { type: "text", inputmode: "decimal", autocomplete: "off", size: "12", dir: "ltr" };
  const field = make("input", { ...kind, id: name });
  if (names) field.setAttribute("aria-label", names.value);
  const several = units.length > 1;
  const unit = several
    ? make("select", { "aria-label": names?.unit ?? "Unit" }, ...units.map(unitChoice))
    : make("span", { id: `${name}-unit` }, units[0]);
  if (!several && units[0]) field.setAttribute("aria-describedby", unit.id);
  // A unit typed behind the number is read by the kernel and goes before the one selected.
  const typedUnit = () => /[^\d\s.,eE+−-]/.test(field.value);
  const read = () => ({ value: field.value, unit: several && !typedUnit() ? unit.value : null });
  const write = (response) => {
    const value = plain(response?.value ?? "");
    if (field.value !== value) field.value = value; // else the cursor would jump
    if (several && units.includes(response?.unit)) unit.value = response.unit;
  };
  const shown = several || units[0] ? [field, unit] : [field];
  return { nodes: shown, inputs: several ? [field, unit] : [field], read, write };
}

const unitChoice = (unit) => make("option", { value: unit }, unit);

// One of a list that opens; its options can hold plain text only.
export function list(options, attributes) {
  const rows = options.map(({ id, text }) => make("option", { value: id }, letters(text)));
  const field = make("select", attributes, make("option", { value: "" }, "Choose…"), ...rows);
  const read = () => field.value || null;
  const write = (id) => {
    if (field.value !== (id ?? "")) field.value = id ?? "";
  };
  return { nodes: [field], inputs: [field], read, write };
}

export function words(attributes, { lines = 1 } = {}) {
  const field =
    lines > 1
      ? make("textarea", { rows: lines, dir: "auto", ...attributes })
      : make("input", { type: "text", autocomplete: "off", dir: "auto", ...attributes });
  const read = () => field.value || null;
  const write = (text) => {
    if (field.value !== (text ?? "")) field.value = text ?? "";
  };
  return { nodes: [field], inputs: [field], read, write };
}

// How long a text is, and when it is too long: nothing is cut off in silence.
export function counted(field, most, id) {
  const count = make("div", { class: "course-note", dir: "auto", id });
  const [input] = field.inputs;
  input.setAttribute("aria-describedby", id);
  const draw = () => {
    const length = [...input.value].length;
    const over = length - most;
    const told = `${length.toLocaleString("en")} of ${most.toLocaleString("en")} characters`;
    say(count, over > 0 ? `${told}: ${over.toLocaleString("en")} too many.` : `${told}.`);
  };
  const write = (text) => {
    field.write(text);
    draw();
  };
  input.addEventListener("input", draw);
  return { ...field, nodes: [...field.nodes, count], write };
}
