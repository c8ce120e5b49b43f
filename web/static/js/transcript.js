// @ts-check
// The transcript: a click on a word plays it, the word that is heard is marked, and the page follows.

import { all, make, one } from "./dom.js";
import { text } from "./texts.js";

/** @typedef {import("./player.js").Player} Player */
/** @typedef {{element: HTMLElement, start: number, end: number, words: number[]}} Turn */

export class Transcript {
  /** @param {HTMLElement} list @param {Player} player */
  constructor(list, player) {
    this.list = list;
    this.player = player;
    /** @type {Turn[]} */
    this.turns = all(".turn", list).map((element) => ({
      element,
      start: Number(element.dataset.from),
      end: Number(element.dataset.to),
      words: (element.dataset.words ?? "").split(" ").filter(Boolean).map((word) => Number(word) / 100),
    }));
    this.follows = true;
    /** @type {Turn | null} */
    this.turn = null;
    this.word = -1;
    this.#drawFollow();
    list.addEventListener("click", (event) => this.#clicked(event));
    player.addEventListener("at", () => this.#heard());
    for (const event of ["wheel", "touchmove"])
      document.addEventListener(event, () => player.playing && this.follow(false), { passive: true });
  }

  /** @param {boolean} wanted */
  follow(wanted) {
    this.follows = wanted;
    this.switch.checked = wanted;
    if (wanted && this.turn) this.turn.element.scrollIntoView({ block: "center" });
  }

  /** The turn at a moment, or the last one before it. @param {number} at */
  at(at) {
    let [low, high] = [0, this.turns.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.turns[middle].start <= at) low = middle + 1;
      else high = middle;
    }
    return this.turns[low - 1] ?? null;
  }

  /** The start of the next turn of another speaker, or of the one before. @param {number} step */
  neighbour(step) {
    const here = this.at(this.player.at);
    let place = here ? this.turns.indexOf(here) : 0;
    const voice = here?.element.dataset.voice;
    while (this.turns[place + step] && this.turns[place].element.dataset.voice === voice) place += step;
    return this.turns[place]?.start ?? 0;
  }

  #drawFollow() {
    this.switch = /** @type {HTMLInputElement} */ (make("input", { type: "checkbox", checked: true }));
    this.switch.addEventListener("change", () => this.follow(this.switch.checked));
    one(".player")?.append(make("label", { class: "follow" }, this.switch, make("span", {}, ` ${text("Follow")}`)));
  }

  #clicked(/** @type {MouseEvent} */ event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const said = /** @type {HTMLElement | null} */ (target.closest(".said"));
    if (!said || String(getSelection())) return;
    const turn = this.turns.find((one) => one.element === said.closest(".turn"));
    if (!turn) return;
    const word = wordAt(said, event.clientX, event.clientY);
    this.player.seek(turn.words[word] ?? turn.start);
    this.player.play();
  }

  #heard() {
    const at = this.player.at;
    const turn = this.player.playing || at ? this.at(at) : null;
    if (turn !== this.turn) {
      this.turn?.element.removeAttribute("aria-current");
      turn?.element.setAttribute("aria-current", "true");
      this.turn = turn;
      this.word = -1;
      if (turn && this.follows && this.player.playing) turn.element.scrollIntoView({ block: "nearest" });
    }
    if (!turn) return;
    let word = -1;
    while (word + 1 < turn.words.length && turn.words[word + 1] <= at + 0.02) word += 1;
    if (word !== this.word) mark(turn.element, word);
    this.word = word;
  }
}

/** Which word of a text lies at a point; 0 where a browser cannot say. */
function wordAt(/** @type {HTMLElement} */ said, /** @type {number} */ x, /** @type {number} */ y) {
  const anywhere = /** @type {any} */ (document);
  const position = anywhere.caretPositionFromPoint?.(x, y);
  const range = position ? null : anywhere.caretRangeFromPoint?.(x, y);
  const [node, offset] = position ? [position.offsetNode, position.offset] : [range?.startContainer, range?.startOffset];
  if (!node || !said.contains(node)) return 0;
  const before = document.createRange();
  before.setStart(said, 0);
  before.setEnd(node, offset);
  const words = before.toString().split(/\s+/).filter(Boolean).length;
  return Math.max(0, /\s$/.test(before.toString()) ? words : words - 1);
}

/** Marks one word of a turn without touching the document, where the browser can. */
function mark(/** @type {HTMLElement} */ element, /** @type {number} */ word) {
  const highlights = /** @type {any} */ (CSS).highlights;
  if (!highlights) return;
  highlights.delete("heard");
  const said = one(".said", element);
  const range = said && word >= 0 ? rangeOf(said, word) : null;
  if (range) highlights.set("heard", new /** @type {any} */ (window).Highlight(range));
}

function rangeOf(/** @type {HTMLElement} */ said, /** @type {number} */ word) {
  const walker = document.createTreeWalker(said, NodeFilter.SHOW_TEXT);
  let left = word;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const match of (node.textContent ?? "").matchAll(/\S+/g)) {
      if (left > 0) {
        left -= 1;
        continue;
      }
      const range = document.createRange();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      return range;
    }
  }
  return null;
}
