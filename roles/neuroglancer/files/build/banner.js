// Over the viewer: why data is missing, and what can be done about it. The viewer does not ask again for what was refused once, so
// when the reason is gone the page is loaded anew; the view stands in its address.
import { askSession, hasLogin, signIn } from "./session.js";
import { settings } from "./settings.js";

const quietAfterDismissal = 60_000;
const answerKept = 30_000;
const askAgainAfter = 15_000;

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
    act() {
      message.textContent = "Trying…";
      return findCause();
    },
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
let askNext = 0;
let quietUntil = 0;
let timer;
let titleBefore;
let focusBefore;
let firstTabLeadsHere = false;

const canEndByItself = () => cause === "signed-out" || cause === "no-answer";

function show(found, url) {
  if (found === cause && Date.now() < quietUntil) return;
  if (banner.hidden) titleBefore = document.title;
  if (banner.hidden || found !== cause) firstTabLeadsHere = true;
  const { title, text, action } = causes[found];
  cause = found;
  banner.hidden = false;
  document.title = `${title} - ${settings.title}`;
  // Screen readers read what is set here, even if it was there before.
  if (message.textContent !== text) message.textContent = text;
  detail.textContent = found === "signed-in" ? url : "";
  actionButton.textContent = action;
}

function dismiss() {
  quietUntil = Date.now() + quietAfterDismissal;
  banner.hidden = true;
  message.textContent = "";
  document.title = titleBefore;
  focusBefore?.focus({ preventScroll: true });
}

async function findCause(url) {
  clearTimeout(timer);
  const found = await askSession();
  if (found === "signed-in" && canEndByItself()) {
    location.reload();
    return;
  }
  if (found === "no-answer") timer = setTimeout(findCause, askAgainAfter);
  show(found, url);
}

function refused(url) {
  if (Date.now() < Math.max(askNext, quietUntil)) return;
  askNext = Date.now() + answerKept;
  findCause(url);
}

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

function listenToOtherTabs() {
  // The viewer and its workers post {url} for each refused request, many at once; a tab that was let in posts {signedIn}.
  const channel = new BroadcastChannel("neuroglancer-auth");
  channel.postMessage({ signedIn: true });
  channel.addEventListener("message", ({ data }) => {
    if (!data.signedIn) refused(data.url);
    else if (canEndByItself()) location.reload();
  });
}

export function standBy() {
  if (!hasLogin()) return;
  listenToOtherTabs();
  actionButton.addEventListener("click", () => causes[cause].act());
  dismissButton.addEventListener("click", dismiss);
  banner.addEventListener("focusin", rememberFocus);
  banner.addEventListener("keydown", ({ key }) => key === "Escape" && dismiss());
  addEventListener("keydown", leadHere, { capture: true });
  addEventListener("online", () => cause === "no-answer" && findCause());
}
