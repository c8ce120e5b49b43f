// @ts-check
// Draws the peaks that the server made, in the colours of the page; the slider over it is the real control.

import { make } from "./dom.js";

export class Waveform {
  /** @param {HTMLElement} picture @param {{data: number[], length: number}} peaks */
  constructor(picture, peaks) {
    this.peaks = peaks;
    this.share = 0;
    this.canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { "aria-hidden": "true" }));
    picture.prepend(this.canvas);
    picture.classList.add("drawn");
    new ResizeObserver(() => this.#draw()).observe(picture);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
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
    const middle = canvas.height / 2;
    for (let x = 0; x < canvas.width; x += 1) {
      const point = Math.floor((x / canvas.width) * peaks.length);
      const [low, high] = [peaks.data[2 * point], peaks.data[2 * point + 1]];
      pen.fillStyle = x < this.share * canvas.width ? done : rest;
      const top = middle - (high / 128) * middle;
      pen.fillRect(x, top, 1, Math.max(1, middle - (low / 128) * middle - top));
    }
  }
}
