// Ages and clocks tick by the server's time: a phone's own clock may be wrong.
import { span } from "./words.js";

/** Times are told as at the site, wherever the browser is. */
export const zone = document.body.dataset.zone;

let ahead = 0;

export function setServerTime(ms) {
  if (Number.isFinite(ms)) ahead = ms - Date.now();
}

export const now = () => Date.now() + ahead;

function tick() {
  const at = now();
  for (const element of document.querySelectorAll("time[data-since]")) {
    write(element, span(at - Number(element.dataset.since)));
  }
  for (const element of document.querySelectorAll("time[data-until]")) {
    write(element, span(Number(element.dataset.until) - at));
  }
  for (const element of document.querySelectorAll("[data-clock]")) {
    write(element, new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: zone }));
  }
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function tickAges() {
  tick();
  setInterval(tick, 1000);
}
