// The way out, in the viewer's bar at the top, after its own buttons.
import { channel } from "./session.js";
import { settings } from "./settings.js";

const bar = () => document.querySelector(".neuroglancer-viewer-top-row");

// The fields of the position keep Tab for themselves, also at the last one. Without their own handler the browser goes on to what comes next.
function leaveFields(event) {
  const position = event.target.closest?.(".neuroglancer-position-widget");
  if (event.key !== "Tab" || !position) return;
  const ofThisKind = [...position.getElementsByClassName(event.target.classList[0])];
  const shown = ofThisKind.filter((field) => field.style.display !== "none");
  const end = event.shiftKey ? shown[0] : shown.at(-1);
  if (event.target === end) event.stopImmediatePropagation();
}

export function offerSignOut() {
  if (!settings.sign_out_url || !bar()) return;
  const link = document.createElement("a");
  link.id = "sign-out";
  link.href = settings.sign_out_url;
  link.textContent = "Sign out";
  link.addEventListener("click", () => channel.postMessage({ signedOut: true }));
  bar().append(link);
  addEventListener("keydown", leaveFields, { capture: true });
}
