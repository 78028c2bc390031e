// Sends chosen or dropped photos one by one, with a bar and an outcome for each.

const AT_ONCE = 2;

for (const form of document.querySelectorAll("[data-upload]")) {
  start(form, document.querySelector("[data-outcomes]"));
}

function start(form, outcomes) {
  const input = form.querySelector("input[type=file]");
  const zone = form.querySelector("[data-drop-zone]");
  zone.querySelector("[data-drop-words]").hidden = false;
  const queue = [];
  let sending = 0;

  function add(files) {
    for (const file of files) queue.push({ file, row: addRow(outcomes, file.name) });
    next();
  }

  function next() {
    while (sending < AT_ONCE && queue.length > 0) {
      sending += 1;
      const { file, row } = queue.shift();
      send(form, input.name, file, row).finally(() => {
        sending -= 1;
        next();
      });
    }
  }

  form.addEventListener("submit", (event) => {
    if (input.files.length === 0) return;
    event.preventDefault();
    add(input.files);
    input.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("drop-zone-over");
    });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("drop-zone-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("drop-zone-over");
    add(event.dataTransfer.files);
  });
  addEventListener("beforeunload", (event) => {
    if (sending > 0) event.preventDefault();
  });
}

function addRow(outcomes, name) {
  const row = document.createElement("li");
  row.className = "outcome";
  const picture = document.createElement("span");
  picture.className = "outcome-picture";
  const title = document.createElement("span");
  title.className = "outcome-name";
  title.textContent = name;
  const words = document.createElement("span");
  words.className = "outcome-words";
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", `Upload of ${name}`);
  words.append(bar);
  row.append(picture, title, words);
  outcomes.append(row);
  return row;
}

function send(form, fieldName, file, row) {
  const body = new FormData(form);
  body.delete(fieldName);
  body.append(fieldName, file);
  const request = new XMLHttpRequest();
  const bar = row.querySelector("progress");
  return new Promise((done) => {
    request.upload.addEventListener("progress", (event) => {
      if (!event.lengthComputable) return;
      if (event.loaded < event.total) bar.value = event.loaded / event.total;
      else bar.removeAttribute("value"); // all sent; the server is looking at it
    });
    request.addEventListener("load", () => {
      showAnswer(request, row);
      done();
    });
    request.addEventListener("error", () => {
      refuse(row, "The connection broke. Choose the photo again.");
      done();
    });
    request.open("POST", form.action);
    request.setRequestHeader("X-Fragment", "1");
    request.send(body);
  });
}

function showAnswer(request, row) {
  const template = document.createElement("template");
  template.innerHTML = request.responseText;
  const answer = template.content.querySelector("li.outcome");
  if (answer) row.replaceWith(answer);
  else refuse(row, "The site did not take it. Reload the page and sign in again.");
}

function refuse(row, sentence) {
  row.classList.add("outcome-refused");
  row.querySelector(".outcome-words").textContent = sentence;
}
