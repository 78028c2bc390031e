// Fetches the next page of photos before its end is reached, and keeps the address true:
// it is always that of the page in view, so that reloading and going back come to the same photos.

import { fetchFragment } from "./fragment.js";

const AHEAD_PX = 1200;
const SETTLE_MS = 150;

for (const pages of document.querySelectorAll("[data-pages]")) start(pages);

function start(pages) {
  const grid = pages.querySelector("ul");
  const status = document.createElement("p");
  status.className = "visually-hidden";
  status.role = "status";
  pages.append(status);
  grid.firstElementChild.dataset.page = location.href;
  comeBack(grid);

  const observer = new IntersectionObserver(
    async (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      if (await addNext(pages, grid, status)) watch();
    },
    { rootMargin: `0px 0px ${AHEAD_PX}px` },
  );
  const watch = () => {
    const next = pages.querySelector("[rel=next]");
    if (next) observer.observe(next);
  };
  watch();

  let timer = 0;
  addEventListener(
    "scroll",
    () => {
      clearTimeout(timer);
      timer = setTimeout(() => tellAddress(grid), SETTLE_MS);
    },
    { passive: true },
  );
}

/** Put the next page's photos behind the last; false when that failed: the link is still there. */
async function addNext(pages, grid, status) {
  const link = pages.querySelector("[rel=next]");
  const page = document.createElement("template");
  try {
    page.innerHTML = await fetchFragment(link.href);
  } catch {
    return false;
  }
  const cards = [...page.content.querySelectorAll(".photo-grid > li")];
  if (cards.length) cards[0].dataset.page = link.href;
  for (const image of page.content.querySelectorAll("img")) image.loading = "lazy";
  const next = page.content.querySelector("[data-pages] [rel=next]");
  grid.append(...cards);
  if (next) link.href = next.href;
  else link.remove();
  status.textContent = `${cards.length} more photos`;
  return Boolean(next);
}

/** Make the address that of the page of the first photo in view, and remember which photo. */
function tellAddress(grid) {
  const seen = firstInView(grid);
  if (!seen) return;
  let page = seen;
  while (page && !page.dataset.page) page = page.previousElementSibling;
  if (!page) return;
  const isMoved = page.dataset.page !== location.href;
  if (!isMoved && !history.state?.photo && page === grid.firstElementChild && scrollY < 100) return;
  history.scrollRestoration = "manual";
  history.replaceState({ photo: seen.querySelector("a").pathname }, "", page.dataset.page);
}

function firstInView(grid) {
  const cards = grid.children;
  let [low, high] = [0, cards.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cards[middle].getBoundingClientRect().bottom > 0) high = middle;
    else low = middle + 1;
  }
  return cards[low];
}

/** After going back or reloading: scroll to the photo that was in view. */
function comeBack(grid) {
  const path = history.state?.photo;
  if (!path) return;
  for (const link of grid.querySelectorAll("a")) {
    if (link.pathname === path) link.scrollIntoView({ block: "start", behavior: "instant" });
  }
}
