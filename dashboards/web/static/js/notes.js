// What is said about the line and about one's taps. It stands above the button at the thumb.
import { lost, words } from "./words.js";

const STANDS_MS = 20_000;
let since = 0;

const note = () => document.querySelector("[data-refused]");

/** Say what became of a tap (``tap``) or of a look at the page (``look``). */
export function say(text, about) {
  since = Date.now();
  note().textContent = text;
  note().dataset.refused = about;
  note().hidden = !text;
  place();
}

export const unsent = () => say(words.unsent, "tap");

/** A tap that arrived, or a look that succeeded, ends what was said about the one before. */
export function arrived(about) {
  if (about === "tap" || note().dataset.refused === "look") say("", "");
}

/** What the page itself says was refused would go with the next news: it is said here instead. */
export function takeRefusal() {
  const told = document.querySelector("#live > .fault-note");
  if (!told) return false;
  say(told.textContent, "tap");
  told.remove();
  return true;
}

/** Stand directly above the button at the thumb, wherever that is now; else at the lower edge. */
export function place() {
  const thumb = document.querySelector(".thumb")?.getBoundingClientRect();
  const inSight = thumb && thumb.top > 0 && thumb.top < innerHeight;
  document.querySelector(".notes").style.bottom = `${inSight ? innerHeight - thumb.top : 0}px`;
}

export function watchLine(line) {
  const quiet = Date.now() - line.heard;
  const banner = document.querySelector("[data-lost]");
  const off = quiet > line.lostAfter;
  const text = off ? lost(quiet) : words.unwatched;
  banner.hidden = !off && line.watched;
  if (!banner.hidden && banner.textContent !== text) banner.textContent = text;
  for (const element of document.querySelectorAll("[data-network]")) {
    element.textContent = off ? words.offline : words.online;
    element.classList.toggle("off", off);
  }
}

/** A refusal stands until the next step; one that has stood long goes when the page is touched. */
export function keepInSight() {
  document.addEventListener("scroll", place, { passive: true });
  document.addEventListener("pointerdown", () => {
    if (note().textContent && note().textContent !== words.unsent && Date.now() - since > STANDS_MS) say("", "");
  });
}
