// @ts-check
// Desktop notifications for those who asked for them in this browser: that a session is ready, and no more.

import { make } from "./dom.js";
import { text } from "./texts.js";

const WANTED = "sessionscribe-notify";
const TEXTS = { processed: text("A session is ready."), failed: text("The work on a session failed.") };

/** @typedef {import("./live.js").News} News */

/** Says it while the page is not looked at. Several tabs show one notification. @param {News} news */
export function tell(news) {
  const words = TEXTS[/** @type {keyof typeof TEXTS} */ (news.status)];
  if (news.event !== "status" || !words || !document.hidden || !isOn()) return;
  const shown = new Notification(words, { tag: `sessionscribe-${news.session_id}` });
  shown.addEventListener("click", () => {
    window.focus();
    shown.close();
  });
}

/** The switch. @param {HTMLElement | null} place */
export function install(place) {
  if (!place || !("Notification" in window)) return;
  const button = /** @type {HTMLButtonElement} */ (make("button", { type: "button" }));
  const said = make("span", { class: "hint", role: "status" });
  const show = () => {
    button.textContent = isOn()
      ? text("Stop notifications in this browser")
      : text("Notify me in this browser when a session is ready");
  };
  button.addEventListener("click", async () => {
    if (isOn()) localStorage.removeItem(WANTED);
    else if ((await Notification.requestPermission()) === "granted") localStorage.setItem(WANTED, "1");
    else said.textContent = ` ${text("Your browser blocks them. Allow notifications for this site in its settings.")}`;
    show();
  });
  show();
  place.append(button, said);
}

function isOn() {
  return "Notification" in window && Notification.permission === "granted" && localStorage.getItem(WANTED) !== null;
}
