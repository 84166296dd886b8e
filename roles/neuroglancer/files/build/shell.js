// The public page. It holds nothing of the data: it asks whether the visitor is signed in, and only then knows what the lab has set and
// loads the viewer.
import { standBy } from "./banner.js";
import { askSession, restoreView, signIn, wasSentToLogin } from "./session.js";
import { handToViewer, readSettings, settings } from "./settings.js";

function say(title, message, action, act) {
  const button = document.getElementById("shell-action");
  document.title = `${title} - ${settings.title}`;
  document.getElementById("shell-message").textContent = message;
  button.textContent = action;
  button.hidden = false;
  button.onclick = act;
}

const reload = () => location.reload();
const sayNotStarted = () => say("Not started", "The viewer could not be started.", "Reload", reload);

// In the viewer's bar at the top, after its own buttons.
function offerSignOut() {
  const bar = document.querySelector(".neuroglancer-viewer-top-row");
  if (!settings.sign_out_url || !bar) return;
  const link = document.createElement("a");
  link.id = "sign-out";
  link.href = settings.sign_out_url;
  link.textContent = "Sign out";
  bar.append(link);
}

async function startViewer() {
  document.title = settings.title;
  document.querySelector("#shell h1").textContent = settings.title;
  restoreView();
  standBy();
  handToViewer();
  try {
    await import("./viewer.js");
    document.getElementById("shell").remove();
    offerSignOut();
  } catch (error) {
    console.error(error);
    sayNotStarted();
  }
}

async function open() {
  const { session_url } = settings;
  const early = askSession();
  const isRead = await readSettings();
  const session = settings.session_url === session_url ? await early : await askSession();
  if (session === "signed-in") {
    await (isRead ? startViewer() : sayNotStarted());
  } else if (session === "no-answer") {
    say("No connection", "The viewer cannot be reached at the moment.", "Try again", reload);
  } else if (wasSentToLogin()) {
    // Back from the login and still not let in: going there again by itself would never end.
    say("Signed out", "You are not signed in, or may not use this viewer.", "Sign in", signIn);
  } else {
    signIn();
  }
}

open();
