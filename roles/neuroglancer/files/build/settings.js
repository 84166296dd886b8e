// What the lab has set, read when the page opens, so that the bundle is the same for every lab. It may name data, and reaches only
// people who are signed in; until then the page goes by the addresses that hold where nothing else is set.
export let settings = { session_url: "/session", login_url: "/login", sign_out_url: "", title: "Neuroglancer" };

// What this tab is called in messages, which reach all tabs.
export const tab = `${Date.now()}-${Math.random()}`;

const patience = 10_000;

// "read", "busy" (too many requests at once) or "not-read".
export async function readSettings() {
  try {
    const how = { cache: "no-cache", redirect: "manual", signal: AbortSignal.timeout(patience) };
    const response = await fetch("./settings.json", how);
    if (response.ok) settings = await response.json();
    if (response.status === 429) return "busy";
    return response.ok ? "read" : "not-read";
  } catch {
    return "not-read";
  }
}

// The globals that the viewer looks for when it is loaded: that of credentials.js, and Neuroglancer's own settings of a build.
export function handToViewer() {
  Object.assign(globalThis, {
    NEUROGLANCER_CREDENTIALS: { origins: settings.credentials_origins, renewUrl: settings.session_url, tab },
    // As it would stand behind "#!" in an address.
    NEUROGLANCER_DEFAULT_STATE_FRAGMENT: encodeURIComponent(JSON.stringify(settings.default_state)),
    NEUROGLANCER_CREDIT_LINK: settings.credit_links,
    STATE_SERVERS: settings.state_servers,
  });
}
