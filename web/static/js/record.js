// @ts-check
// The record page: consent first, then record; what is recorded is kept here until the server has it.

import { Refused } from "./api.js";
import { clock, make, one, say, sayQuarter, showScripted } from "./dom.js";
import { keepBehindLock } from "./lock.js";
import { Recorder } from "./recorder.js";
import { Streaming } from "./streaming.js";
import { text } from "./texts.js";
import { giveUp, upload } from "./tus.js";
import * as vault from "./vault.js";

showScripted();
const panel = /** @type {HTMLElement} */ (one("[data-record]"));
const patient = panel.dataset.record ?? "";
const joins = panel.dataset.joins ?? "";
const part = (/** @type {string} */ name) => /** @type {any} */ (one(`[data-part=${name}]`, panel));
const [agreed, start, pause, stop] = ["agreed", "start", "pause", "stop"].map(part);
const [meter, time, warning, state, left] = ["level", "time", "warning", "state", "left"].map(part);
const [safe, refusal] = ["safe", "refusal"].map(part);
/** @type {Recorder | null} */
let recorder = null;
/** @type {Streaming | null} */
let streaming = null;
let sending = 0;

keepBehindLock(() => recorder !== null || sending > 0);
addEventListener("beforeunload", (event) => (recorder || sending) && event.preventDefault());
agreed.addEventListener("change", () => (start.disabled = !agreed.checked));
start.addEventListener("click", begin);
pause.addEventListener("click", () => {
  recorder?.pause();
  pause.textContent = recorder?.running ? text("Pause") : text("Go on");
  state.textContent = recorder?.running ? text("Recording") : text("Paused");
  say(state.textContent);
});
stop.addEventListener("click", end);
showKept();

let id = "";

async function begin() {
  start.disabled = true;
  recorder = new Recorder(keep);
  try {
    id = await vault.begin(patient, recorder.type, joins);
    const source = await vault.stored(id);
    streaming = new Streaming(source, fieldsOf(source.recording), saved, refused);
    await recorder.start();
  } catch (error) {
    await vault.discard(id).catch(() => {});
    recorder = null;
    start.disabled = false;
    warning.textContent = text("The microphone cannot be used: {why}. Allow it in the browser.", { why: /** @type {Error} */ (error).message });
    return;
  }
  recorder.addEventListener("level", (event) => {
    const { level, quiet } = /** @type {CustomEvent} */ (event).detail;
    meter.value = level;
    time.textContent = clock(recorder?.seconds ?? 0);
    const words = quiet ? text("No sound for 20 seconds. Check the microphone.") : "";
    if (warning.textContent !== words) warning.textContent = words;
  });
  recorder.addEventListener("lost", () => {
    warning.textContent = text("This browser has no room for the recording. Stop, and save what there is.");
  });
  toggle(true);
  say(text("Recording"));
}

/** On the disk first, then to the server. */
async function keep(/** @type {number} */ start, /** @type {Blob} */ piece) {
  await vault.add(id, start, piece);
  streaming?.source.grow(start, piece.size);
  streaming?.push(recorder?.seconds ?? 0, !recorder?.running);
}

function fieldsOf(/** @type {vault.Recording} */ recording) {
  if (recording.joins) return { patient_id: recording.patient, joins: recording.joins };
  return { patient_id: recording.patient, session_date: recording.startedAt };
}

function saved(/** @type {number} */ seconds) {
  safe.textContent = text("On the server up to {time}", { time: clock(seconds) });
}

function refused(/** @type {string} */ words) {
  refusal.textContent = text("The server takes no more of this recording: {why} It stays in this browser.", { why: words });
}

async function end() {
  stop.disabled = true;
  await recorder?.stop().catch(() => {});
  await streaming?.end();
  streaming = null;
  safe.textContent = "";
  recorder = null;
  toggle(false);
  agreed.checked = false;
  const mine = id;
  await showKept();
  await send(mine);
}

function toggle(/** @type {boolean} */ isRecording) {
  for (const button of [pause, stop]) {
    button.hidden = !isRecording;
    button.disabled = false;
  }
  start.hidden = isRecording;
  start.disabled = true;
  agreed.disabled = isRecording;
  state.textContent = isRecording ? text("Recording") : "";
}

/** Recordings of this patient that the server does not have: after a crash, or when it was away. */
async function showKept() {
  const recordings = (await vault.kept(patient)).filter((recording) => recorder === null || recording.id !== id);
  left.replaceChildren(...recordings.map(line));
}

function line(/** @type {vault.Recording} */ recording) {
  const send_ = make("button", { type: "button", class: "main" }, text("Send"));
  const save = make("button", { type: "button" }, text("Save to disk"));
  const drop = make("button", { type: "button", class: "danger" }, text("Discard"));
  const told = make("span", { class: "state", "aria-live": "off" });
  send_.addEventListener("click", () => send(recording.id));
  save.addEventListener("click", () => saveFile(recording.id));
  drop.addEventListener("click", async () => {
    if (!confirm(text("Discard this recording for good?"))) return;
    await vault.discard(recording.id);
    if (recording.path) await giveUp(recording.path).catch(() => {}); // it expires there
    await showKept();
  });
  const when = new Date(recording.startedAt).toLocaleString();
  const item = make("li", { "data-recording": recording.id }, `${text("Recorded {when}", { when })} `, told, send_, save, drop);
  return item;
}

async function send(/** @type {string} */ recording) {
  const item = one(`[data-recording="${recording}"]`, left);
  const told = item && one(".state", item);
  const button = /** @type {HTMLButtonElement | null} */ (item && one("button.main", item));
  if (!item || !told || !button) return;
  button.disabled = true;
  sending += 1;
  try {
    const file = await vault.stored(recording);
    const tell = (/** @type {number} */ share) => {
      told.textContent = text("{percent} % sent", { percent: Math.floor(share * 100) });
      sayQuarter(text("Sent"), share);
    };
    const session = await upload(file, fieldsOf(file.recording), tell, new AbortController().signal, file.recording.path);
    await vault.discard(recording);
    item.replaceChildren(`${text("Sent.")} `, make("a", { href: `/sessions/${session}` }, text("Open the session")));
    say(text("Sent"));
  } catch (error) {
    told.className = "state wrong";
    told.setAttribute("aria-live", "assertive");
    told.textContent = error instanceof Refused ? error.message : text("The server cannot be reached. The recording stays here.");
    button.disabled = false;
  } finally {
    sending -= 1;
  }
}

async function saveFile(/** @type {string} */ recording) {
  const file = await (await vault.stored(recording)).file();
  const link = make("a", { href: URL.createObjectURL(file), download: file.name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(/** @type {HTMLAnchorElement} */ (link).href), 60000);
}
