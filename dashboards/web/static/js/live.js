// The alert stream: says that something changed, when the line is lost, and when one was signed out.
import { setServerTime } from "./ages.js";
import { lost, words } from "./words.js";

const LOST_AFTER_MS = 5000;
const SETTLE_MS = 150;
const THUMB_MS = 600;

let heard = Date.now();
let watched = true;
let pending = 0;

/** Somebody is writing or choosing: what is under his finger must not change. */
const busy = () => document.querySelector("[data-hold][open]") || document.activeElement?.matches("#live textarea, #live input, #live select");

function changed() {
  clearTimeout(pending);
  pending = setTimeout(() => (busy() ? changed() : document.body.dispatchEvent(new CustomEvent("gengfu:changed"))), SETTLE_MS);
}

/** What was fetched before he began is looked at again when he is done. */
function holdBack(event) {
  if (event.detail.requestConfig.verb !== "get" || !busy()) return;
  event.detail.shouldSwap = false;
  changed();
}

function watchLine() {
  const quiet = Date.now() - heard;
  const off = quiet > LOST_AFTER_MS;
  const banner = document.querySelector("[data-lost]");
  banner.hidden = !off && watched;
  if (!banner.hidden) banner.textContent = off ? lost(quiet) : words.unwatched;
  for (const element of document.querySelectorAll("[data-network]")) {
    element.textContent = off ? words.offline : words.online;
    element.classList.toggle("off", off);
  }
}

/** A tap that did nothing says why: the answer is a page whose heading is for people. */
function refused(event) {
  const answer = event.detail.xhr;
  if (answer.status === 401) signedOut();
  const why = new DOMParser().parseFromString(answer.responseText, "text/html").querySelector("h2");
  const note = document.querySelector("[data-refused]");
  note.textContent = why?.textContent ?? "";
  note.dataset.refused = "";
  note.hidden = !why;
}

/** A tap that never arrived says so until one does: that the line is back does not mean that it was sent. */
function unsent(event) {
  if (event.detail.requestConfig.verb === "get") return;
  const note = document.querySelector("[data-refused]");
  note.textContent = words.unsent;
  note.dataset.refused = "unsent";
  note.hidden = false;
}

function settled(event) {
  const note = document.querySelector("[data-refused]");
  if (note.dataset.refused === "unsent" && event.detail.requestConfig?.verb === "get") return;
  note.dataset.refused = "";
  note.hidden = true;
}

async function signedOut() {
  const answer = await fetch("/api/v1/me", { cache: "no-store" }).catch(() => null);
  if (answer?.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** A tap that was meant for the alert before must not hit the one that took its place. */
function guardTheThumb() {
  let shown = document.querySelector("[data-alert]")?.dataset.alert;
  document.body.addEventListener("htmx:afterSettle", () => {
    const next = document.querySelector("[data-alert]")?.dataset.alert;
    const button = document.querySelector("button[data-primary]");
    if (button && shown && next !== shown) {
      button.disabled = true;
      setTimeout(() => { button.disabled = false; }, THUMB_MS);
    }
    shown = next;
  });
}

export function listen(address) {
  const stream = new EventSource(address);
  const touch = () => { heard = Date.now(); };
  stream.addEventListener("beat", (event) => {
    touch();
    const beat = JSON.parse(event.data);
    watched = beat.watched;
    setServerTime(beat.now);
  });
  stream.addEventListener("alert", (event) => {
    touch();
    document.dispatchEvent(new CustomEvent("gengfu:alert", { detail: JSON.parse(event.data) }));
    changed();
  });
  stream.addEventListener("error", signedOut);
  document.body.addEventListener("htmx:beforeSwap", holdBack);
  document.body.addEventListener("htmx:responseError", refused);
  document.body.addEventListener("htmx:sendError", unsent);
  document.body.addEventListener("htmx:timeout", unsent);
  document.body.addEventListener("htmx:afterSettle", settled);
  setInterval(watchLine, 500);
  watchLine();
  guardTheThumb();
}
