// @ts-check
// Pieces of recordings that the server does not have yet: in IndexedDB, encrypted with a key that no script can read.

const NAME = "sessionscribe-recordings";

/** @typedef {{id: string, patient: string, startedAt: string, type: string, joins?: string, path?: string, key: CryptoKey}} Recording */

const TAG_BYTES = 16;

/** The database, made when it is first asked for. @returns {Promise<IDBDatabase>} */
function opened() {
  return new Promise((done, fail) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("recordings", { keyPath: "id" });
      request.result.createObjectStore("pieces");
    };
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}

/**
 * One transaction, on the disk when it ends.
 * @template T
 * @param {(recordings: IDBObjectStore, pieces: IDBObjectStore) => IDBRequest<T>} act
 * @returns {Promise<T>}
 */
async function within(act) {
  const database = await opened();
  const transaction = database.transaction(["recordings", "pieces"], "readwrite", { durability: "strict" });
  const request = act(transaction.objectStore("recordings"), transaction.objectStore("pieces"));
  return new Promise((done, fail) => {
    transaction.oncomplete = () => done(request.result);
    transaction.onabort = () => fail(transaction.error);
  }).finally(() => database.close());
}

/** Begin a recording; gives its id. @param {string} patient @param {string} type @param {string} joins a session that it continues */
export async function begin(patient, type, joins = "") {
  const id = crypto.randomUUID();
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await within((recordings) => recordings.put({ id, patient, type, joins, startedAt: new Date().toISOString(), key }));
  return id;
}

/** Keep one more piece, which begins at a byte. @param {string} id @param {number} start @param {Blob} piece */
export async function add(id, start, piece) {
  const { key } = await within((recordings) => recordings.get(id));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt(algorithm(id, start, iv), key, await piece.arrayBuffer());
  await within((_, pieces) => pieces.put({ iv, sealed }, [id, start]));
}

/** Note under which path the server has what it has of a recording. @param {string} id @param {string} path */
export async function note(id, path) {
  const recording = await within((recordings) => recordings.get(id));
  await within((recordings) => recordings.put({ ...recording, path }));
}

/** What was recorded for a patient and is still here. @param {string} patient @returns {Promise<Recording[]>} */
export async function kept(patient) {
  const all = await within((recordings) => recordings.getAll());
  return all.filter((one) => one.patient === patient);
}

/** A recording that is read piece by piece, so that a long one needs no memory. */
export class Stored {
  /** @param {Recording} recording @param {number[]} starts of its pieces @param {number} size in bytes */
  constructor(recording, starts, size) {
    this.recording = recording;
    this.starts = starts;
    this.size = size;
    this.type = recording.type.split(";")[0];
    const ending = recording.type.includes("mp4") ? "m4a" : "webm";
    this.name = `recording-${recording.startedAt.slice(0, 16).replace(":", "")}.${ending}`;
  }

  /** One more piece is kept. @param {number} start @param {number} size */
  grow(start, size) {
    this.starts.push(start);
    this.size = start + size;
  }

  /** What lies between two bytes. @param {number} from @param {number} to */
  async slice(from, to) {
    const { id, key } = this.recording;
    const parts = [];
    for (const [place, start] of this.starts.entries()) {
      if (start >= to || (this.starts[place + 1] ?? this.size) <= from) continue;
      const { iv, sealed } = await within((_, pieces) => pieces.get([id, start]));
      const piece = await crypto.subtle.decrypt(algorithm(id, start, iv), key, sealed);
      parts.push(piece.slice(Math.max(0, from - start), to - start));
    }
    return new Blob(parts);
  }

  /** All of it, as one file. */
  async file() {
    return new File([await this.slice(0, this.size)], this.name, { type: this.type });
  }
}

/** What is kept of a recording. @param {string} id @returns {Promise<Stored>} */
export async function stored(id) {
  const recording = await within((recordings) => recordings.get(id));
  const keys = await within((_, pieces) => pieces.getAllKeys(range(id)));
  const starts = keys.map((key) => /** @type {[string, number]} */ (key)[1]);
  const last = starts.length ? await within((_, pieces) => pieces.get([id, starts[starts.length - 1]])) : null;
  const size = last ? starts[starts.length - 1] + last.sealed.byteLength - TAG_BYTES : 0;
  return new Stored(recording, starts, size);
}

/** Remove a recording and its key. @param {string} id */
export async function discard(id) {
  await within((recordings, pieces) => {
    pieces.delete(range(id));
    return recordings.delete(id);
  });
}

function range(/** @type {string} */ id) {
  return IDBKeyRange.bound([id, 0], [id, Infinity]);
}

/** A piece that is put in the place of another does not open. */
function algorithm(/** @type {string} */ id, /** @type {number} */ start, /** @type {Uint8Array<ArrayBuffer>} */ iv) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(`${id}:${start}`) };
}
