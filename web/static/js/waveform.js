// @ts-check
// Draws the peaks that the server made, in the colours of the page; the slider over it is the real control.
// Marks: risk above, what is to be heard again below, and off the record a band that is struck through.

import { all, make } from "./dom.js";
import { parsed } from "./ranges.js";

/** @typedef {import("./ranges.js").Range} Range */

const MARK = 4; // pixels of the page

export class Waveform {
  /** @param {HTMLElement} picture @param {{data: number[], length: number}} peaks @param {number} seconds @param {string} off */
  constructor(picture, peaks, seconds, off) {
    this.peaks = peaks;
    this.seconds = seconds;
    this.risk = all(".alert [data-play]").flatMap((one) => parsed(one.dataset.play ?? ""));
    this.review = all(".turn:has(.doubt)").map((turn) => /** @type {Range} */ ([Number(turn.dataset.from), Number(turn.dataset.to)]));
    this.off = parsed(off);
    this.share = 0;
    this.canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { "aria-hidden": "true" }));
    picture.prepend(this.canvas);
    picture.classList.add("drawn");
    new ResizeObserver(() => this.#draw()).observe(picture);
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"])
      matchMedia(query).addEventListener("change", () => this.#draw());
  }

  /** @param {number} share of the recording that lies before the present moment */
  show(share) {
    const before = Math.round(this.share * this.canvas.width);
    this.share = share;
    if (Math.round(share * this.canvas.width) !== before) this.#draw();
  }

  #draw() {
    const { canvas, peaks } = this;
    const ratio = window.devicePixelRatio || 1;
    const box = canvas.getBoundingClientRect();
    canvas.width = Math.round(box.width * ratio);
    canvas.height = Math.round(box.height * ratio);
    const pen = canvas.getContext("2d");
    if (!pen || !peaks.length) return;
    const style = getComputedStyle(canvas);
    const [rest, done] = [style.color, style.accentColor];
    if (style.direction === "rtl") pen.transform(-1, 0, 0, 1, canvas.width, 0); // as the slider does
    const middle = canvas.height / 2;
    for (let x = 0; x < canvas.width; x += 1) {
      const point = Math.floor((x / canvas.width) * peaks.length);
      const [low, high] = [peaks.data[2 * point], peaks.data[2 * point + 1]];
      pen.fillStyle = x < this.share * canvas.width ? done : rest;
      const top = middle - (high / 128) * middle;
      pen.fillRect(x, top, 1, Math.max(1, middle - (low / 128) * middle - top));
    }
    const mark = MARK * ratio;
    this.#mark(pen, this.off, rest, middle - mark / 2, mark);
    this.#mark(pen, this.risk, style.outlineColor, 0, mark);
    this.#mark(pen, this.review, style.columnRuleColor, canvas.height - mark, mark);
  }

  #mark(/** @type {CanvasRenderingContext2D} */ pen, /** @type {Range[]} */ ranges, /** @type {string} */ colour, /** @type {number} */ top, /** @type {number} */ height) {
    if (!this.seconds) return;
    pen.fillStyle = colour;
    const scale = this.canvas.width / this.seconds;
    for (const [start, end] of ranges)
      pen.fillRect(start * scale, top, Math.max(height, (Math.min(end, this.seconds) - start) * scale), height);
  }
}
