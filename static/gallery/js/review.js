// One keystroke an answer, and the next question without a new page.

import { fetchFragment } from "./fragment.js";

const KEYS = { y: "yes", n: "no", s: "skip" };

for (const place of document.querySelectorAll("[data-review]")) start(place);

function start(place) {
  let isBusy = false;

  place.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-answers]")) return;
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    try {
      const body = new FormData(form, event.submitter);
      place.innerHTML = await fetchFragment(place.dataset.review, { method: "POST", body });
      place.querySelector("h2")?.focus();
    } catch {
      location.reload(); // the plain page tells what is wrong
    }
    isBusy = false;
  });

  addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input:not([type=hidden]), textarea, select");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const answer = KEYS[event.key.toLowerCase()];
    if (answer) place.querySelector(`[data-answers] [value=${answer}]`)?.click();
  });
}
