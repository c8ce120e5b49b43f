// @ts-check
// Finds patients by name as you type; what is typed never leaves the page.

import { all, one, showScripted } from "./dom.js";
import { text } from "./texts.js";

showScripted();
const field = /** @type {HTMLInputElement | null} */ (one("[data-filter]"));
const rows = all("#patients tbody tr");
const plain = (/** @type {string} */ name) => name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const names = rows.map((row) => plain(one("th", row)?.textContent ?? ""));

field?.addEventListener("input", () => {
  const wanted = plain(field.value).split(/\s+/).filter(Boolean);
  let found = 0;
  rows.forEach((row, place) => {
    row.hidden = !wanted.every((part) => names[place].includes(part));
    if (!row.hidden) found += 1;
  });
  const told = one("[data-found]");
  if (told) told.textContent = text("{count} found", { count: found });
});
