// @ts-check
// The docked player: plays all of a recording, some ranges of it, or one speaker; one slider, one clock.

import { call } from "./api.js";
import { clock, make, say } from "./dom.js";
import { merged, moveTo } from "./ranges.js";
import { text } from "./texts.js";
import { Waveform } from "./waveform.js";

/** @typedef {import("./ranges.js").Range} Range */

export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3];
const KEEP_AFTER_MS = 500; // a choice by keys goes through what lies between
// Engines place words a little late or early.
const MARGIN = 0.15;

export class Player extends EventTarget {
  /** @param {HTMLElement} dock @param {HTMLAudioElement} audio @param {Map<string, {name: string, ranges: Range[]}>} voices */
  constructor(dock, audio, voices) {
    super();
    this.audio = audio;
    this.voices = voices;
    /** What alone is to be heard for now; null: everything. @type {Range[] | null} */
    this.only = null;
    /** What a choice of the listener leaves out until they choose again. @type {Range[] | null} */
    this.filter = null;
    this.length = Number(audio.dataset.seconds) || 0;
    this.#draw(dock);
    audio.controls = false;
    audio.preservesPitch = true;
    this.setSpeed(Number(audio.dataset.speed) || 1, true);
    audio.addEventListener("play", () => this.#tick());
    audio.addEventListener("timeupdate", () => this.#skip()); // also in a background tab
    for (const event of ["play", "pause", "seeked", "timeupdate", "durationchange", "error"])
      audio.addEventListener(event, () => this.#show());
    this.#show();
  }

  get at() {
    return this.audio.currentTime;
  }

  get playing() {
    return !this.audio.paused;
  }

  /** Hear these ranges and nothing else, then stop. @param {Range[]} ranges */
  playOnly(ranges) {
    const open = ranges.some(([, end]) => end === Infinity);
    const wanted = ranges.map(([start, end]) => /** @type {Range} */ ([Math.max(0, start - MARGIN), end + MARGIN]));
    this.only = open ? null : merged(wanted);
    this.#goTo(wanted[0][0]);
    this.play();
  }

  play() {
    this.audio.play().catch(() => this.#show());
  }

  toggle() {
    if (this.playing) this.audio.pause();
    else {
      if (this.only && moveTo(this.only, this.at) === null) this.only = null;
      this.play();
    }
  }

  /** @param {number} seconds */
  seek(seconds) {
    this.only = null;
    this.#goTo(seconds);
  }

  /** @param {number} seconds */
  move(seconds) {
    this.seek(this.at + seconds);
  }

  /** @param {number} speed @param {boolean} [quietly] */
  setSpeed(speed, quietly) {
    this.audio.playbackRate = speed;
    this.speed.value = String(speed);
    if (quietly) return;
    say(text("Speed {speed}", { speed }));
    clearTimeout(this.keeping);
    const keep = () => call("PATCH", "/api/preferences", { body: { playback_speed: speed } });
    this.keeping = setTimeout(() => keep().catch(() => {}), KEEP_AFTER_MS); // it plays so in any case
  }

  /** @param {number} steps */
  changeSpeed(steps) {
    const place = SPEEDS.indexOf(this.audio.playbackRate);
    this.setSpeed(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (place < 0 ? 2 : place) + steps))]);
  }

  #goTo(/** @type {number} */ seconds) {
    const longest = this.audio.duration || this.length || Infinity;
    this.audio.currentTime = Math.min(Math.max(0, seconds), longest);
    this.#show();
  }

  /** At every frame, because `timeupdate` comes four times a second only. */
  #tick() {
    if (!this.playing) return;
    this.#skip();
    this.dispatchEvent(new Event("at"));
    requestAnimationFrame(() => this.#tick());
  }

  /** Leaves out what is not to be heard. */
  #skip() {
    if (!this.playing) return;
    for (const ranges of [this.only, this.filter]) {
      const next = ranges ? moveTo(ranges, this.at) : this.at;
      if (next === null) {
        this.audio.pause();
        if (ranges === this.only) this.only = null;
      } else if (next > this.at) this.audio.currentTime = next;
    }
  }

  #draw(/** @type {HTMLElement} */ dock) {
    this.button = make("button", { type: "button", class: "main toggle" }, "▶");
    this.button.addEventListener("click", () => this.toggle());
    this.slider = /** @type {HTMLInputElement} */ (
      make("input", { type: "range", min: "0", step: "0.1", value: "0", class: "position", "aria-label": text("Position") })
    );
    this.slider.addEventListener("input", () => this.seek(Number(this.slider.value)));
    this.clock = make("span", { class: "clock" });
    this.speed = /** @type {HTMLSelectElement} */ (
      make("select", { "aria-label": text("Speed") }, ...SPEEDS.map((s) => make("option", { value: String(s) }, `${s}×`)))
    );
    this.speed.addEventListener("change", () => this.setSpeed(Number(this.speed.value)));
    const choice = /** @type {HTMLSelectElement} */ (
      make("select", { "aria-label": text("Hear") }, make("option", { value: "" }, text("Hear all")))
    );
    for (const [key, voice] of this.voices) choice.append(make("option", { value: key }, voice.name));
    choice.addEventListener("change", () => {
      this.only = null;
      this.filter = this.voices.get(choice.value)?.ranges ?? null;
    });
    this.problem = make("span", { class: "wrong", role: "alert" });
    const picture = make("div", { class: "picture" }, this.slider);
    dock.append(this.button, picture, this.clock, this.speed, choice, this.problem);
    this.#drawWaveform(picture);
  }

  async #drawWaveform(/** @type {HTMLElement} */ picture) {
    const path = this.audio.dataset.waveform;
    if (!path) return;
    try {
      const points = Math.min(1200, Math.max(200, Math.round(picture.clientWidth)));
      const answer = await call("GET", `${path}?points=${points}`);
      this.waveform = new Waveform(picture, await answer.json(), this.length, this.audio.dataset.off ?? "");
      this.#show();
    } catch {
      // A recording from before there were waveforms has none: the slider is the control in any case.
    }
  }

  #show() {
    const length = this.length || this.audio.duration || 0;
    this.slider.max = String(length);
    this.slider.value = String(this.at);
    this.slider.setAttribute("aria-valuetext", text("{at} of {length}", { at: clock(this.at), length: clock(length) }));
    this.clock.textContent = `${clock(this.at)} / ${clock(length)}`;
    this.button.textContent = this.playing ? "❚❚" : "▶";
    this.button.setAttribute("aria-label", this.playing ? text("Pause") : text("Play"));
    this.problem.textContent = this.audio.error ? text("The recording cannot be played. Download it instead.") : "";
    this.waveform?.show(length ? this.at / length : 0);
    this.dispatchEvent(new Event("at"));
  }
}
