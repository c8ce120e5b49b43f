// @ts-check
// Keeps an edit on the server while it is typed, so that neither a crash nor the automatic sign-out loses it.
// Where the same edit goes on in another window, both texts are shown, and neither replaces the other unseen.

import { Refused, call } from "./api.js";
import { all, make, one, say } from "./dom.js";
import { keepBehindLock } from "./lock.js";
import { text } from "./texts.js";

const AFTER_MS = 2000;

const localTime = () => new Date().toLocaleTimeString([], { timeStyle: "short" });

/** @param {HTMLFormElement} form whose `data-autosave` is the path; without a connection the page asks before it is left */
export function autosave(form) {
  const told = one("[data-kept]", form);
  let timer = 0;
  let isChanged = false;
  let isLeaving = false;
  let kept = Promise.resolve();
  const path = form.dataset.autosave ?? "";
  const known = /** @type {HTMLInputElement} */ (form.elements.namedItem("kept")); // sent with the form too
  const learn = (/** @type {Response | undefined} */ answer) => (known.value = (answer?.headers.get("ETag") ?? "").replaceAll('"', ""));

  async function keep() {
    if (isLeaving) return;
    isChanged = false;
    const { csrf_token: _, kept: __, tag, ...fields } = Object.fromEntries(new FormData(form));
    /** @type {Record<string, string>} */
    const headers = known.value ? { "If-Match": `"${known.value}"` } : { "If-None-Match": "*" };
    try {
      const answer = await call("PUT", path, { body: { tag, fields }, headers });
      learn(answer);
      if (told) told.textContent = text("Kept {time}, not saved as a version yet", { time: localTime() });
    } catch (error) {
      isChanged = true;
      if (error instanceof Refused && error.status === 412) return compare(fields).catch(later);
      if (told) told.textContent = text("Not kept: {why}", { why: /** @type {Error} */ (error).message });
      later();
    }
  }

  /** What was typed elsewhere, beside what is here; from now on both are known. */
  async function compare(/** @type {Record<string, any>} */ mine) {
    const answer = await call("GET", path).catch((error) => {
      if (error.status !== 404) throw error; // saved or discarded there: saving here shows both
    });
    learn(answer || undefined);
    const theirs = answer ? (await answer.json()).fields : mine;
    for (const note of all(".elsewhere", form)) note.remove();
    const names = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])].filter((name) => mine[name] !== theirs[name]);
    for (const name of names) show(name, theirs[name]);
    if (!names.length) return later(); // the same, whose answer was lost
    if (told) told.textContent = text("Typed in another window too: both are shown. What stands in the fields is kept when you type on.");
    say(text("This was typed in another window too. Both are shown."));
  }

  function show(/** @type {string} */ name, /** @type {string | undefined} */ typed) {
    const field = form.elements.namedItem(name);
    if (!(field instanceof HTMLElement)) return;
    const words = field instanceof HTMLInputElement ? (typed ? text("ticked") : text("not ticked")) : (typed ?? "");
    (field.closest("label") ?? field).after(make("p", { class: "now elsewhere" }, make("strong", {}, `${text("In the other window:")} `), words));
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
