// Cookies for the data hosts that need them, and for no other: stands before the browser's fetch, in the page and in the worker that reads
// data. vite.config.js puts it first in both, so that no text of Neuroglancer's is changed; finish.js refuses a build without it.
import { askSessionAt, isTransient } from "./answers.js";

const answerKept = 30_000;
// Neuroglancer asks again for what was answered with 503 (fetchOk in its util/http_request), at first after half a second.
const noAnswerKept = 1_000;

// A page does not go by its name: whoever opens a window chooses that. A worker, which sees no global of a page, goes by nothing else.
function readCredentials() {
  const nothing = { origins: [], renewUrl: "", tab: "" };
  if (typeof document !== "undefined") return { ...nothing, ...globalThis.NEUROGLANCER_CREDENTIALS };
  try {
    const told = { ...nothing, ...JSON.parse(self.name) };
    return Array.isArray(told.origins) ? told : nothing;
  } catch {
    return nothing;
  }
}

const credentials = readCredentials();
const fetchOfBrowser = globalThis.fetch;

if (typeof Worker !== "undefined") {
  const name = JSON.stringify(credentials);
  globalThis.Worker = class extends Worker {
    constructor(url, options) {
      super(url, { ...options, name });
    }
  };
}

let channel;
let renewal;
let renewalKeptUntil = 0;
let missingSince;

function tell(message) {
  channel ??= new BroadcastChannel("neuroglancer-auth");
  channel.postMessage({ tab: credentials.tab, ...message });
}

// One renewal at a time, its result kept for a while: chunks fail in bursts.
function renewCookies() {
  if (credentials.renewUrl === "") return Promise.resolve("signed-out");
  if (renewal === undefined || Date.now() >= renewalKeptUntil) {
    renewalKeptUntil = Infinity;
    renewal = askSessionAt(credentials.renewUrl, fetchOfBrowser);
    renewal.then((session) => {
      renewalKeptUntil = Date.now() + (isTransient(session) ? noAnswerKept : answerKept);
    });
  }
  return renewal;
}

function unlessAborted(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

const isRefused = (response) => response === undefined || response.status === 401 || response.status === 403;

async function attempt(url, init) {
  const began = Date.now();
  try {
    const response = await fetchOfBrowser(url, { ...init, credentials: "include" });
    if (!isRefused(response) && began > missingSince) tellLoaded();
    return response;
  } catch (error) {
    // A refusal without CORS headers looks like this; being offline does, too.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function tellLoaded() {
  missingSince = undefined;
  tell({ loaded: true });
}

function refuse(url, session) {
  // Whoever may not see one thing still loads others: nothing has to end for that.
  if (session !== "signed-in") missingSince ??= Date.now();
  tell({ url, session });
  // 0, 403 and 404 would be drawn as empty chunks, without a word.
  const [status, statusText] = isTransient(session)
    ? [503, "Nobody can tell whether you are signed in"]
    : [401, "Not signed in, no permission, or offline"];
  return Object.defineProperty(new Response(null, { status, statusText }), "url", { value: url });
}

async function fetchWithCookies(url, init) {
  let response = await attempt(url, init);
  if (!isRefused(response)) return response;
  const session = await unlessAborted(renewCookies(), init?.signal);
  if (session === "signed-in") response = await attempt(url, init);
  if (!isRefused(response)) return response;
  init?.signal?.throwIfAborted();
  return refuse(url, session);
}

function parse(url) {
  try {
    return new URL(url, self.location.href);
  } catch {
    return undefined;
  }
}

// S3 takes a "+" in a path for a blank.
function withPlus(url) {
  url.pathname = url.pathname.replaceAll("+", "%2B");
  return url.href;
}

globalThis.fetch = (input, init) => {
  // A Request brings credentials of its own; a caller may name some: both are left alone.
  if (input instanceof Request || init?.credentials !== undefined) return fetchOfBrowser(input, init);
  const url = parse(input);
  if (!credentials.origins.includes(url?.origin)) return fetchOfBrowser(input, init);
  return fetchWithCookies(withPlus(url), init);
};
