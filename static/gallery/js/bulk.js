// Ticking photos: a whole page, a range with Shift, and how many are ticked.

for (const form of document.querySelectorAll("[data-bulk]")) start(form);

function start(form) {
  const boxes = [...form.querySelectorAll("input[name=photo]")];
  const all = form.querySelector("[data-tick-all]");
  let last = null;

  form.addEventListener("click", (event) => {
    const box = event.target;
    if (!boxes.includes(box)) return;
    if (event.shiftKey && last) tickRange(boxes, last, box);
    last = box;
    chooseTicked(form);
    tell(form, boxes);
  });
  all.hidden = false;
  all.addEventListener("click", () => {
    const tick = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = tick;
    chooseTicked(form);
    tell(form, boxes);
  });
  tell(form, boxes);
}

function tickRange(boxes, from, to) {
  const [first, end] = [boxes.indexOf(from), boxes.indexOf(to)].sort((a, b) => a - b);
  for (const box of boxes.slice(first, end + 1)) box.checked = to.checked;
}

function chooseTicked(form) {
  form.querySelector("input[value=ticked]").checked = true;
}

function tell(form, boxes) {
  const count = boxes.filter((box) => box.checked).length;
  form.querySelector("[data-ticked-words]").textContent = `the ${count} ticked`;
  const all = form.querySelector("[data-tick-all]");
  all.textContent = count === boxes.length ? "Untick all" : "Tick this page";
}
