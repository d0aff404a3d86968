// The connection of a page to its meeting: it comes back by itself, and says how it stands.
//
//   const line = connect({ hello, onState, onMessage, onStatus });
//
// hello      what is said first on each connection, without its type: {v, role, …}; or a function
//            that returns it, asked each time
// onState    (state): all there is to draw, the newest; called again for each newer one. With it
//            goes `ends_at`: when the time is over, by performance.now(), or null
// onMessage  (message): every other message, `welcome` too (before its state)
// onStatus   ({kind, code, words}): how the connection stands. kind is
//              "connecting"  for the first time, or after `again()`
//              "open"        the server has said welcome: send again what was not acknowledged
//              "lost"        it is gone, and comes back by itself; what is shown may be old
//              "over"        it is gone, and does not come back by itself
//            code is the close code of a connection that is gone, and `words` what the server
//            said about it (a sentence, or ""); `why` is its word for programs
//
// line.send(message)  -> whether it could be sent at all; only an answer says that it has arrived
// line.again()        connect now: for a button "Try now", or after "over"
// line.close()        end it for good; nothing is called after
//
// The rules on close codes are those of course/live/messages.py.

const NONSENSE = 4000;
const ELSEWHERE = 4001;
const REMOVED = 4003;
const STAYS_AWAY = [NONSENSE, ELSEWHERE, REMOVED];

const LEAST_S = 0.5;
const MOST_S = 8;
const FIRST_S = 2;
const SILENT_MS = 20_000; // then it is asked whether anybody is there
const PATIENCE_MS = 10_000; // and so long is waited for a word

export function connect({ hello, onState, onMessage, onStatus, address = here() }) {
  let socket = null;
  let tries = 0;
  let newest = -1;
  let refusal = null; // of the hello
  let isWelcome = false;
  let isClosed = false;
  let retry = 0;
  let watch = 0;

  const status = (kind, code = 0) =>
    onStatus?.({ kind, code, words: refusal?.message ?? "", why: refusal?.why ?? "" });

  function open() {
    clearTimeout(retry);
    retry = 0;
    refusal = null;
    isWelcome = false;
    const own = new WebSocket(address);
    socket = own;
    own.onopen = () => {
      own.send(
        JSON.stringify({ type: "hello", ...(typeof hello === "function" ? hello() : hello) }),
      );
    };
    own.onmessage = ({ data }) => {
      if (socket !== own) return;
      listen();
      hear(JSON.parse(data));
    };
    own.onclose = ({ code, reason }) => {
      if (socket === own) gone(code, reason);
    };
    listen(PATIENCE_MS);
  }

  function hear(message) {
    if (message.type === "welcome") {
      tries = 0;
      newest = -1; // a server that was started again may know less
      isWelcome = true;
      onMessage?.(message);
      take(message.state);
      status("open");
    } else if (message.type === "state") take(message);
    else if (message.type === "pong") return;
    else if (message.type === "refused" && !isWelcome) refusal = message;
    else onMessage?.(message);
  }

  function take(state) {
    if (state.n < newest) return;
    newest = state.n;
    const left = state.ends_in_s;
    onState?.({ ...state, ends_at: left === null ? null : performance.now() + left * 1000 });
  }

  // A connection may be dead without a word: after a silence it is asked, and then given up.
  function listen(wait = SILENT_MS) {
    clearTimeout(watch);
    watch = setTimeout(isWelcome ? ask : abandon, wait);
  }

  function ask() {
    send({ type: "ping" });
    clearTimeout(watch);
    watch = setTimeout(abandon, PATIENCE_MS);
  }

  function abandon() {
    const old = socket;
    gone(1006, "");
    old?.close();
  }

  function gone(code, reason) {
    clearTimeout(watch);
    socket = null;
    isWelcome = false;
    if (isClosed) return;
    refusal ??= reason && STAYS_AWAY.includes(code) ? { message: reason, why: "" } : null;
    if (STAYS_AWAY.includes(code)) return status("over", code);
    const most = Math.min(MOST_S, FIRST_S * 2 ** tries++);
    retry = setTimeout(open, 1000 * (LEAST_S + Math.random() * (most - LEAST_S)));
    status("lost", code);
  }

  function send(message) {
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  }

  function again() {
    if (isClosed || socket) return;
    tries = 0;
    status("connecting");
    open();
  }

  // A phone that wakes up, or a network that is back: no need to wait until it is noticed.
  function wake() {
    if (isClosed || document.visibilityState === "hidden") return;
    if (retry) {
      clearTimeout(retry);
      retry = setTimeout(open, 1000 * LEAST_S * Math.random());
    } else if (isWelcome) ask();
  }

  function close() {
    isClosed = true;
    clearTimeout(retry);
    clearTimeout(watch);
    document.removeEventListener("visibilitychange", wake);
    removeEventListener("online", wake);
    socket?.close();
  }

  document.addEventListener("visibilitychange", wake);
  addEventListener("online", wake);
  status("connecting");
  open();
  return { send, again, close };
}

// The WebSocket beside the page: all pages lie in one folder, wherever a proxy has put it.
function here() {
  const url = new URL("live", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.hash = url.search = "";
  return url.href;
}
