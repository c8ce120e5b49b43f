// @ts-check
// Uploads for a patient, or for a session that was interrupted: several files, each with a bar of its own and a button that stops it.

import { Refused } from "./api.js";
import { make, one, sayQuarter, showScripted } from "./dom.js";
import { text } from "./texts.js";
import { upload } from "./tus.js";

const AT_ONCE = 2;

showScripted();
const form = /** @type {HTMLFormElement | null} */ (one("[data-upload]"));
const list = one("[data-uploads]");
const input = /** @type {HTMLInputElement | null} */ (one("input[type=file]"));
const joins = /** @type {HTMLInputElement | null} */ (one("[data-upload] [name=joins]"))?.value ?? "";
if (input) input.multiple = !joins; // without scripts one form sends one file, and what joins a session has an order
/** @type {(() => Promise<void>)[]} */
const waiting = [];
let running = 0;

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = /** @type {HTMLInputElement} */ (one("input[type=file]", form));
  const value = (/** @type {string} */ name) => String(new FormData(form).get(name) ?? "");
  const fields = { patient_id: form.dataset.patient ?? "", joins, session_date: value("session_date"), speakers: value("speakers") };
  for (const file of chosen.files ?? []) add(file, fields);
  chosen.value = "";
});
addEventListener("beforeunload", (event) => running && event.preventDefault());

function add(/** @type {File} */ file, /** @type {Record<string, string>} */ fields) {
  const bar = /** @type {HTMLProgressElement} */ (make("progress", { max: 1, value: 0, "aria-label": text("Upload of {name}", { name: file.name }) }));
  const state = make("span", { class: "state", "aria-live": "off" }, text("waits"));
  const stop = make("button", { type: "button" }, text("Stop"));
  const line = make("li", {}, make("span", { class: "file" }, file.name), bar, state, stop);
  const control = new AbortController();
  stop.addEventListener("click", () => control.abort());
  list?.append(line);
  const tell = (/** @type {number} */ share) => {
    bar.value = share;
    state.textContent = `${Math.floor(share * 100)} %`;
    sayQuarter(text("Upload of {name}", { name: file.name }), share);
  };
  waiting.push(async () => {
    try {
      if (control.signal.aborted) throw new Error("stopped");
      const session = await upload(file, fields, tell, control.signal);
      state.replaceChildren(make("a", { href: `/sessions/${session}` }, text("Open the session")));
      stop.remove();
    } catch (error) {
      state.className = "state wrong";
      state.setAttribute("aria-live", "assertive");
      state.textContent = control.signal.aborted ? text("stopped") : reason(error);
      stop.textContent = text("Try again");
      stop.addEventListener("click", () => { line.remove(); add(file, fields); }, { once: true });
    }
  });
  next();
}

function reason(/** @type {unknown} */ error) {
  return error instanceof Refused ? error.message : text("The server cannot be reached.");
}

function next() {
  while (running < AT_ONCE && waiting.length) {
    running += 1;
    waiting.shift()?.().finally(() => {
      running -= 1;
      next();
    });
  }
}
