// Usage: node neuroglancer_fetch.mjs HTTP_REQUEST_MODULE, with a case on the standard input. Runs the module's fetchOk, with credentials.js
// before a fetch that answers as the case says, and prints what came of each request and what was really asked for. Waiting is `hurry` times
// as fast as it would be.
import { readFileSync } from "node:fs";

const { origins, renewUrl, tab, answers, groups, name, hurry = 100 } = JSON.parse(readFileSync(0, "utf8"));

const start = performance.now();
let skipped = 1_000_000;
Date.now = () => skipped + (performance.now() - start) * hurry;
const { setTimeout: later } = globalThis;
globalThis.setTimeout = (act, milliseconds, ...rest) => later(act, milliseconds / hurry, ...rest);
AbortSignal.timeout = (milliseconds) => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException("It took too long", "TimeoutError")), milliseconds);
  return controller.signal;
};

// With a name it is a worker, which has no document.
globalThis.self = { name, location: { href: "https://site.example.org/assets/worker.js" } };
if (name === undefined) globalThis.document = {};
if (origins != null) globalThis.NEUROGLANCER_CREDENTIALS = { origins, renewUrl, tab };

const messages = [];
let channels = 0;
globalThis.BroadcastChannel = class {
  constructor(name) {
    channels++;
    this.name = name;
  }
  postMessage(message) {
    messages.push([this.name, message]);
  }
};

const controllers = {};
const fetches = [];

const answerOf = (url) => (answers[url].length > 1 ? answers[url].shift() : answers[url][0]);

globalThis.fetch = async (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  fetches.push([url, init?.credentials ?? null, init?.cache ?? null, init?.redirect ?? null, init?.headers?.range ?? null]);
  init?.signal?.throwIfAborted();
  const answer = answerOf(url);
  await new Promise((resolve) => later(resolve, 2));
  if (answer === "unreachable") throw new TypeError("Failed to fetch");
  if (answer === "redirect") return opaque();
  if (answer === "hangs") {
    if (controllers.one) later(() => controllers.one.abort(), 20);
    await new Promise((_resolve, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal.reason)));
  }
  if (answer === "abort") {
    controllers.one.abort();
    init?.signal?.throwIfAborted();
    return new Response(null, { status: 403 });
  }
  return Object.defineProperty(new Response(null, { status: answer }), "url", { value: url });
};

// What a redirect looks like to whoever does not follow it.
const opaque = () => Object.defineProperties(new Response(null), { status: { value: 0 }, ok: { value: false } });

await import("../../../roles/neuroglancer/files/build/credentials.js");
const { fetchOk, HttpError } = await import(process.argv[2]);

async function outcome({ url, init, as, abortable }) {
  controllers.one = abortable ? new AbortController() : undefined;
  const input = as === "Request" ? new Request(url) : as === "URL" ? new URL(url) : url;
  const began = performance.now();
  try {
    const response = await fetchOk(input, abortable ? { ...init, signal: controllers.one.signal } : init);
    return response.status;
  } catch (error) {
    if (performance.now() - began > 1000 && error.name === "AbortError") return "AbortError, late";
    return error instanceof HttpError ? `HttpError ${error.status}${error.url === "" ? " of nothing" : ""}` : error.name;
  }
}

const outcomes = [];
for (const { after = 0, requests } of groups) {
  skipped += after;
  outcomes.push(...(await Promise.all(requests.map(outcome))));
}
console.log(JSON.stringify({ outcomes, fetches, messages, channels }));
process.exit();
