// Usage: node neuroglancer_started_worker.mjs, with the page's globals on the standard input. Loads credentials.js as a page does, or as a
// worker of a given name, starts a worker, and prints what that one is started with.
import { readFileSync } from "node:fs";

const { credentials, name, page } = JSON.parse(readFileSync(0, "utf8"));

const started = [];
globalThis.Worker = class {
  constructor(...how) {
    started.push(how);
  }
};
globalThis.self = { name, location: { href: "https://site.example.org/" } };
if (page) globalThis.document = {};
if (credentials) globalThis.NEUROGLANCER_CREDENTIALS = credentials;

await import("../../../roles/neuroglancer/files/build/credentials.js");
new Worker("chunks.js", { type: "module" });
console.log(JSON.stringify(started));
