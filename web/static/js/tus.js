// @ts-check
// Sends a file in parts that can be gone on with (tus 1.0), however often the connection breaks.

import { Refused, call } from "./api.js";

/** What is sent: a file, or a recording that is read from the vault. @typedef {{name: string, type: string, size: number, slice: (from: number, to: number) => Blob | Promise<Blob>}} Source */

export const VERSION = { "Tus-Resumable": "1.0.0" };
const PART_BYTES = 4 * 1024 * 1024;
const PAUSES_MS = [500, 1000, 2000, 5000, 10000, 20000, 30000];

/**
 * Sends the file; gives the id of the session that it becomes, also where it is stopped too late.
 * @param {Source} file
 * @param {Record<string, string>} fields of the upload: `patient_id` and others
 * @param {(share: number, until?: Date) => void} tell how much the server has; `until`: it takes no more before
 * @param {AbortSignal} signal
 * @param {string} [begun] the path of an upload that was begun while the file was still being made
 */
export async function upload(file, fields, tell, signal, begun = "") {
  const wait = (/** @type {number} */ seconds) => tell(0, new Date(Date.now() + seconds * 1000));
  let path = begun || (await patiently(() => create(file, fields, signal), signal, wait));
  try {
    for (;;) {
      const state = await patiently(() => call("HEAD", path, { headers: VERSION, signal }), signal).catch(async (error) => {
        if (!begun || error.status !== 404) throw error;
        path = await patiently(() => create(file, fields, signal), signal); // it has expired
        begun = "";
      });
      if (!state) continue;
      const session = await sendRest(file, path, state, tell, signal);
      if (session) return session;
    }
  } catch (error) {
    const arrived = signal.aborted && (await withdraw(path));
    if (arrived) return arrived;
    throw error;
  }
}

/** Have the server forget an unfinished upload. @param {string} path */
export function giveUp(path) {
  return call("DELETE", path, { headers: VERSION });
}

/** Have the server forget an upload that was stopped; the session, where all had arrived by then. */
async function withdraw(/** @type {string} */ path) {
  const ended = giveUp(path).then(() => null, () => call("HEAD", path, { headers: VERSION }));
  const session = (await ended.catch(() => null))?.headers.get("Content-Location");
  return session?.split("/").pop();
}

/** The parts from where the server is; the session's path, or null to ask it again. */
async function sendRest(/** @type {Source} */ file, /** @type {string} */ path, /** @type {Response} */ state, /** @type {(share: number) => void} */ tell, /** @type {AbortSignal} */ signal) {
  let answer = state;
  const length = state.headers.has("Upload-Defer-Length") ? { "Upload-Length": String(file.size) } : {};
  for (;;) {
    const session = answer.headers.get("Content-Location");
    if (session) {
      tell(1);
      return session.split("/").pop() ?? "";
    }
    const offset = Number(answer.headers.get("Upload-Offset"));
    tell(file.size ? offset / file.size : 1);
    const headers = { ...VERSION, ...length, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
    try {
      answer = await call("PATCH", path, { headers, raw: await file.slice(offset, offset + PART_BYTES), signal });
    } catch (error) {
      if (signal.aborted || !isTransient(error)) throw error;
      return null;
    }
  }
}

/**
 * Announces an upload; gives its path.
 * @param {Source} file
 * @param {Record<string, string>} fields
 * @param {AbortSignal} signal
 * @param {boolean} [grows] whether its length is not known yet
 */
export async function create(file, fields, signal, grows = false) {
  const texts = { filename: file.name, filetype: file.type, ...fields };
  const pairs = Object.entries(texts).filter(([, text]) => text).map(([key, text]) => `${key} ${base64(text)}`);
  const length = grows ? { "Upload-Defer-Length": "1" } : { "Upload-Length": String(file.size) };
  const headers = { ...VERSION, ...length, "Upload-Metadata": pairs.join(",") };
  const answer = await call("POST", "/api/uploads", { headers, signal });
  return new URL(answer.headers.get("Location") ?? "", location.href).pathname;
}

/** Repeats what failed for a reason that passes; where the server says when, as often as it says so. */
async function patiently(/** @type {() => Promise<any>} */ act, /** @type {AbortSignal} */ signal, /** @type {(seconds: number) => void} */ wait = () => {}) {
  for (let tries = 0; ; ) {
    try {
      return await act();
    } catch (error) {
      const isOver = tries >= PAUSES_MS.length || !isTransient(error);
      if (signal.aborted || isOver) throw error;
      const said = error instanceof Refused && error.status === 429 ? error.seconds : 0;
      if (said) wait(said);
      await pause(said * 1000 || PAUSES_MS[tries++], signal);
    }
  }
}

/** Waits, and ends at once where it is stopped. */
function pause(/** @type {number} */ milliseconds, /** @type {AbortSignal} */ signal) {
  return new Promise((done, fail) => {
    const stop = () => (clearTimeout(timer), fail(signal.reason));
    const timer = setTimeout(() => (signal.removeEventListener("abort", stop), done(undefined)), milliseconds);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Whether it may go well the next time: no network, a busy server, a part that came twice. */
export function isTransient(/** @type {unknown} */ error) {
  if (!(error instanceof Refused)) return true;
  if (error.status === 409) return error.code.startsWith("upload_"); // not where the consent is missing
  return error.status >= 500 || [408, 423, 429].includes(error.status);
}

function base64(/** @type {string} */ text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
