// Shows at once what another threshold would change, before it is kept.

import { fetchFragment } from "./fragment.js";

const WAIT_MS = 150;

addEventListener("input", (event) => {
  const form = event.target.closest("[data-dial]");
  if (!form || event.target.type !== "range") return;
  const threshold = Number(event.target.value);
  form.querySelector("output").textContent = `${Math.round(threshold * 100)}\u00a0%`;
  if (form.dataset.dial === "rows") markRows(threshold);
  else preview(form);
});

document.documentElement.classList.add("has-dial"); // hides the button that a script spares

/** Mark the tags of one photo that would appear or go. */
function markRows(threshold) {
  for (const row of document.querySelectorAll("[data-confidence]")) {
    const isSure = Number(row.dataset.confidence) >= threshold;
    row.classList.toggle("tag-row-appears", row.dataset.state === "suggested" && isSure);
    row.classList.toggle("tag-row-goes", row.dataset.state === "assigned" && !isSure);
  }
  const suggested = document.querySelector("[data-suggested]");
  if (suggested?.querySelector(".tag-row-appears")) suggested.open = true;
}

let waiting;
let asked = 0;

function preview(form) {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    asked += 1;
    const mine = asked;
    try {
      const html = await fetchFragment(form.action, { method: "POST", body: new FormData(form) });
      if (mine === asked) document.getElementById("preview").outerHTML = html;
    } catch {
      // The button without a script still works.
      document.documentElement.classList.remove("has-dial");
    }
  }, WAIT_MS);
}
