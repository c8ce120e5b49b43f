// @ts-check
// From the notes to the words they rest on and back: play buttons, and marks on both sides.

import { all, one } from "./dom.js";
import { parsed } from "./ranges.js";

/** @param {import("./player.js").Player} player */
export function install(player) {
  document.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const link = /** @type {HTMLElement | null} */ (target.closest("[data-play]"));
    if (link) {
      event.preventDefault();
      const ranges = parsed(link.dataset.play ?? "");
      if (ranges.length) player.playOnly(ranges);
      markTurns(link);
      return;
    }
    const rests = /** @type {HTMLElement | null} */ (target.closest("[data-items]"));
    if (rests) {
      event.preventDefault();
      showItems((rests.dataset.items ?? "").split(" "));
    }
  });
}

/** Tint the turns that an item of the notes rests on, and bring the first into view. */
function markTurns(/** @type {HTMLElement} */ link) {
  const item = link.closest(".item");
  if (!item) return;
  clear();
  item.classList.add("chosen");
  const turns = all('.quotes a[href^="#s"], .said-quotes a[href^="#s"]', item)
    .map((quote) => one(quote.getAttribute("href") ?? ""))
    .filter((turn) => turn !== null);
  for (const turn of turns) turn.classList.add("chosen");
  turns[0]?.scrollIntoView({ block: "nearest" });
}

/** Tint the items of the notes that rest on a turn, and go to the first. */
function showItems(/** @type {string[]} */ numbers) {
  clear();
  const items = numbers.map((number) => one(`#i${number}`)).filter((item) => item !== null);
  for (const item of items) {
    item.classList.add("chosen");
    const folded = item.closest("details:not(.quotes)");
    if (folded instanceof HTMLDetailsElement) folded.open = true;
  }
  const first = items[0];
  if (!first) return;
  first.tabIndex = -1;
  first.focus({ preventScroll: true });
  first.scrollIntoView({ block: "nearest" });
}

function clear() {
  for (const element of all(".chosen")) element.classList.remove("chosen");
}
