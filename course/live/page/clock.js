// Time on a page: what is left of it, and how often something is said aloud.
import { say } from "../quiz/widget_page.js";

const TICK_MS = 200;

// Draws the seconds that are left into a node; `until(ends_at)` sets the end, null: no timer.
export function timer(node, { soon = 10 } = {}) {
  let end = null;
  let ticking = 0;
  const draw = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    say(node, minutes(left));
    node.toggleAttribute("data-soon", left <= soon);
    if (left === 0) clearInterval(ticking);
  };
  const until = (at) => {
    end = at;
    clearInterval(ticking);
    node.hidden = end === null;
    if (end === null) return;
    ticking = setInterval(draw, TICK_MS);
    draw();
  };
  return { until };
}

const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

// Says words in a live region no more often than every so many milliseconds: always the newest.
export function calmly(node, every = 5000) {
  let words = node.textContent;
  let last = -Infinity;
  let waiting = 0;
  const now = () => {
    waiting = 0;
    last = performance.now();
    say(node, words);
  };
  return (newest) => {
    words = newest;
    if (!waiting) waiting = setTimeout(now, Math.max(0, last + every - performance.now()));
  };
}
