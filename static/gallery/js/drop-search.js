// Searches by a picture that is dropped on the search box or pasted into it.

const LARGE_BYTES = 1_000_000;
const SIDE_PX = 1024;

const sender = document.querySelector("[data-drop-search]");
const box = document.querySelector(".search-box");
if (sender && box) start(box, sender);

function start(box, sender) {
  const words = document.createElement("p");
  words.className = "search-drop-words";
  words.role = "status";
  box.append(words);

  // A drag enters and leaves each element within; the box is left when all of them are.
  let depth = 0;
  const lit = (isLit) => {
    depth = isLit ? depth : 0;
    box.classList.toggle("search-box-over", isLit);
    words.textContent = isLit ? "Drop it to find photos like it" : "";
  };
  box.addEventListener("dragenter", (event) => {
    if (!isPicture(event.dataTransfer)) return;
    event.preventDefault();
    depth += 1;
    lit(true);
  });
  box.addEventListener("dragover", (event) => {
    if (!isPicture(event.dataTransfer)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  box.addEventListener("dragleave", () => {
    depth -= 1;
    if (depth <= 0) lit(false);
  });
  box.addEventListener("drop", (event) => {
    if (!isPicture(event.dataTransfer)) return;
    event.preventDefault();
    lit(false);
    const known = photoOf(event.dataTransfer);
    if (known) location.assign(`${box.action}?${new URLSearchParams({ q: `like:${known}` })}`);
    else send(box, sender, words, event.dataTransfer.files[0]);
  });
  box.addEventListener("paste", (event) => {
    const file = event.clipboardData.files[0];
    if (!file) return; // text is pasted as ever
    event.preventDefault();
    send(box, sender, words, file);
  });
}

/** Whether something is dragged that can be searched by: a file, or a photo of a page. */
function isPicture({ types }) {
  return types.includes("Files") || types.includes("text/uri-list");
}

/** Return the id of a photo of this site that was dragged here from a page; or null. */
function photoOf(transfer) {
  const [address] = transfer.getData("text/uri-list").split(/\r?\n/);
  if (!address || !URL.canParse(address)) return null;
  const { origin, pathname } = new URL(address);
  return origin === location.origin ? (pathname.match(/^\/photos\/([^/]+)\//)?.[1] ?? null) : null;
}

async function send(box, sender, words, file) {
  if (!file) {
    words.textContent = "That is no picture.";
    return;
  }
  box.classList.add("search-box-busy");
  words.textContent = "Sending your picture …";
  const files = new DataTransfer();
  files.items.add(await smaller(file));
  sender.querySelector("input[type=file]").files = files.files;
  sender.requestSubmit();
}

/** Return a large picture made small, which is sent sooner; as it is where that cannot be done. */
async function smaller(file) {
  if (file.size < LARGE_BYTES) return file;
  try {
    const whole = await createImageBitmap(file);
    const scale = Math.min(1, SIDE_PX / Math.min(whole.width, whole.height));
    const canvas = new OffscreenCanvas(
      Math.max(1, Math.round(whole.width * scale)),
      Math.max(1, Math.round(whole.height * scale)),
    );
    canvas.getContext("2d").drawImage(whole, 0, 0, canvas.width, canvas.height);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
    return new File([blob], "picture.jpg", { type: blob.type });
  } catch {
    return file; // the server says what is wrong with it
  }
}
