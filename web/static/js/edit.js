// @ts-check
// Forms with texts: what is typed and not saved is not lost.

import { autosave } from "./autosave.js";
import { all, showScripted } from "./dom.js";
import { keepForm } from "./lock.js";

showScripted();
for (const form of all("form[data-autosave]")) autosave(/** @type {HTMLFormElement} */ (form));
for (const form of all("form[data-keep]")) keepForm(/** @type {HTMLFormElement} */ (form));
