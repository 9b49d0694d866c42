// The button at the thumb changes its meaning in place: a tap meant for what stood there must not hit what came.

const CHANGED_MS = 1000;
const IMPATIENT_MS = 500;
let until = 0; // the button rests, also the one that news put in its place
let meant = null; // what the first of several quick taps asked for; null before anything was pressed

/** Name what the button does: which step of which alert. */
export function asked() {
  const alert = document.querySelector("#live article[data-alert]");
  return `${alert?.dataset.alert} ${alert?.querySelector("[data-primary]")?.dataset.primary}`;
}

function show() {
  const left = until - Date.now();
  for (const one of document.querySelectorAll(".thumb button")) {
    if (left > 0) one.setAttribute("aria-disabled", "true");
    else one.removeAttribute("aria-disabled");
  }
  if (left > 0) setTimeout(show, left);
}

function rest(ms) {
  until = Math.max(until, Date.now() + ms);
  show();
}

/** The page was put in anew: what asks for another step rests, and what rested goes on to. */
export function putIn(isAnother) {
  rest(isAnother ? CHANGED_MS : 0);
}

/** Tell whether a tap was meant for what stands there: it does not rest, and stood there when these taps began. */
function isMeant(button, { detail: nth }) {
  return button.getAttribute("aria-disabled") !== "true" && (nth === 0 || meant === null || meant === asked());
}

/** What rests takes no tap; while somebody goes on tapping it rests on. */
export function guardTheThumb() {
  document.addEventListener("mousedown", ({ detail: nth }) => { if (nth <= 1) meant = asked(); }, true);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".thumb button");
    if (!button || isMeant(button, event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    rest(IMPATIENT_MS);
  }, true);
  document.addEventListener("toggle", ({ target }) => {
    if (target.matches(".thumb details[open]:not([data-kept])")) rest(IMPATIENT_MS);
  }, true);
}
