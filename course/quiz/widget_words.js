// How things stand, in words: what is saved, what is not, and what to do.

export const AGAIN =
  "NOT SAVED: run this cell again. If the kernel was restarted, choose Run ▸ Run All Cells.";
const SILENT = "No reply: run this cell again.";

// [kind, sign, text] of the line beside the button.
export function status({ draft, waiting, trouble, refused, gone }, state, item) {
  const { response, note, problem } = state;
  const practice = item.practice;
  if (trouble) return ["trouble", "⚠", practice ? SILENT : trouble];
  if (waiting) return ["waiting", "", practice ? "Checking…" : "Saving…"];
  if (refused) return ["refused", "⚠", practice ? refused : `Not saved: ${refused}`];
  if (gone && draft !== null) return ["trouble", "⚠", practice ? SILENT : AGAIN];
  if (problem) return ["trouble", "⚠", problem];
  if (draft !== null) return ["open", "", todo(response !== null, practice)];
  if (response === null) return ["open", "", ""];
  if (practice) return ["saved", "✓", `Checked. ${note}`.trim()];
  return ["saved", "✓", `Saved. ${note}`.trim()];
}

function todo(changed, practice) {
  if (practice) return "Press Check; nothing is saved.";
  return changed ? "Changed: press Submit to save." : "Press Submit to save.";
}

export const attempts = ({ attempts_left: left }) =>
  left === null || left === undefined
    ? ""
    : `${left || "No"} ${left === 1 ? "attempt" : "attempts"} left.`;

// Under which conditions the item is answered.
export function terms(item, state, now = new Date()) {
  if (item.practice) {
    return "Practice: nothing is saved and nothing counts. Repeat it as often as you like.";
  }
  const isClosed = item.closes && new Date(item.closes) <= now;
  const left = isClosed ? "" : attempts(state);
  return [left, opening(item, now), closing(item, now)].filter(Boolean).join(" ");
}

const opening = ({ opens }, now) =>
  opens && new Date(opens) > now ? `Opens ${moment(opens, now)}.` : "";

function closing({ closes }, now) {
  if (!closes) return "";
  if (new Date(closes) > now) return `Closes ${moment(closes, now)}.`;
  return `Closed since ${moment(closes, now)}: new answers are not taken.`;
}

// `5 March, 18:00 your time`
export function moment(time, now) {
  const date = new Date(time);
  const year = date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "long", ...year });
  const hour = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return `${day}, ${hour} your time`;
}

export function isOver(item, state, now = new Date()) {
  if (item.practice) return false;
  const { attempts_left: left } = state;
  return left === 0 || (item.closes && new Date(item.closes) <= now) || isEarly(item, now);
}

const isEarly = ({ opens }, now) => Boolean(opens) && new Date(opens) > now;

// The quiz as a whole.
export function standing({ saved, of, unsaved }, item) {
  if (item.practice || !of) return "";
  const open = unsaved === 1 ? "1 change is not saved yet" : `${unsaved} changes are not saved yet`;
  return `${saved} of ${of} saved in this quiz${unsaved ? `; ${open}` : ""}.`;
}

export function downloading({ unsaved }) {
  const answers = unsaved === 1 ? "the answer that is" : `the ${unsaved} answers that are`;
  return `The file holds ${answers} not saved. Keep it, and send it to your teacher.`;
}
