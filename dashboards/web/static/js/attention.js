// Alerts sound and are spoken, and the screen stays on, for whoever wished it: on every page, until he ends it.
// A browser lets a page sound only after a touch; until then the page says loudly that it is silent.
import { words } from "./words.js";

const GRAVE = new Set(["critical", "high"]);
const WISH = "sound";
const SOUNDS_MS = 3000;
let audio = null;
let here = null; // the wish, where the browser stores nothing

function wish(chosen) {
  if (chosen) here = chosen;
  try {
    if (chosen) localStorage.setItem(WISH, chosen);
    return localStorage.getItem(WISH) ?? here;
  } catch { return here; }
}

const sounding = () => audio?.state === "running";

function tone(times) {
  for (let beat = 0; beat < times; beat += 1) {
    const start = audio.currentTime + beat * 0.45;
    const source = audio.createOscillator();
    const volume = audio.createGain();
    source.frequency.value = beat % 2 ? 660 : 880;
    volume.gain.setValueAtTime(0.001, start);
    volume.gain.exponentialRampToValueAtTime(0.4, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.4);
    source.connect(volume).connect(audio.destination);
    source.start(start);
    source.stop(start + 0.42);
  }
}

function say(alert) {
  if (!("speechSynthesis" in window)) return;
  const chinese = document.documentElement.lang.startsWith("zh");
  const text = chinese ? `${alert.name?.zh ?? alert.place.zh}，${alert.title.zh}` : `${alert.name?.en ?? alert.place.en}: ${alert.title.en}`;
  const speech = new SpeechSynthesisUtterance(text);
  speech.lang = document.documentElement.lang;
  speechSynthesis.speak(speech);
}

/** Of several tabs that hear of an alert, one sounds. */
function inOneTab(work) {
  if (!navigator.locks) { work(); return; }
  navigator.locks.request("gengfu:sound", { ifAvailable: true }, (free) => {
    if (!free) return null;
    work();
    return new Promise((done) => { setTimeout(done, SOUNDS_MS); });
  });
}

async function stayAwake() {
  if (wish() !== "on" || document.visibilityState !== "visible") return;
  await navigator.wakeLock?.request("screen").catch(() => null);
}

function show() {
  const loud = document.querySelector("[data-silent]");
  const button = document.querySelector("[data-sound]");
  const unasked = wish() === null && document.querySelector("[data-on-duty]");
  loud.hidden = !(unasked || (wish() === "on" && !sounding()));
  if (!button) return;
  button.hidden = !loud.hidden;
  button.setAttribute("aria-pressed", String(sounding()));
  button.textContent = sounding() ? words.soundOn : words.soundOff;
}

/** Do as is wished, as far as the browser lets us. */
async function follow() {
  if (wish() === "on") {
    if (!audio) {
      audio = new AudioContext();
      audio.addEventListener("statechange", show);
    }
    if (!sounding()) audio.resume().catch(() => null); // answered only after a touch
    stayAwake();
  } else {
    audio?.close();
    audio = null;
  }
  show();
}

function choose(chosen) {
  wish(chosen);
  follow();
  if (chosen === "on") tone(1);
}

export function attend() {
  const loud = document.querySelector("[data-silent]");
  if (!loud) return; // whoever cannot handle an alert is not called by it
  loud.addEventListener("click", () => choose("on"));
  document.querySelector("[data-sound]")?.addEventListener("click", () => choose(sounding() ? "off" : "on"));
  for (const name of ["pointerup", "keydown"]) document.addEventListener(name, () => { if (wish() === "on" && !sounding()) follow(); });
  document.addEventListener("visibilitychange", follow);
  addEventListener("storage", follow);
  document.addEventListener("gengfu:alert", ({ detail: alert }) => {
    const fresh = alert.handling === "new" || (alert.handling === "notified" && alert.version <= 2);
    if (!fresh || alert.condition !== "on" || !GRAVE.has(alert.severity)) return;
    navigator.vibrate?.(alert.severity === "critical" ? [400, 150, 400, 150, 400] : [300]);
    if (sounding()) inOneTab(() => { tone(alert.severity === "critical" ? 4 : 2); say(alert); });
  });
  follow();
}
