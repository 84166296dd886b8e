// The public page. It holds nothing of the data: it asks whether the visitor is signed in, and only then loads the viewer.
import { standBy } from "./banner.js";
import { askSession, restoreView, signIn, signOutUrl, siteTitle, wasSentToLogin } from "./session.js";

function say(title, message, action, act) {
  const button = document.getElementById("shell-action");
  document.title = `${title} - ${siteTitle}`;
  document.getElementById("shell-message").textContent = message;
  button.textContent = action;
  button.hidden = false;
  button.onclick = act;
}

const reload = () => location.reload();

// In the viewer's bar at the top, after its own buttons.
function offerSignOut() {
  const bar = document.querySelector(".neuroglancer-viewer-top-row");
  if (!signOutUrl || !bar) return;
  const link = document.createElement("a");
  link.id = "sign-out";
  link.href = signOutUrl;
  link.textContent = "Sign out";
  bar.append(link);
}

async function startViewer() {
  restoreView();
  standBy();
  try {
    await import("./viewer.js");
    document.getElementById("shell").remove();
    offerSignOut();
  } catch (error) {
    console.error(error);
    say("Not started", "The viewer could not be started.", "Reload", reload);
  }
}

async function open() {
  const session = await askSession();
  if (session === "signed-in") {
    await startViewer();
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
