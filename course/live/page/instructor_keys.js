// One letter for a step. Only where nothing is typed, and only as long as it is switched on, since
// somebody who speaks to the computer would set them off (WCAG 2.1.4).
const SETTING = "course-live-keys";
const TYPED = "input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable]";

// `press(letter)` takes the step; returns whether letters are on, asked anew each time.
export function letterKeys(box, press) {
  box.checked = remembered(SETTING, "on") === "on";
  box.addEventListener("change", () => remember(SETTING, box.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    const { key, target, ctrlKey, altKey, metaKey, repeat, isComposing } = event;
    if (!box.checked || ctrlKey || altKey || metaKey || repeat || isComposing) return;
    if (target.matches?.(TYPED)) return;
    if (press(key.toLowerCase())) event.preventDefault();
  });
  return () => box.checked;
}

export function remembered(name, otherwise) {
  try {
    return localStorage.getItem(name) ?? otherwise;
  } catch {
    return otherwise; // storage may be switched off
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {}
}
