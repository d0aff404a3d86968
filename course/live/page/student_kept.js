// What the phone keeps of a meeting: who one is there, and an answer that is not saved yet. Where
// the browser keeps nothing (it may be told so), it lasts as long as the page.

const ours = new Map();

const stores = ["localStorage", "sessionStorage"];

export function kept(name) {
  const key = `course-live:${name}`;
  for (const store of stores) {
    try {
      const found = JSON.parse(globalThis[store].getItem(key));
      if (found) return found;
    } catch {} // switched off, or somebody else's
  }
  return ours.get(key) ?? null;
}

export function keep(name, value) {
  const key = `course-live:${name}`;
  ours.set(key, value);
  for (const store of stores) {
    try {
      if (value === null) globalThis[store].removeItem(key);
      else {
        globalThis[store].setItem(key, JSON.stringify(value));
        return;
      }
    } catch {} // full, or switched off
  }
}

// A secret of 22 signs; also where the page has no certificate, and so no randomUUID.
export function secret() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
