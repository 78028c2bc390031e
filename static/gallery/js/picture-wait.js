// Waits until a picture has been looked at, and goes on to the photos like it.

import { fetchFragment } from "./fragment.js";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 3000;

for (const place of document.querySelectorAll("[data-picture-wait]")) watch(place, FIRST_WAIT_MS);

function watch(place, waitMs) {
  if (!place.querySelector("[data-unfinished]")) return;
  setTimeout(async () => {
    try {
      place.innerHTML = await fetchFragment(place.dataset.pictureWait);
    } catch {
      // The server is away for a moment; the next round asks again.
    }
    const found = place.querySelector("[data-found-at]");
    const isWaiting = place.querySelector("[data-unfinished]");
    if (found) location.replace(found.dataset.foundAt);
    else if (isWaiting) watch(place, Math.min(waitMs * 1.3, LONGEST_WAIT_MS));
    else location.reload(); // it could not be looked at; the page has a form for another
  }, waitMs);
}
