// @ts-check
// Copies a part of the notes as plain text: most records of other systems take nothing else.

import { all, one, say } from "./dom.js";
import { text } from "./texts.js";

export function install() {
  for (const button of all("[data-copy]"))
    button.addEventListener("click", async () => {
      const copied = /** @type {HTMLTextAreaElement | null} */ (one(`#${button.dataset.copy}`));
      if (!copied) return;
      await navigator.clipboard.writeText(copied.value);
      say(text("Copied"));
      button.classList.add("copied");
      button.addEventListener("blur", () => button.classList.remove("copied"), { once: true });
    });
}
