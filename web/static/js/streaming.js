// @ts-check
// Sends a recording while it is being made: a piece every few seconds, and after a break what is missing.

import { Refused, call } from "./api.js";
import { VERSION, create, isTransient } from "./tus.js";
import * as vault from "./vault.js";

const EVERY_MS = 3500; // two pieces of the recorder: at most five seconds are here alone
const ANSWER_MS = 20000;
const SIGNED_OUT = [401, 403]; // signing in again, in another tab, goes on with it

export class Streaming {
  /**
   * @param {vault.Stored} source grows while it is sent
   * @param {Record<string, string>} fields of the upload
   * @param {(seconds: number) => void} tell how much of the recording the server has
   * @param {(words: string) => void} refused why it takes no more of it
   */
  constructor(source, fields, tell, refused) {
    this.source = source;
    this.fields = fields;
    this.tell = tell;
    this.refused = refused;
    this.path = "";
    this.sent = 0;
    this.isOver = false;
    this.isBehind = false;
    this.triedAt = 0;
    /** @type {Promise<void>} */
    this.sending = Promise.resolve();
    this.isSending = false;
  }

  /** There is more, `seconds` in all; `now`: do not wait for the next. */
  push(/** @type {number} */ seconds, now = false) {
    if (this.isOver || this.isSending || (!now && Date.now() - this.triedAt < EVERY_MS)) return;
    this.triedAt = Date.now();
    this.isSending = true;
    this.sending = this.#send(seconds)
      .catch((error) => this.#failed(error))
      .finally(() => (this.isSending = false));
  }

  /** Send nothing more; resolves when nothing is under way. */
  async end() {
    this.isOver = true;
    await this.sending;
  }

  async #send(/** @type {number} */ seconds) {
    const signal = AbortSignal.timeout(ANSWER_MS);
    if (!this.path) {
      this.path = await create(this.source, this.fields, signal, true);
      await vault.note(this.source.recording.id, this.path);
    }
    if (this.isBehind) this.#note(await call("HEAD", this.path, { headers: VERSION, signal }));
    this.isBehind = false;
    const { size } = this.source;
    const headers = { ...VERSION, "Upload-Offset": String(this.sent), "Content-Type": "application/offset+octet-stream" };
    const raw = await this.source.slice(this.sent, size);
    this.#note(await call("PATCH", this.path, { headers, raw, signal }));
    if (this.sent === size) this.tell(seconds);
  }

  #note(/** @type {Response} */ answer) {
    this.sent = Number(answer.headers.get("Upload-Offset"));
  }

  #failed(/** @type {unknown} */ error) {
    this.isBehind = true;
    if (isTransient(error) || (error instanceof Refused && SIGNED_OUT.includes(error.status))) return;
    if (error instanceof Refused && error.status === 404) {
      this.path = "";
      this.sent = 0;
      this.isBehind = false;
      return;
    }
    this.isOver = true;
    this.refused(/** @type {Error} */ (error).message);
  }
}
