// @ts-check
// Pieces of recordings that the server does not have yet: in IndexedDB, encrypted with a key that no script can read.

const NAME = "sessionscribe-recordings";

/** @typedef {{id: string, patient: string, startedAt: string, type: string}} Recording */

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

/** Begin a recording; gives its id. @param {string} patient @param {string} type */
export async function begin(patient, type) {
  const id = crypto.randomUUID();
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  await within((recordings) => recordings.put({ id, patient, type, startedAt: new Date().toISOString(), key }));
  return id;
}

/** Keep one more piece. @param {string} id @param {number} number @param {Blob} piece */
export async function add(id, number, piece) {
  const { key } = await within((recordings) => recordings.get(id));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt(algorithm(id, number, iv), key, await piece.arrayBuffer());
  await within((_, pieces) => pieces.put({ iv, sealed }, [id, number]));
}

/** What was recorded for a patient and is still here. @param {string} patient @returns {Promise<Recording[]>} */
export async function kept(patient) {
  const all = await within((recordings) => recordings.getAll());
  return all.filter((one) => one.patient === patient);
}

/** All pieces of a recording in their order, as one file. @param {string} id @returns {Promise<File>} */
export async function file(id) {
  const recording = await within((recordings) => recordings.get(id));
  const places = await within((_, pieces) => pieces.getAllKeys(range(id)));
  const parts = [];
  for (const place of places) {
    const { iv, sealed } = await within((_, pieces) => pieces.get(place));
    const number = /** @type {[string, number]} */ (place)[1];
    parts.push(new Blob([await crypto.subtle.decrypt(algorithm(id, number, iv), recording.key, sealed)]));
  }
  const ending = recording.type.includes("mp4") ? "m4a" : "webm";
  const name = `recording-${recording.startedAt.slice(0, 16).replace(":", "")}.${ending}`;
  return new File(parts, name, { type: recording.type.split(";")[0] });
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
function algorithm(/** @type {string} */ id, /** @type {number} */ number, /** @type {Uint8Array<ArrayBuffer>} */ iv) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(`${id}:${number}`) };
}
