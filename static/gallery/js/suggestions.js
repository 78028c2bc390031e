// Offers what may be meant while somebody types a search: an ARIA combobox with a list box.

const PAUSE_MS = 120;
let boxes = 0;

for (const form of document.querySelectorAll("[data-suggestions]")) {
  start(form.querySelector("input[name=q]"), form.dataset.suggestions);
}

function start(input, address) {
  const list = document.createElement("ul");
  list.id = `suggestions-${(boxes += 1)}`;
  list.className = "suggestions";
  list.role = "listbox";
  list.ariaLabel = "What may be meant";
  list.hidden = true;
  const status = document.createElement("span");
  status.className = "visually-hidden";
  status.role = "status";
  input.after(list, status);
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
  })) {
    input.setAttribute(name, value);
  }

  const box = { input, list, status, address, asked: null, timer: 0, at: -1, rest: "" };
  input.addEventListener("input", () => {
    clearTimeout(box.timer);
    box.timer = setTimeout(() => ask(box), PAUSE_MS);
  });
  input.addEventListener("keydown", (event) => press(box, event));
  input.addEventListener("blur", () => close(box));
  // Keeps the focus in the box, so that its blur does not close the list before the click counts.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) take(box, option);
  });
}

async function ask(box) {
  box.asked?.abort();
  const { input } = box;
  const before = input.value.slice(0, input.selectionStart ?? input.value.length);
  box.rest = input.value.slice(before.length);
  if (!before.trim()) {
    close(box);
    return;
  }
  box.asked = new AbortController();
  try {
    const url = `${box.address}?${new URLSearchParams({ q: before })}`;
    const answer = await fetch(url, { signal: box.asked.signal, credentials: "same-origin" });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const { suggestions } = await answer.json();
    if (document.activeElement === input) show(box, suggestions);
  } catch {
    // Typed on meanwhile, or the server is away: without an offer the box works as ever.
  }
}

function show(box, suggestions) {
  box.at = -1;
  box.list.replaceChildren(...suggestions.map((one, place) => option(box, one, place)));
  box.list.hidden = !suggestions.length;
  box.input.setAttribute("aria-expanded", String(suggestions.length > 0));
  box.input.removeAttribute("aria-activedescendant");
  const count = suggestions.length;
  box.status.textContent = count ? `${count} suggestion${count === 1 ? "" : "s"}` : "";
}

function option(box, suggestion, place) {
  const item = document.createElement("li");
  item.id = `${box.list.id}-${place}`;
  item.role = "option";
  item.ariaSelected = "false";
  item.dataset.text = suggestion.text;
  const label = document.createElement("span");
  label.textContent = suggestion.label;
  const about = document.createElement("span");
  about.className = "suggestion-about";
  about.textContent = [suggestion.kind, suggestion.count].filter(Boolean).join(" · ");
  item.append(label, about);
  return item;
}

function press(box, event) {
  if (box.list.hidden || event.isComposing) {
    if (event.key === "ArrowDown") ask(box);
    return;
  }
  const count = box.list.children.length;
  if (event.key === "ArrowDown") move(box, box.at + 1 < count ? box.at + 1 : -1);
  else if (event.key === "ArrowUp") move(box, box.at < 0 ? count - 1 : box.at - 1);
  else if (event.key === "Escape") close(box);
  else if (event.key === "Enter" && box.at >= 0) take(box, box.list.children[box.at]);
  else return;
  event.preventDefault();
}

/** Go to a suggestion, or with -1 back to what was typed. */
function move(box, place) {
  box.at = place;
  for (const [number, item] of [...box.list.children].entries()) {
    item.ariaSelected = String(number === place);
  }
  const item = box.list.children[place];
  if (item) {
    box.input.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  } else {
    box.input.removeAttribute("aria-activedescendant");
  }
}

function take(box, item) {
  const { text } = item.dataset;
  box.input.value = text + box.rest.trimStart();
  box.input.setSelectionRange(text.length, text.length);
  close(box);
  box.input.focus();
  if (text.endsWith(":")) ask(box);
}

function close(box) {
  clearTimeout(box.timer);
  box.asked?.abort();
  show(box, []);
}
