// What only this browser knows: answers that are not saved yet, kept where a reload finds them.
//
// All widgets of a page share one shelf, so that each can say how the whole quiz stands. An item's
// key is `folder/id`; its draft is {response, confidence, at}.

const shelf = (globalThis[Symbol.for("course-quiz")] ??= {
  drafts: new Map(),
  progress: new Map(),
  watchers: new Set(),
});

const storage = (key) => `course-quiz:${key}`;
const folder = (key) => key.slice(0, key.lastIndexOf("/"));

export function keep(item, draft) {
  if (item.practice) return; // what counts for nothing is not kept
  const before = shelf.drafts.get(item.key);
  if (draft === null) shelf.drafts.delete(item.key);
  else shelf.drafts.set(item.key, { line: item.line, draft });
  try {
    if (draft === null) sessionStorage.removeItem(storage(item.key));
    else sessionStorage.setItem(storage(item.key), JSON.stringify(draft));
  } catch {} // storage may be switched off
  if (!before !== (draft === null)) tellAll(item.key);
}

export function kept(item) {
  try {
    return item.practice ? null : JSON.parse(sessionStorage.getItem(storage(item.key)));
  } catch {
    return null;
  }
}

// The quiz as a whole: {saved, of, unsaved}; of two news the later holds.
export function progress(key, news = null) {
  const known = shelf.progress.get(folder(key));
  if (news && !(known?.at >= news.at)) {
    shelf.progress.set(folder(key), news);
    if (known?.saved !== news.saved) tellAll(key);
  }
  return { ...shelf.progress.get(folder(key)), unsaved: drafts(key).length };
}

const drafts = (key) =>
  [...shelf.drafts].filter(([each]) => folder(each) === folder(key)).map(([, kept]) => kept);

export function watch(call) {
  shelf.watchers.add(call);
  return () => shelf.watchers.delete(call);
}

function tellAll(key) {
  for (const call of [...shelf.watchers]) call(folder(key));
}

export const isOf = (item, quiz) => folder(item.key) === quiz;

// The drafts as lines of the journal, to be handed in by hand: a line is what the kernel writes.
export function download(key) {
  const lines = drafts(key).map(({ line, draft: { response, confidence, at } }, number) => {
    const rest = confidence ? { confidence } : {};
    return JSON.stringify({ v: 1, ...line, response, ...rest, seq: number + 1, at });
  });
  const text = new Blob([lines.map((line) => `${line}\n`).join("")], { type: "text/plain" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(text);
  link.download = `answers-${drafts(key)[0]?.line.assignment ?? "quiz"}.jsonl`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
