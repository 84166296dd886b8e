// What an answer of the session means, for the page and for whatever reads data.

// The gate behind the web server answers within four seconds.
const patience = 10_000;

// "signed-in", "signed-out", "busy" (too many requests at once) or "no-answer"; signed in, the answer has also brought new cookies for the
// data.
export async function askSessionAt(url, fetch = globalThis.fetch) {
  try {
    // A redirect leads to a login page, which only a person can use.
    const response = await fetch(url, { cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(patience) });
    if (response.ok) return "signed-in";
    if (response.status === 429) return "busy";
    return response.status < 500 ? "signed-out" : "no-answer";
  } catch {
    return "no-answer";
  }
}

// Whether it is worth asking again: nothing is known of the sign-in.
export const isTransient = (session) => session === "busy" || session === "no-answer";
