// In place of Neuroglancer's own, which ends every title in its name.
import { settings } from "./settings.js";

export function bindTitle(title) {
  const show = () => {
    document.title = [title.value?.trim(), settings.title].filter(Boolean).join(" - ");
  };
  show();
  return title.changed.add(show);
}
