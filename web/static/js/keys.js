// @ts-check
// Keys: the table in the help dialogue says which there are; keys do nothing while you type in a field.

import { all, one } from "./dom.js";

const OFF = "sessionscribe-keys-off";

/** @param {Record<string, (event: KeyboardEvent) => void>} actions by the names in the table */
export function install(actions) {
  const dialog = /** @type {HTMLDialogElement | null} */ (one("#keys"));
  if (!dialog) return;
  /** @type {Map<string, string>} */
  const bound = new Map();
  for (const row of all("[data-action]", dialog))
    for (const key of JSON.parse(row.dataset.keys ?? "[]")) bound.set(key, row.dataset.action ?? "");
  const on = /** @type {HTMLInputElement} */ (one("[data-keys-on]", dialog));
  on.checked = !localStorage.getItem(OFF);
  on.addEventListener("change", () => (on.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1")));
  const known = { ...actions, help: () => dialog.showModal() };
  document.addEventListener("keydown", (event) => {
    if (!on.checked || isTyping(event) || event.ctrlKey || event.altKey || event.metaKey || dialog.open) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = bound.get(event.shiftKey && key.startsWith("Arrow") ? `Shift+${key}` : key);
    const act = action && known[action];
    if (!act) return;
    event.preventDefault();
    act(event);
  });
  return bound;
}

/** Whether a key belongs to what has the focus: a field, or a button that Space presses. */
function isTyping(/** @type {KeyboardEvent} */ event) {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest("input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]")) return true;
  if (target.closest("input[type=range]")) return event.key.startsWith("Arrow");
  return event.key === " " && target.closest("button, summary, input, a") !== null;
}
