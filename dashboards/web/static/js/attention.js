// The guard's page may sound and speak and keep the screen on, once he has allowed it by a tap.
import { words } from "./words.js";

const GRAVE = new Set(["critical", "high"]);
let audio = null;

function tone(times) {
  if (!audio) return;
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
  if (!audio || !("speechSynthesis" in window)) return;
  const chinese = document.documentElement.lang.startsWith("zh");
  const text = chinese ? `${alert.name?.zh ?? alert.place.zh}，${alert.title.zh}` : `${alert.name?.en ?? alert.place.en}: ${alert.title.en}`;
  const speech = new SpeechSynthesisUtterance(text);
  speech.lang = document.documentElement.lang;
  speechSynthesis.speak(speech);
}

async function stayAwake() {
  if (!audio || document.visibilityState !== "visible") return;
  await navigator.wakeLock?.request("screen").catch(() => null);
}

export function attend() {
  const button = document.querySelector("[data-sound]");
  if (!button) return;
  button.addEventListener("click", () => {
    if (audio) { audio.close(); audio = null; } else { audio = new AudioContext(); tone(1); stayAwake(); }
    button.setAttribute("aria-pressed", String(Boolean(audio)));
    button.textContent = audio ? words.soundOn : words.soundOff;
  });
  document.addEventListener("visibilitychange", stayAwake);
  document.addEventListener("gengfu:alert", ({ detail: alert }) => {
    const fresh = alert.handling === "new" || (alert.handling === "notified" && alert.version <= 2);
    if (!fresh || alert.condition !== "on" || !GRAVE.has(alert.severity)) return;
    tone(alert.severity === "critical" ? 4 : 2);
    navigator.vibrate?.(alert.severity === "critical" ? [400, 150, 400, 150, 400] : [300]);
    say(alert);
  });
}
