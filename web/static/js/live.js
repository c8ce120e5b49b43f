// @ts-check
// News of all sessions over one connection, however many tabs are open: one tab listens and tells the others.

import { all, say, sayQuarter } from "./dom.js";
import * as notify from "./notify.js";

const LOCK = "sessionscribe-news";
const POLL_MS = 15000;

/** @typedef {{event: string, session_id: string, at?: string, status?: string, progress?: number}} News */

/** @param {(news: News) => void} hear */
export function follow(hear) {
  const hearAndNotify = (/** @type {News} */ news) => {
    if (isNew(news)) notify.tell(news);
    hear(news);
  };
  const channel = new BroadcastChannel(LOCK);
  channel.addEventListener("message", (message) => hearAndNotify(message.data));
  const tell = (/** @type {News} */ news) => {
    hearAndNotify(news);
    channel.postMessage(news);
  };
  const go = () => (navigator.locks ? navigator.locks.request(LOCK, () => listen(tell)) : listen(tell)).then(go);
  go();
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

/**
 * Whether a change came after the page was made. By the server's clock: those of the last minute are told again,
 * and a page that is read again for what it shows would be read again for ever.
 * @param {News} news
 */
export function isNew(news) {
  const asOf = all("[data-as-of]")[0]?.dataset.asOf;
  return !news.at || !asOf || new Date(news.at) > new Date(asOf);
}

/** Moves the bars of the sessions that are on the page. @param {News} news */
export function showProgress(news) {
  if (news.event !== "progress") return;
  const percent = news.progress ?? 0;
  for (const bar of all(`[data-progress-of="${news.session_id}"]`)) {
    /** @type {HTMLProgressElement} */ (bar).value = percent;
    sayQuarter(bar.getAttribute("aria-label") ?? "", percent / 100);
  }
}

/** Reads the page again, and has screen readers say why. @param {string} words */
export function reload(words) {
  history.replaceState({ words }, "");
  location.reload();
}

/** Says why the page was read again; the words are gone from the browser then. */
export function sayWhy() {
  const words = history.state?.words;
  if (!words) return;
  history.replaceState(null, "");
  say(words);
}
