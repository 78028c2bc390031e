// Keeps the page of an act fresh while workers are at it.

import { fetchFragment } from "./fragment.js";

const WAIT_MS = 1000;
const LONGEST_WAIT_MS = 5000;

for (const place of document.querySelectorAll("[data-act]")) watch(place, WAIT_MS);

function watch(place, waitMs) {
  if (!place.querySelector("[data-working]")) return;
  setTimeout(async () => {
    try {
      if (!document.hidden) show(place, await fetchFragment(place.dataset.act));
    } catch {
      // The server is away for a moment; the next round asks again.
    }
    watch(place, Math.min(waitMs * 1.2, LONGEST_WAIT_MS));
  }, waitMs);
}

/** Put the new state in place, and keep the focus on the button it was on. */
function show(place, html) {
  const focused = place.contains(document.activeElement) ? document.activeElement.textContent : "";
  place.innerHTML = html;
  for (const button of place.querySelectorAll("button")) {
    if (focused && button.textContent === focused) button.focus();
  }
}
