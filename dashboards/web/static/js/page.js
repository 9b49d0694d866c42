// What every signed-in page does: listen to the stream, tick the ages, say when the line is lost.
import { listen } from "./live.js";
import { tickAges, setServerTime } from "./ages.js";
import { attend } from "./attention.js";

/** What a tap unfolds must not open below the edge, or behind the bar at the thumb. */
function revealWhatOpens() {
  document.addEventListener("toggle", ({ target }) => {
    if (target.matches("details.more[open]:not([data-kept])")) target.scrollIntoView({ block: "nearest" });
  }, true);
}

/** A menu closes by Esc and by a tap elsewhere. */
function closeMenus() {
  const close = (target) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (target && menu.contains(target)) continue;
      if (!target && menu.contains(document.activeElement)) menu.querySelector("summary").focus();
      menu.open = false;
    }
  };
  document.addEventListener("pointerdown", ({ target }) => close(target));
  document.addEventListener("keydown", ({ key }) => { if (key === "Escape") close(null); });
}

/** A report is put on paper by the browser itself. */
function printOnDemand() {
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-print]")) window.print();
  });
}

/** What runs for minutes says so, and takes no second click. */
function sayWhatRuns() {
  const form = document.querySelector("form:has([data-running])");
  if (!form) return;
  const say = (runs) => {
    form.querySelector("[data-running]").hidden = !runs;
    for (const button of form.querySelectorAll("button")) button.disabled = runs;
  };
  form.addEventListener("submit", ({ submitter }) => {
    if (!submitter?.hasAttribute("formaction")) say(true);
  });
  addEventListener("pageshow", () => say(false)); // also when the browser comes back to it
}

setServerTime(Number(document.body.dataset.now));
tickAges();
attend();
listen(document.body.dataset);
revealWhatOpens();
closeMenus();
printOnDemand();
sayWhatRuns();
