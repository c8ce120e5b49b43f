// @ts-check
// Records the microphone in short pieces, tells how loud it is, and keeps the screen awake.

const PIECE_MS = 2000;
const QUIET_MS = 20000;
const QUIET = 0.01;
const TYPES = ["audio/webm;codecs=opus", "audio/mp4"];

export class Recorder extends EventTarget {
  /** @param {(start: number, piece: Blob) => Promise<void>} keep a piece, which begins at a byte, before the next */
  constructor(keep) {
    super();
    this.keep = keep;
    this.type = TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? "";
    this.seconds = 0;
    /** @type {Promise<void>} */
    this.kept = Promise.resolve();
  }

  /** Ask for the microphone and begin; throws where it is refused. */
  async start() {
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: true },
    });
    this.recorder = new MediaRecorder(this.stream, { mimeType: this.type, audioBitsPerSecond: 48000 });
    let end = 0;
    this.recorder.ondataavailable = ({ data }) => {
      const start = end;
      end += data.size;
      if (data.size) this.kept = this.kept.then(() => this.keep(start, data));
      this.kept.catch((error) => this.dispatchEvent(new CustomEvent("lost", { detail: error })));
    };
    this.recorder.start(PIECE_MS);
    this.#listen(this.stream);
    this.#stayAwake();
  }

  get running() {
    return this.recorder?.state === "recording";
  }

  pause() {
    if (this.running) {
      this.recorder?.requestData(); // what was said before the pause is not to wait for its end
      this.recorder?.pause();
    } else this.recorder?.resume();
  }

  /** End; resolves when the last piece is kept. */
  async stop() {
    const { recorder } = this;
    if (!recorder || recorder.state === "inactive") return;
    await new Promise((done) => {
      recorder.addEventListener("stop", done, { once: true });
      recorder.stop();
    });
    clearInterval(this.timer);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    await this.context?.close();
    await this.awake?.release();
    await this.kept;
  }

  #listen(/** @type {MediaStream} */ stream) {
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 8192; // nearly all that was heard since the last look
    this.context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let heardAt = Date.now();
    let tickedAt = Date.now();
    this.timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const level = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
      const now = Date.now();
      if (this.running) this.seconds += (now - tickedAt) / 1000;
      tickedAt = now;
      if (level > QUIET || !this.running) heardAt = now;
      this.dispatchEvent(new CustomEvent("level", { detail: { level, quiet: now - heardAt > QUIET_MS } }));
    }, 200);
  }

  /** A screen that goes dark stops some browsers from recording. */
  async #stayAwake() {
    const ask = async () => {
      if (document.hidden || this.recorder?.state === "inactive") return;
      this.awake = await navigator.wakeLock?.request("screen").catch(() => undefined);
    };
    document.addEventListener("visibilitychange", ask);
    await ask();
  }
}
