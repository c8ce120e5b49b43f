// Uploads a file by Uppy and its tus plugin, with the options that a page would set.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const load = async (name) =>
  (await import(pathToFileURL(path.join(process.env.UPPY_MODULES, name, "lib/index.js")))).default;
const [Uppy, Tus] = [await load("@uppy/core"), await load("@uppy/tus")];
const [endpoint, file, patient] = process.argv.slice(2);
const data = fs.readFileSync(file);
data.size = data.length; // as a Blob has: node's build of tus-js-client takes buffers alone

const uppy = new Uppy({ meta: { patient_id: patient } });
uppy.use(Tus, {
  endpoint,
  chunkSize: 50_000,
  storeFingerprintForResuming: false,
  headers: { Authorization: `Bearer ${process.env.TUS_KEY}` },
});
uppy.addFile({ name: "session.wav", type: "audio/wav", data });
const { successful, failed } = await uppy.upload();
if (failed.length > 0) throw new Error(String(failed[0].error));
console.log(successful[0].uploadURL);
