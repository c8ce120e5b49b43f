// @ts-check
// News of all sessions over one connection, however many tabs are open: one tab listens and tells the others.

import { all } from "./dom.js";

const LOCK = "sessionscribe-news";
const POLL_MS = 15000;

/** @typedef {{event: string, session_id: string, status?: string, progress?: number}} News */

/** @param {(news: News) => void} hear */
export function follow(hear) {
  const channel = new BroadcastChannel(LOCK);
  channel.addEventListener("message", (message) => hear(message.data));
  const tell = (/** @type {News} */ news) => {
    hear(news);
    channel.postMessage(news);
  };
  if (navigator.locks) navigator.locks.request(LOCK, () => listen(tell)).catch(() => {});
  else listen(tell);
}

/** Listens until the page is left. */
function listen(/** @type {(news: News) => void} */ tell) {
  return new Promise((leave) => {
    addEventListener("pagehide", leave, { once: true });
    const source = new EventSource("/api/events");
    for (const event of ["status", "progress", "risk"])
      source.addEventListener(event, (message) => tell({ ...JSON.parse(message.data), event }));
    source.addEventListener("error", () => {
      // All places are taken: ask now and then until there is one.
      if (source.readyState === EventSource.CLOSED) setTimeout(leave, POLL_MS);
    });
  });
}

/** Moves the bars of the sessions that are on the page. @param {News} news */
export function showProgress(news) {
  if (news.event !== "progress") return;
  for (const bar of all(`[data-progress-of="${news.session_id}"]`))
    /** @type {HTMLProgressElement} */ (bar).value = news.progress ?? 0;
}
