// Who is signed in, the way to the login, and the view that waits meanwhile.
import { settings } from "./settings.js";

const keptViewKey = "neuroglancer-kept-view";

export const hasLogin = () => settings.session_url !== "";

// "signed-in", "signed-out" or "no-answer"; signed in, the answer has also brought new cookies for the data.
export async function askSession() {
  if (!hasLogin()) return "signed-in";
  try {
    // A redirect leads to a login page, which only a person can use.
    const response = await fetch(settings.session_url, { cache: "no-store", redirect: "manual" });
    if (response.ok) return "signed-in";
    return response.status < 500 ? "signed-out" : "no-answer";
  } catch {
    return "no-answer";
  }
}

// The view stands behind the "#" of the address, which a login page loses.
export function signIn() {
  sessionStorage.setItem(keptViewKey, location.hash || sessionStorage.getItem(keptViewKey) || "");
  location.replace(settings.login_url);
}

export function wasSentToLogin() {
  return sessionStorage.getItem(keptViewKey) !== null;
}

export function restoreView() {
  const kept = sessionStorage.getItem(keptViewKey);
  sessionStorage.removeItem(keptViewKey);
  if (kept && !location.hash) history.replaceState(null, "", kept);
}
