// Usage: node neuroglancer_fetch.mjs HTTP_REQUEST_MODULE, with a case on the standard input. Runs the module's fetchOk against a fetch
// that answers as the case says, and prints what came of each request and what was really asked for.
import { readFileSync } from "node:fs";

const { origins, renewUrl, answers, groups, name } = JSON.parse(readFileSync(0, "utf8"));

let now = 1_000_000;
Date.now = () => now;
// With a name it is a worker, which has no document.
globalThis.self = { name, location: { href: "https://site.example.org/assets/worker.js" } };
if (name === undefined) globalThis.document = {};
if (origins != null) globalThis.NEUROGLANCER_CREDENTIALS_ORIGINS = origins;
if (renewUrl != null) globalThis.NEUROGLANCER_CREDENTIALS_RENEW_URL = renewUrl;

const messages = [];
let channels = 0;
globalThis.BroadcastChannel = class {
  constructor(name) {
    channels++;
    this.name = name;
  }
  postMessage(message) {
    messages.push([this.name, message.url]);
  }
};

const controllers = {};
const fetches = [];
globalThis.fetch = async (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  fetches.push([url, init?.credentials ?? null, init?.cache ?? null, init?.redirect ?? null, init?.headers?.range ?? null]);
  init?.signal?.throwIfAborted();
  const answer = answers[url].length > 1 ? answers[url].shift() : answers[url][0];
  await new Promise((resolve) => setTimeout(resolve, 5));
  if (answer === "unreachable") throw new TypeError("Failed to fetch");
  if (answer === "abort") {
    controllers.one.abort();
    init?.signal?.throwIfAborted();
    return new Response(null, { status: 403 });
  }
  return Object.defineProperty(new Response(null, { status: answer }), "url", { value: url });
};

const { fetchOk, HttpError } = await import(process.argv[2]);

async function outcome({ url, init, as, abortable }) {
  controllers.one = new AbortController();
  const input = as === "Request" ? new Request(url) : as === "URL" ? new URL(url) : url;
  try {
    const response = await fetchOk(input, abortable ? { ...init, signal: controllers.one.signal } : init);
    return response.status;
  } catch (error) {
    return error instanceof HttpError ? `HttpError ${error.status}` : error.name;
  }
}

const outcomes = [];
for (const { after = 0, requests } of groups) {
  now += after;
  outcomes.push(...(await Promise.all(requests.map(outcome))));
}
console.log(JSON.stringify({ outcomes, fetches, messages, channels }));
