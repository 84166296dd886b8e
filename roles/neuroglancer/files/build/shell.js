// The public page. It holds nothing of the data: it asks whether the visitor is signed in, and only then loads the viewer.
import settings from "./settings.json" with { type: "json" };

const keptViewKey = "neuroglancer-kept-view";
const quietAfterDismissalMilliseconds = 60_000;
let quietUntil = 0;

async function isSignedIn() {
  if (!settings.session_url) return true;
  try {
    // A redirect leads to a login page: not signed in.
    const response = await fetch(settings.session_url, { cache: "no-store", redirect: "error" });
    return response.ok;
  } catch {
    return false;
  }
}

// The view stands behind the "#" of the address, which a login page loses.
function signIn() {
  sessionStorage.setItem(keptViewKey, location.hash || sessionStorage.getItem(keptViewKey) || "");
  location.replace(settings.login_url);
}

function restoreView() {
  const kept = sessionStorage.getItem(keptViewKey);
  sessionStorage.removeItem(keptViewKey);
  if (kept && !location.hash) history.replaceState(null, "", kept);
}

function say(message, withSignIn = false) {
  document.getElementById("shell-message").textContent = message;
  document.getElementById("shell-sign-in").hidden = !withSignIn;
}

function offerSignIn() {
  if (Date.now() < quietUntil || document.querySelector(".sign-in-again")) return;
  const banner = document.getElementById("sign-in-again").content.firstElementChild.cloneNode(true);
  banner.querySelector("[data-action=sign-in]").addEventListener("click", signIn);
  banner.querySelector("[data-action=dismiss]").addEventListener("click", () => {
    quietUntil = Date.now() + quietAfterDismissalMilliseconds;
    banner.remove();
  });
  document.body.append(banner);
}

// The viewer and its workers post one message for each request that was refused in spite of a renewal: many at once.
function listenForRefusals() {
  if (!settings.session_url) return;
  new BroadcastChannel("neuroglancer-auth").addEventListener("message", offerSignIn);
}

async function startViewer() {
  restoreView();
  listenForRefusals();
  try {
    await import("./viewer.js");
    document.getElementById("shell").remove();
  } catch (error) {
    console.error(error);
    say("The viewer could not be started. Please reload the page.");
  }
}

async function open() {
  if (await isSignedIn()) {
    await startViewer();
  } else if (sessionStorage.getItem(keptViewKey) === null) {
    signIn();
  } else {
    // Back from the login and still not let in: going there again by itself would never end.
    say("You are not signed in, or may not use this viewer.", true);
  }
}

document.getElementById("shell-sign-in").addEventListener("click", signIn);
open();
