// What a person did outlives the news: what he typed and unfolded, how far he scrolled, where he stands.

const FIELDS = "#live textarea, #live select, #live input:not([type='hidden'])";
const STOPS = `#live a, #live button, #live summary, ${FIELDS}`;
const SCROLLED = "#live .scroll, #live .open-alerts, #live details[open]";
const DRAFTS = "drafts";

const actionOf = (element) => element.closest("form")?.getAttribute("action") ?? "";
const all = (selector) => [...document.querySelectorAll(selector)];

/** What an element is called, in the page before the news as in the one after. */
function called(element) {
  const own = element.querySelector(":scope > summary") ?? element;
  const name = own.id || own.getAttribute("href") || own.name || own.textContent.trim();
  const choice = own.localName === "button" ? own.value : "";
  return [element.localName, element.closest("[data-alert]")?.dataset.alert, actionOf(element), name, choice].join(" ");
}

function drafts() {
  try { return JSON.parse(sessionStorage.getItem(DRAFTS)) ?? {}; } catch { return {}; }
}

function store(known) {
  try { sessionStorage.setItem(DRAFTS, JSON.stringify(known)); } catch { /* private mode: not kept */ }
}

function fill() {
  const known = drafts();
  for (const field of all(FIELDS)) {
    const text = known[`${actionOf(field)} ${field.name}`];
    if (text !== undefined) field.value = text;
  }
}

/** What was sent is no draft any more. */
export function sent(action) {
  store(Object.fromEntries(Object.entries(drafts()).filter(([key]) => !key.startsWith(`${action} `))));
}

/** Note how the person has the page just now. */
export function remember() {
  const stop = document.activeElement?.closest(STOPS);
  return {
    stop: stop && called(stop),
    caret: stop?.matches("textarea, input") ? [stop.selectionStart, stop.selectionEnd] : null,
    atThumb: Boolean(stop?.closest(".thumb")),
    unfolded: all("#live details[open]").map(called),
    scrolled: all(SCROLLED).map((one) => [called(one), one.scrollLeft, one.scrollTop]),
  };
}

/** Give the page that came the state of the one before; what a step ended is folded. */
export function putBack(kept, { stepped }) {
  for (const one of stepped ? [] : all("#live details")) {
    if (!kept.unfolded.includes(called(one))) continue;
    one.dataset.kept = "";
    one.open = true;
  }
  fill();
  const boxes = all(SCROLLED);
  kept.scrolled.forEach(([name, left, top], i) => { if (boxes[i] && called(boxes[i]) === name) boxes[i].scrollTo(left, top); });
  const stop = kept.stop && (all(STOPS).find((one) => called(one) === kept.stop) ?? (kept.atThumb && document.querySelector(".thumb [data-primary]")));
  if (!stop || stop === document.activeElement) return;
  stop.focus({ preventScroll: true });
  if (kept.caret?.[0] != null) stop.setSelectionRange?.(...kept.caret);
}

export function keepDrafts() {
  document.addEventListener("input", ({ target }) => {
    if (target.matches(FIELDS) && actionOf(target)) store({ ...drafts(), [`${actionOf(target)} ${target.name}`]: target.value });
  });
  document.addEventListener("submit", ({ target }) => { if (target.getAttribute("action") === "/logout") store({}); });
  fill();
}
