// Who is signed in, the way to the login, and the view that waits meanwhile.
import { askSessionAt } from "./answers.js";
import { settings } from "./settings.js";

const keptViewKey = "neuroglancer-kept-view";
const loginKey = "neuroglancer-login";
const loginOverKey = "neuroglancer-login-over";

// The viewer and its workers post {tab, url, session} for each refused request, many at once, and {tab, loaded} when data comes again. A tab
// that was let in posts {signedIn}, one that is left by signing out {signedOut}.
export const channel = new BroadcastChannel("neuroglancer-auth");

export const hasLogin = () => settings.session_url !== "";

export const askSession = async () => (hasLogin() ? askSessionAt(settings.session_url) : "signed-in");

// The view stands behind the "#" of the address, which a login page loses.
export function signIn() {
  localStorage.setItem(loginKey, Date.now());
  sessionStorage.setItem(keptViewKey, location.hash || sessionStorage.getItem(keptViewKey) || "");
  location.replace(settings.login_url);
}

export function leaveLogin() {
  if (localStorage.getItem(loginKey) !== null) localStorage.setItem(loginOverKey, Date.now());
  localStorage.removeItem(loginKey);
}

// Whether another tab came back from the login after this page had begun to ask.
export const wasOverMeanwhile = () => Number(localStorage.getItem(loginOverKey)) > performance.timeOrigin;

export function wasSentToLogin() {
  return sessionStorage.getItem(keptViewKey) !== null;
}

export function restoreView() {
  const kept = sessionStorage.getItem(keptViewKey);
  sessionStorage.removeItem(keptViewKey);
  if (kept && !location.hash) history.replaceState(null, "", kept);
}

// Whether this tab may go to the login, where another one went at least so many milliseconds ago, if any. The load balancer keeps what it
// knows of a sign-in that is under way in one cookie for all tabs, so that of two at once one fails; and a tab that nobody sees can't be
// signed in at.
export async function claimLogin(patience) {
  if (document.hidden) return false;
  const claim = () => {
    const isTaken = Date.now() - Number(localStorage.getItem(loginKey)) < patience;
    if (!isTaken) localStorage.setItem(loginKey, Date.now());
    return !isTaken;
  };
  // Only pages that came safely have locks.
  return navigator.locks ? navigator.locks.request(loginKey, claim) : claim();
}
