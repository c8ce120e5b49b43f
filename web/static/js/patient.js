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
// A file that is dropped anywhere else would be opened in the place of the page.
const holdsFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
addEventListener("drop", (event) => {
  if (!holdsFiles(event)) return; // text goes into the field that it is dropped on
  event.preventDefault();
  const files = event.dataTransfer?.files;
  if (input && files?.length && (input.multiple || files.length === 1)) input.files = files;
});
addEventListener("beforeunload", (event) => running && event.preventDefault());

function add(/** @type {File} */ file, /** @type {Record<string, string>} */ fields) {
  const bar = /** @type {HTMLProgressElement} */ (make("progress", { max: 1, value: 0, "aria-label": text("Upload of {name}", { name: file.name }) }));
  const state = make("span", { class: "state", "aria-live": "off" }, text("waits"));
  const stop = make("button", { type: "button" }, text("Stop"));
  const line = make("li", {}, make("span", { class: "file" }, file.name), bar, state, stop);
  const control = new AbortController();
  stop.addEventListener("click", () => {
    control.abort();
    const place = waiting.indexOf(send);
    if (place >= 0) waiting.splice(place, 1)[0](); // it ends at once, not when its turn comes
  });
  list?.append(line);
  const tell = (/** @type {number} */ share, /** @type {Date | undefined} */ until) => {
    bar.value = share;
    const time = until?.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    state.textContent = time ? text("The server takes the next at {time}. Keep this page open.", { time }) : `${Math.floor(share * 100)} %`;
    sayQuarter(text("Upload of {name}", { name: file.name }), share);
  };
  async function send() {
    try {
      if (control.signal.aborted) throw new Error("stopped");
      const session = await upload(file, fields, tell, control.signal);
      state.replaceChildren(control.signal.aborted ? `${text("It had arrived already.")} ` : "", make("a", { href: `/sessions/${session}` }, text("Open the session")));
      stop.remove();
    } catch (error) {
      state.className = "state wrong";
      state.setAttribute("aria-live", "assertive");
      state.textContent = control.signal.aborted ? text("stopped") : reason(error);
      stop.textContent = text("Try again");
      stop.addEventListener("click", () => { line.remove(); add(file, fields); }, { once: true });
    }
  }
  waiting.push(send);
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
