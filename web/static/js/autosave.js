// @ts-check
// Keeps an edit on the server while it is typed, so that neither a crash nor the automatic sign-out loses it.

import { call } from "./api.js";
import { one } from "./dom.js";
import { keepBehindLock } from "./lock.js";

const AFTER_MS = 2000;

/** @param {HTMLFormElement} form whose `data-autosave` is the path; without a connection the page asks before it is left */
export function autosave(form) {
  const told = one("[data-kept]", form);
  let timer = 0;
  let isChanged = false;
  let isLeaving = false;
  let kept = Promise.resolve();

  async function keep() {
    if (isLeaving) return;
    isChanged = false;
    const { csrf_token: _, tag, ...fields } = Object.fromEntries(new FormData(form));
    try {
      await call("PUT", form.dataset.autosave ?? "", { body: { tag, fields } });
      if (told) told.textContent = `Kept ${new Date().toLocaleTimeString([], { timeStyle: "short" })}, not saved as a version yet`;
    } catch (error) {
      isChanged = true;
      if (told) told.textContent = `Not kept: ${/** @type {Error} */ (error).message}`;
      later();
    }
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(() => (kept = kept.then(keep)), AFTER_MS);
  }

  form.addEventListener("input", () => {
    isChanged = true;
    later();
  });
  form.addEventListener("submit", (event) => {
    if (isLeaving) return;
    event.preventDefault(); // what is on its way must not arrive after the new version
    isLeaving = true;
    clearTimeout(timer);
    kept.then(() => form.submit());
  });
  keepBehindLock(() => isChanged && !isLeaving);
  addEventListener("beforeunload", (event) => isChanged && !isLeaving && event.preventDefault());
}
