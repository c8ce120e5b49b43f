// @ts-check
// Signs a person out who does nothing: warns two minutes before, any key or touch stays signed in.
//
// The server decides in the end; this page leaves in time so that nothing stays on the screen. A page that
// must go on (a recorder, a player) cancels the event "sessionscribe:lock": then the screen is covered instead.

import { text } from "./js/texts.js";

const WARN_MS = 120_000;
const REPORT_MS = 60_000;
const idleMs = 1000 * Number(document.querySelector('meta[name="idle-seconds"]').content);
const token = document.querySelector('meta[name="csrf-token"]');
const tabs = new BroadcastChannel("sessionscribe-acts");
let actedAt = Date.now();
let reportedAt = Date.now();
let warning = null;
let cover = null;

function act() {
  if (cover) return;
  actedAt = Date.now();
  tabs.postMessage("act");
  hideWarning();
  if (actedAt - reportedAt >= REPORT_MS) report();
}

async function report() {
  reportedAt = Date.now();
  try {
    const answer = await fetch("/account/act", { method: "POST", headers: { "X-CSRF-Token": token.content }, redirect: "manual" });
    if (!answer.ok) lock();
  } catch {
    reportedAt = 0; // the network is away: tell with the next act
  }
}

function hideWarning() {
  warning?.remove();
  warning = null;
}

function warn() {
  if (warning) return;
  warning = document.createElement("p");
  warning.className = "locking";
  warning.setAttribute("role", "alert");
  // What lies outside of an open dialogue is out of reach.
  (document.querySelector("dialog[open]") ?? document.body).append(warning);
  warning.textContent = text("You will be signed out in two minutes. Press any key to stay signed in.");
}

function lock() {
  if (cover) return;
  hideWarning();
  const leave = document.dispatchEvent(new CustomEvent("sessionscribe:lock", { cancelable: true }));
  const again = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
  if (leave) {
    document.body.replaceChildren();
    location.replace(again);
    return;
  }
  cover = document.createElement("dialog");
  cover.className = "locked";
  const words = document.createElement("p");
  words.textContent = text("Locked. What runs here goes on.");
  const link = document.createElement("a");
  link.href = again;
  link.target = "_blank";
  link.textContent = text("Sign in again in another tab");
  cover.append(words, link);
  cover.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(cover);
  cover.showModal();
}

// Another tab says that the person is there, perhaps after signing in again: ask the server whether it is so.
async function unlock() {
  const answer = await fetch("/account/session", { redirect: "manual" }).catch(() => null);
  if (!answer?.ok) return;
  const session = await answer.json();
  token.content = session.csrf_token;
  cover.remove();
  cover = null;
  actedAt = Date.now();
}

tabs.addEventListener("message", () => {
  if (cover) unlock();
  actedAt = Date.now();
  hideWarning();
});
for (const kind of ["keydown", "pointerdown", "wheel"]) addEventListener(kind, act, { capture: true, passive: true });
setInterval(() => {
  const idle = Date.now() - actedAt;
  if (idle >= idleMs) lock();
  else if (idle >= idleMs - WARN_MS) warn();
}, 1000);
tabs.postMessage("act");
