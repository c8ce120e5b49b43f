// @ts-check
// Today: bars move, the title counts what is new, and the page reloads while no field is being edited.

import { one, showScripted } from "./dom.js";
import * as live from "./live.js";
import * as notify from "./notify.js";
import { text } from "./texts.js";

showScripted();
live.sayWhy();
notify.install(one("[data-notify]"));
const title = document.title;
let news = 0;

live.follow((item) => {
  live.showProgress(item);
  if (item.event === "progress" || !live.isNew(item)) return;
  news += 1;
  document.title = `(${news}) ${title}`;
  const words = item.event === "risk" ? text("There is a new risk alert.") : text("Something has changed.");
  const line = one("[data-news]");
  if (line) line.textContent = `${words} ${text("The page shows it when you come back to it, or reload it.")}`;
  if (document.hidden) document.addEventListener("visibilitychange", () => live.reload(words), { once: true });
  else if (!document.activeElement?.closest("form")) live.reload(words);
});
