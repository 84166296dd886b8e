// Usage: node neuroglancer_started_worker.mjs HTTP_REQUEST_MODULE, with the page's globals on the standard input. Loads the module as a page
// does, or as a worker of a given name, starts a worker, and prints what that one is started with.
import { readFileSync } from "node:fs";

const { origins, renewUrl, name, page } = JSON.parse(readFileSync(0, "utf8"));

const started = [];
globalThis.Worker = class {
  constructor(...how) {
    started.push(how);
  }
};
globalThis.self = { name, location: { href: "https://site.example.org/" } };
if (page) globalThis.document = {};
if (origins !== undefined) globalThis.NEUROGLANCER_CREDENTIALS_ORIGINS = origins;
if (renewUrl !== undefined) globalThis.NEUROGLANCER_CREDENTIALS_RENEW_URL = renewUrl;

await import(process.argv[2]);
new Worker("chunks.js", { type: "module" });
console.log(JSON.stringify(started));
