// @ts-check
// Small helpers that every module uses: finding elements, making them, and news for screen readers.

/**
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {HTMLElement[]}
 */
export function all(selector, within = document) {
  return /** @type {HTMLElement[]} */ ([...within.querySelectorAll(selector)]);
}

/**
 * @param {string} selector
 * @param {ParentNode} [within]
 * @returns {HTMLElement | null}
 */
export function one(selector, within = document) {
  return within.querySelector(selector);
}

/**
 * An element with its properties and children. Text is never read as HTML.
 * @param {string} name
 * @param {Record<string, any>} [properties] `aria-…`, `data-…`, `class`, `for` and `role` become attributes
 * @param {...(Node | string)} children
 */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || ["class", "for", "role"].includes(key)) element.setAttribute(key, value);
    else /** @type {any} */ (element)[key] = value;
  }
  element.append(...children);
  return element;
}

/** Have screen readers say something: in a region that is on the page before, or some do not. @param {string} words */
export function say(words) {
  const voice = one("#said");
  if (voice) voice.textContent = words;
}

/** @type {Map<string, number>} */
const quarters = new Map();

/** Have screen readers say how far something is, at each quarter only. @param {string} what @param {number} share */
export function sayQuarter(what, share) {
  const quarter = Math.floor(share * 4);
  if (quarter > (quarters.get(what) ?? 0)) say(`${what}: ${quarter * 25} %`);
  quarters.set(what, quarter);
}

/** Show what works only with scripts. */
export function showScripted() {
  document.documentElement.classList.add("js");
}

/** `75` is `1:15`. @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
