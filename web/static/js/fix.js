// @ts-check
// Corrects words where they stand. Without scripts the same link opens a page with the same form.

import { Refused, call } from "./api.js";
import { make, one } from "./dom.js";
import { text } from "./texts.js";

/** @param {HTMLElement} list the turns */
export function install(list) {
  list.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest("a.fix");
    const turn = /** @type {HTMLElement | null} */ (link?.closest(".turn") ?? null);
    if (!turn || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    edit(turn, list.dataset.session ?? "");
  });
}

/** @param {HTMLElement} turn @param {string} session */
export function edit(turn, session) {
  const said = one(".said", turn);
  if (!said || !one("a.fix", turn) || one("form.fixing", turn)) return;
  const was = said.textContent ?? "";
  const field = /** @type {HTMLTextAreaElement} */ (
    make("textarea", { value: was, rows: Math.min(8, 2 + was.length / 60), "aria-label": text("What was said") })
  );
  const problem = make("p", { class: "wrong", role: "alert" });
  const cancel = make("button", { type: "button" }, text("Cancel"));
  const form = make("form", { class: "fixing" }, field, problem, make("button", { class: "main" }, text("Save")), cancel);
  const close = () => {
    form.remove();
    said.hidden = false;
    one("a.fix", turn)?.focus();
  };
  cancel.addEventListener("click", close);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) /** @type {HTMLFormElement} */ (form).requestSubmit();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const correction = { segment: Number(turn.id.slice(1)), was, text: field.value };
    try {
      await call("PUT", `/api/sessions/${session}/transcript/corrections`, { body: { corrections: [correction] } });
      location.hash = turn.id;
      location.reload(); // the notes are held against the new words
    } catch (error) {
      problem.textContent = error instanceof Refused ? error.message : text("Not saved: the server cannot be reached.");
    }
  });
  said.hidden = true;
  said.after(form);
  field.focus();
}
