// Over the viewer: why data is missing, and what can be done about it. The viewer does not ask again for what was refused once, so
// when the sign-in is back the page is loaded anew; the view stands in its address.
import { isTransient } from "./answers.js";
import { askSession, channel, hasLogin, signIn } from "./session.js";
import { settings, tab } from "./settings.js";

const quietAfterDismissal = 60_000;
const answerKept = 30_000;
const askAgainAfter = 15_000;
// For which the viewer itself asks again for what nobody could tell about: 31 times, 2 minutes and 22 seconds at least.
const viewerAsksAgain = 120_000;

const banner = document.getElementById("banner");
const [message, detail, actionButton, dismissButton] = ["message", "detail", "action", "dismiss"].map((part) =>
  document.getElementById(`banner-${part}`),
);

// For each answer of the session what it means when data was refused in spite of a renewal.
const causes = {
  "signed-out": {
    title: "Signed out",
    text: "Your sign-in has ended, so no more data can be loaded. Sign in again, and you come back to this view.",
    action: "Sign in again",
    act: signIn,
  },
  "no-answer": {
    title: "No connection",
    text: "Data could not be loaded: you seem to be offline. It will be loaded as soon as there is a connection.",
    action: "Try again",
    act: tryNow,
  },
  busy: {
    title: "Too many at once",
    text: "Too many requests come from where you are, so data waits for its turn. It will be loaded in a moment by itself.",
    action: "Try again",
    act: tryNow,
  },
  // To offer another sign-in would lead round in a circle.
  "signed-in": {
    title: "Data missing",
    text: "You are signed in, but some data could not be loaded: you may not be allowed to see it, or it cannot be reached.",
    action: "Try again",
    act: () => location.reload(),
  },
};

let cause;
let causeSince = 0;
let askNext = 0;
let quietUntil = 0;
let timer;
let titleBefore;
let focusBefore;
let firstTabLeadsHere = false;

const canEndByItself = () => cause === "signed-out" || isTransient(cause);

function show(found, url) {
  if (found === cause && Date.now() < quietUntil) return;
  if (banner.hidden) titleBefore = document.title;
  if (banner.hidden || found !== cause) firstTabLeadsHere = true;
  const { title, text, action } = causes[found];
  if (cause === undefined) causeSince = Date.now();
  cause = found;
  banner.hidden = false;
  document.title = `${title} - ${settings.title}`;
  // Screen readers read what is set here, even if it was there before.
  if (message.textContent !== text) message.textContent = text;
  detail.textContent = found === "signed-in" ? url : "";
  actionButton.textContent = action;
}

function hide() {
  if (banner.hidden) return;
  banner.hidden = true;
  message.textContent = "";
  document.title = titleBefore;
  if (banner.contains(document.activeElement)) focusBefore?.focus({ preventScroll: true });
}

function dismiss() {
  quietUntil = Date.now() + quietAfterDismissal;
  hide();
}

function recover() {
  if (cause === "signed-out" || Date.now() - causeSince > viewerAsksAgain) return location.reload();
  cause = undefined;
  return hide();
}

function tryNow() {
  message.textContent = "Trying…";
  return findCause();
}

// `told` is what whoever was refused has found out.
async function findCause(url, told) {
  clearTimeout(timer);
  const found = await askSession();
  if (found === "signed-in" && canEndByItself()) return recover();
  if (found === "signed-in" && isTransient(told)) return undefined;
  if (isTransient(found)) timer = setTimeout(findCause, askAgainAfter);
  return show(found, url);
}

function refused({ url, session }) {
  if (Date.now() < Math.max(askNext, quietUntil)) return;
  askNext = Date.now() + answerKept;
  findCause(url, session);
}

const askIfItEnded = () => canEndByItself() && !document.hidden && findCause();

// The viewer keeps the focus to itself, and a message may not take it: the first Tab leads here, from wherever it is.
function leadHere(event) {
  if (event.key !== "Tab" || !firstTabLeadsHere || banner.hidden || banner.contains(document.activeElement)) return;
  event.preventDefault();
  event.stopPropagation();
  actionButton.focus();
}

function rememberFocus({ relatedTarget }) {
  firstTabLeadsHere = false;
  if (!banner.contains(relatedTarget)) focusBefore = relatedTarget;
}

function hear({ data }) {
  if (data.signedOut) show("signed-out");
  else if (data.signedIn || (data.loaded && data.tab === tab)) askIfItEnded();
  else if (data.tab === tab) refused(data);
}

export function standBy() {
  if (!hasLogin()) return;
  channel.addEventListener("message", hear);
  channel.postMessage({ signedIn: true });
  actionButton.addEventListener("click", () => causes[cause].act());
  dismissButton.addEventListener("click", dismiss);
  banner.addEventListener("focusin", rememberFocus);
  banner.addEventListener("keydown", ({ key }) => key === "Escape" && dismiss());
  addEventListener("keydown", leadHere, { capture: true });
  addEventListener("online", askIfItEnded);
  // A sign-in elsewhere than in a viewer is told by nobody.
  addEventListener("focus", askIfItEnded);
  document.addEventListener("visibilitychange", askIfItEnded);
}
