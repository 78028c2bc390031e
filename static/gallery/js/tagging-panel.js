// Keeps the tags of a photo fresh until tagging is done, and sends decisions without a new page.

import { fetchFragment } from "./fragment.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;

for (const panel of document.querySelectorAll("[data-tagging-panel]")) {
  watch(panel);
  panel.addEventListener("submit", (event) => decide(panel, event));
}

function watch(panel, waitMs = FIRST_WAIT_MS) {
  if (!panel.querySelector("[data-unfinished]")) return;
  setTimeout(async () => {
    try {
      if (!document.hidden && !panel.contains(document.activeElement)) {
        show(panel, await fetchFragment(panel.dataset.taggingPanel));
      }
    } catch {
      // The server is away for a moment; the next round asks again.
    }
    watch(panel, Math.min(waitMs * 1.4, LONGEST_WAIT_MS));
  }, waitMs);
}

async function decide(panel, event) {
  const form = event.target;
  if (!form.matches("[data-fragment]")) return;
  event.preventDefault();
  const wasUnfinished = Boolean(panel.querySelector("[data-unfinished]"));
  try {
    const body = new FormData(form, event.submitter);
    show(panel, await fetchFragment(form.action, { method: "POST", body }));
    panel.querySelector("h2")?.focus();
    if (!wasUnfinished) watch(panel);
  } catch {
    sendPlainly(form, event.submitter); // that way tells what is wrong
  }
}

function sendPlainly(form, button) {
  if (button?.name) {
    const pressed = document.createElement("input");
    pressed.type = "hidden";
    pressed.name = button.name;
    pressed.value = button.value;
    form.append(pressed);
  }
  form.submit();
}

/** Put the new tags in place, leaving open what was open. */
function show(panel, html) {
  const open = [...panel.querySelectorAll("details[open] > summary")].map(kindOf);
  panel.innerHTML = html;
  for (const summary of panel.querySelectorAll("details > summary")) {
    summary.parentElement.open = open.includes(kindOf(summary));
  }
}

function kindOf(summary) {
  return summary.textContent.replace(/\d+/g, "");
}
