// One stream of alerts for all tabs of a browser: the tab looked at last holds it and tells the others.
// Seven streams of its own would take every connection that a browser opens to one host (HTTP/1.1).
// A browser without locks or channels (pages without TLS, old phones) has a stream for each tab.

const QUIET_MS = 10_000;
const MOST_MS = 20_000; // on a bad network every try in vain costs as much
const STALE_MS = 3000;
const NAME = "gengfu:line";

/** Hear every beat, alert, error and new beginning from after a position on; a line that died unnoticed is made anew. */
export function hear(address, position, told) {
  const channel = "BroadcastChannel" in window && navigator.locks ? new BroadcastChannel(NAME) : null;
  let stream = null; // only in the tab that holds the line
  let last = position;
  let at = Date.now(); // when something was heard, or somebody began anew
  let patience = QUIET_MS; // doubles with each line in vain: a slow server's first word may take longer
  let queued = null;

  function pass(news) {
    if (news.kind !== "error") at = Date.now();
    if (news.id) patience = QUIET_MS;
    if (news.id) last = news.id;
    told(news);
  }

  function open() {
    stream?.close();
    stream = new EventSource(last ? `${address}?last_event_id=${last}` : address);
    const opened = { kind: "opened" };
    pass(opened);
    channel?.postMessage(opened);
    for (const kind of ["beat", "alert", "error"]) {
      stream.addEventListener(kind, ({ data, lastEventId: id }) => {
        const news = { kind, data, id };
        pass(news);
        channel?.postMessage(news);
      });
    }
  }

  function hold(how) {
    const held = () => new Promise(() => { open(); });
    navigator.locks.request(NAME, how, held).catch(({ name }) => {
      if (name !== "AbortError") open(); // no locks here after all
      else if (stream) { stream.close(); stream = null; queue(); } // another tab is looked at now
    });
  }

  function queue() {
    queued = new AbortController();
    hold({ signal: queued.signal });
  }

  function take() {
    if (stream || !channel) { open(); return; }
    queued?.abort();
    at = Date.now();
    hold({ steal: true });
  }

  function lookedAt() {
    if (document.hidden || (stream && Date.now() - at < STALE_MS)) return;
    take();
  }

  channel?.addEventListener("message", ({ data }) => pass(data));
  document.addEventListener("visibilitychange", lookedAt);
  addEventListener("online", () => { if (stream) open(); });
  setInterval(() => {
    if (Date.now() - at <= patience || (!stream && document.hidden)) return;
    patience = Math.min(2 * patience, MOST_MS);
    take();
  }, 1000);
  if (document.hidden && channel) queue(); else take();
}
