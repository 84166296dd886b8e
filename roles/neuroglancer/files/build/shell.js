// The public page. It holds nothing of the data: it asks whether the visitor is signed in, and only then knows what the lab has set and
// loads the viewer.
import { standBy } from "./banner.js";
import { askSession, channel, claimLogin, leaveLogin, restoreView, signIn, wasOverMeanwhile, wasSentToLogin } from "./session.js";
import { handToViewer, readSettings, settings } from "./settings.js";
import { offerSignOut } from "./sign_out.js";

const askAgainAfter = 3_000;
// How long another tab's sign-in is waited for: by a tab that was opened, somebody looks at it, and by one that a browser has restored.
const openedWaits = 2_500;
const restoredWaits = 60_000;

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

// A course that begins all at once must not come again all at once.
function sayBusy() {
  say("Too many at once", "Too many requests come from where you are. The viewer opens in a moment by itself.", "Try again", reload);
  setTimeout(reload, askAgainAfter * (1 + 2 * Math.random()));
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

// The tab with the focus is not waiting for somebody who types in another one.
async function goOn(patience) {
  if (document.hidden) return;
  if ((await askSession()) === "signed-in") reload();
  else if (document.hasFocus() && (await claimLogin(patience))) signIn();
}

// When a session ends it ends for all tabs, and a browser that is started again restores all of them at once.
async function signInInTurn() {
  const patience = document.hidden ? restoredWaits : openedWaits;
  if (await claimLogin(patience)) return wasOverMeanwhile() ? reload() : signIn();
  say("Signed out", "Another tab leads to the login. Sign in there, and this one opens by itself.", "Sign in here", signIn);
  channel.addEventListener("message", ({ data }) => data.signedIn && reload());
  document.addEventListener("visibilitychange", () => goOn(patience));
  return setInterval(() => goOn(patience), askAgainAfter);
}

function turnAway(session) {
  if (session === "busy") return sayBusy();
  if (session === "no-answer") return say("No connection", "The viewer cannot be reached at the moment.", "Try again", reload);
  if (!wasSentToLogin()) return signInInTurn();
  // Back from the login and still not let in: going there again by itself would never end.
  leaveLogin();
  return say("Signed out", "You are not signed in, or may not use this viewer.", "Sign in", signIn);
}

async function open() {
  const { session_url } = settings;
  const early = askSession();
  const read = await readSettings();
  const session = settings.session_url === session_url ? await early : await askSession();
  if (session !== "signed-in") return turnAway(session);
  leaveLogin();
  if (read === "busy") return sayBusy();
  return read === "read" ? startViewer() : sayNotStarted();
}

open();
