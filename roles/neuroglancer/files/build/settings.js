// What the lab has set, read when the page opens, so that the bundle is the same for every lab. It may name data, and reaches only
// people who are signed in; until then the page goes by the addresses that hold where nothing else is set.
export let settings = { session_url: "/session", login_url: "/login", sign_out_url: "", title: "Neuroglancer" };

// Whether they were there to be read.
export async function readSettings() {
  try {
    const response = await fetch("./settings.json", { cache: "no-cache", redirect: "manual" });
    if (response.ok) settings = await response.json();
    return response.ok;
  } catch {
    return false;
  }
}

// The globals that the viewer looks for when it is loaded: those of the patch, and Neuroglancer's own settings of a build.
export function handToViewer() {
  Object.assign(globalThis, {
    NEUROGLANCER_CREDENTIALS_ORIGINS: settings.credentials_origins,
    NEUROGLANCER_CREDENTIALS_RENEW_URL: settings.session_url,
    // As it would stand behind "#!" in an address.
    NEUROGLANCER_DEFAULT_STATE_FRAGMENT: encodeURIComponent(JSON.stringify(settings.default_state)),
    NEUROGLANCER_CREDIT_LINK: settings.credit_links,
    STATE_SERVERS: settings.state_servers,
  });
}
