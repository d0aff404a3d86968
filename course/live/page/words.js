// What instructor and screen say in words: how to join, how many answered, a lost connection.
import { make } from "../quiz/widget_page.js";

export const voteOf = (vote) => `Vote ${vote}`;

const few = (count, one, many) => `${count} ${count === 1 ? one : many}`;

export function answers({ here, answered }, phase) {
  const people = few(here, "person here", "people here");
  if (phase === "open") return `${answered} of ${Math.max(here, answered)} answered`;
  if (phase === "closed" || phase === "revealed")
    return `${few(answered, "answer", "answers")}, ${people}`;
  return people;
}

// The counts that hold until the server tells new ones: nobody has answered in a new round.
export function countsFor(counts, before, now) {
  const isSame = before?.round === now.round && before?.item?.id === now.item?.id;
  return isSame ? counts : { ...counts, answered: 0 };
}

// Where students go, and with which code: two nodes. A page that was opened on the computer
// itself knows only its own name for it, so the server says what others call it.
export function joining({ addresses, code }) {
  const own = new URL(".", location.href).href;
  const isOnlyHere = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  const [, scheme, rest] = (isOnlyHere && addresses?.[0] ? addresses[0] : own).match(
    /^(\w+:\/\/)(.*?)\/*$/,
  );
  const address = make("span", { class: "live-address" }, make("small", {}, scheme), rest);
  const halves = [code.slice(0, 3), code.slice(3)].map((half) => make("span", {}, half));
  return [address, make("span", { class: "live-code" }, ...halves)];
}

const OVER = {
  code: "This address belongs to another meeting. Open the one that was printed when the class was started.",
  nonsense: "This page is older than the server. Load it again.",
};

// A line at the top of the page as long as there is no connection.
export function tellStatus(node, { kind, words, why }, { again, fit }) {
  node.hidden = kind === "open" || (kind === "connecting" && node.hidden);
  if (kind === "lost" && !node.childElementCount) {
    const time = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    const told = `No connection since ${time}. What you see is how things stood then. It is tried again by itself.`;
    node.replaceChildren(make("span", {}, told), ...button("Try now", again));
  }
  if (kind === "over") {
    const told = OVER[why] ?? (words || "The connection has ended.");
    node.replaceChildren(make("span", {}, told), ...button("Connect again", again));
  }
  if (kind === "open") node.replaceChildren();
  fit?.();
}

function button(words, call) {
  if (!call) return [];
  const made = make("button", { type: "button", class: "live-button" }, words);
  made.addEventListener("click", call);
  return [made];
}
