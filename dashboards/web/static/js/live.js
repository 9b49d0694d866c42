// Keeps a page up to date: looks when the stream says that something changed, but not under a busy finger.
import { setServerTime } from "./ages.js";
import { keepDrafts, putBack, remember, sent } from "./keep.js";
import { hear } from "./line.js";
import { arrived, keepInSight, place, say, takeRefusal, unsent, watchLine } from "./notes.js";
import { asked, guardTheThumb, putIn } from "./thumb.js";
import { words } from "./words.js";

const LOST_AFTER_MS = 5000;
const SETTLE_MS = 150;
const HANGS_MS = 5000;
const MOST_MS = 20_000;
const GIVEN_UP_MS = 12_000; // a little more than htmx waits for any answer
const AGAIN_MS = 5000;
const HOLD_MS = 20_000;
const UNTAKEN = new Set(["new", "notified", "received"]);
const LOOKS = { live: "gengfu:changed", waiting: "gengfu:news" };

const line = { heard: Date.now(), watched: true, lostAfter: LOST_AFTER_MS, anew: false };
const wanted = new Set();
const began = {}; // when the tap or the look that is under way began
const patience = { live: HANGS_MS, waiting: HANGS_MS }; // always as short, a slow server's answers would never show
let touched = 0;
let pressing = false; // something critical has come that the page does not show
let before = null;

const isTap = (event) => event.detail.requestConfig.verb !== "get";
const nameOf = (event) => (isTap(event) ? "tap" : event.detail.elt.id);

/** Somebody is writing or choosing: what is under his finger must not change, while he does. */
function busy() {
  const chooses = document.querySelector("[data-hold][open]") || document.activeElement?.matches("#live textarea, #live input, #live select");
  return chooses && Date.now() - touched < HOLD_MS;
}

const took = (name) => Date.now() - (began[name] ?? 0);
const underWay = (name, most) => took(name) < most;
const holding = () => underWay("tap", GIVEN_UP_MS) || (!pressing && busy());

/** One look at a time; what comes meanwhile is looked at next, and one that hangs is given up (hx-sync). */
function look() {
  for (const name of wanted) {
    if (underWay(name, patience[name]) || (name === "live" && holding())) continue;
    if (began[name]) patience[name] = Math.min(2 * patience[name], MOST_MS);
    wanted.delete(name);
    document.body.dispatchEvent(new CustomEvent(LOOKS[name]));
  }
}

function changed() {
  for (const name of Object.keys(LOOKS)) wanted.add(name);
}

function alertTold(alert) {
  const grave = alert.severity === "critical" && UNTAKEN.has(alert.handling);
  if (grave && !document.querySelector(`#live .critical[data-alert="${CSS.escape(alert.id)}"]`)) pressing = true;
  document.dispatchEvent(new CustomEvent("gengfu:alert", { detail: alert }));
  changed();
}

async function signedOut() {
  const answer = await fetch("/api/v1/me", { cache: "no-store", signal: AbortSignal.timeout?.(HANGS_MS) }).catch(() => null);
  if (answer?.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** A look that hangs, hangs on the line that died: it is given up, however patient the page has become. */
function lookAnew() {
  for (const name of Object.keys(LOOKS)) began[name] = 0;
  changed();
}

function told({ kind, data }) {
  if (kind === "error") signedOut();
  if (kind === "error" || kind === "opened") { line.anew = true; return; }
  if (line.anew && Date.now() - line.heard > LOST_AFTER_MS) lookAnew(); // only then: a slow server pauses too
  line.anew = false;
  line.heard = Date.now();
  if (kind === "alert") { alertTold(JSON.parse(data)); return; }
  const beat = JSON.parse(data);
  line.watched = beat.watched;
  setServerTime(beat.now);
}

/** What was fetched while he was busy is looked at again when he is done; what is no page of ours never shows. */
function beforeSwap(event) {
  const { target, xhr } = event.detail;
  if (target.id !== "live" || xhr.status >= 400) return;
  const foreign = !xhr.responseText.includes('id="live"');
  if (foreign && isTap(event)) unsent();
  if (foreign || (!isTap(event) && holding())) {
    event.detail.shouldSwap = false;
    if (!foreign) wanted.add("live");
  } else {
    before = { ...remember(), asked: asked() };
  }
}

function swapped(event) {
  if (!before) return;
  const refused = takeRefusal();
  const stepped = isTap(event) && !refused;
  if (stepped) sent(event.detail.requestConfig.path);
  if (!refused) arrived(isTap(event) ? "tap" : "look");
  putBack(before, { stepped });
  const isAnother = asked() !== before.asked;
  putIn(isAnother);
  if (isAnother) wanted.add("waiting");
  before = null;
  pressing = false;
}

/** A tap that did nothing says why: the answer is a page whose heading is for people. */
function refused(event) {
  const heading = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html").querySelector("h2");
  say(heading?.textContent ?? words.unsent, isTap(event) ? "tap" : "look");
}

/** A tap that never arrived says so; a look that failed is tried again, for nothing else would. */
function failed(event) {
  const name = event.target.id;
  if (event.type === "htmx:responseError") refused(event);
  else if (isTap(event)) unsent();
  if (!isTap(event) && name in LOOKS) setTimeout(() => wanted.add(name), AGAIN_MS);
}

/** What calls is judged by what this browser shows, not by what it would show if it looked. */
function configure({ detail }) {
  if (detail.verb === "get") detail.timeout = MOST_MS;
  const shown = document.querySelector("#live article[data-alert]");
  if (detail.elt.id === "waiting" && shown) detail.parameters.shown = shown.dataset.alert;
}

function ended(event) {
  const name = nameOf(event);
  if (began[name] && name in LOOKS && event.detail.successful) {
    patience[name] = Math.min(Math.max(HANGS_MS, 2 * took(name)), MOST_MS);
  }
  began[name] = 0;
}

function follow() {
  const on = (name, work) => document.body.addEventListener(name, work);
  on("htmx:configRequest", configure);
  on("htmx:beforeRequest", (event) => { began[nameOf(event)] = Date.now(); });
  on("htmx:afterRequest", ended);
  on("htmx:beforeSwap", beforeSwap);
  on("htmx:afterSwap", swapped);
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) on(name, failed);
  for (const name of ["pointerdown", "keydown", "input", "touchmove", "wheel"]) {
    document.addEventListener(name, () => { touched = Date.now(); }, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) changed(); });
}

export function listen({ stream, last }) {
  follow();
  keepDrafts();
  guardTheThumb();
  keepInSight();
  takeRefusal();
  hear(stream, last, told);
  setInterval(look, SETTLE_MS);
  const watch = () => { watchLine(line); place(); };
  setInterval(watch, 500);
  watch();
}
