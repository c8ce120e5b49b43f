// Uploads a file by tus-js-client, breaks off after the first part, and goes on with a new client.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(path.join(process.env.TUS_CLIENT, "package.json"));
const tus = require(process.env.TUS_CLIENT);
const [endpoint, file, patient] = process.argv.slice(2);
const usual = {
  endpoint,
  chunkSize: 50_000,
  retryDelays: [100],
  headers: { Authorization: `Bearer ${process.env.TUS_KEY}` },
  metadata: { filename: "session.wav", filetype: "audio/wav", patient_id: patient },
};

function upload(options) {
  return new Promise((resolve, reject) => {
    const made = new tus.Upload(fs.createReadStream(file), {
      ...usual,
      ...options(() => made, resolve),
      onError: reject,
    });
    made.start();
  });
}

const address = await upload((made, resolve) => ({
  onChunkComplete: () => made().abort().then(() => resolve(made().url)),
}));
await upload((made, resolve) => ({ uploadUrl: address, onSuccess: () => resolve() }));
console.log(address);
