// One's own answers: an answer is sent under one key until the server has saved or refused it.
//
// `say(message)` sends, and returns whether it could; `show(state)` draws one's own answer.
import { keep, kept, secret } from "./student_kept.js";

const PATIENCE_MS = 2500; // then it is told that nothing has come back yet
const AGAIN_MS = 1500;
const NO_LINE = "there is no connection to the class. It is sent by itself as soon as there is one.";
const NO_WORD = "no word from the class yet. It is sent again by itself.";
const CHANGE = "You can change it until the question is closed.";

export function answers({ name, say, show }) {
  const place = `${name}:unsent`;
  let own = { round: -1 };
  let item = "";
  let unsent = kept(place);
  let patience = 0;

  const blank = (round) => ({
    round,
    response: null,
    confidence: null,
    feedback: null,
    note: "",
    problem: "",
    missed: "",
    told: null,
  });

  function set(changes) {
    own = { ...own, ...changes };
    show(own);
  }

  function hold(answer) {
    unsent = answer;
    keep(place, answer);
    clearTimeout(patience);
  }

  // The board has another question, or another vote.
  function turn(board) {
    const now = board.item?.id ?? "";
    if (board.round === own.round && now === item) return;
    item = now;
    own = blank(board.round);
    if (unsent?.round === board.round && unsent.item === item) {
      own.problem = `NOT SAVED yet: ${NO_WORD}`;
    }
    show(own);
  }

  function take({ by, seq, round, response, confidence }) {
    hold({ key: secret(), round, item, response, confidence, by, seq });
    own = { ...own, problem: "" };
    transmit();
  }

  function transmit() {
    if (!unsent) return;
    const { key, round, item: about, response, confidence } = unsent;
    const isSent = say({ type: "answer", key, round, item: about, response, confidence });
    clearTimeout(patience);
    if (isSent) patience = setTimeout(() => tell({ lost: true, message: NO_WORD }), PATIENCE_MS);
    else tell({ lost: true, message: NO_LINE });
  }

  function tell(told, changes = {}) {
    const { by, seq, round } = unsent;
    if (round !== own.round) return;
    set({ ...changes, told: { by, seq, saved: false, lost: false, message: "", ...told } });
  }

  function saved(key) {
    if (unsent?.key !== key) return;
    const { response, confidence } = unsent;
    const changes = { response, confidence, note: CHANGE, problem: "", missed: "" };
    tell({ saved: true }, changes);
    hold(null);
  }

  function refused({ key, message, again, why }) {
    if (unsent?.key !== key) return;
    if (again) {
      tell({ lost: true, message: `${message}` });
      clearTimeout(patience);
      patience = setTimeout(transmit, AGAIN_MS);
      return;
    }
    const missed = why === "closed" ? message : "";
    tell({ message }, { problem: "", missed });
    hold(null);
  }

  // What the server has of one's own.
  function yours({ round, key, response, confidence, heard }) {
    if (round !== own.round) return;
    if (unsent && unsent.key === key) saved(key);
    const changes = { response, confidence, feedback: heard?.feedback ?? null };
    set({ ...changes, note: heard?.note ?? (response === null ? "" : CHANGE) });
  }

  return { turn, take, transmit, saved, refused, yours, forget: () => hold(null) };
}
