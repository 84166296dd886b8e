import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const settings = JSON.parse(readFileSync(here("settings.json"), "utf8"));

export default defineConfig({
  base: "",
  define: {
    NEUROGLANCER_CREDENTIALS_ORIGINS: JSON.stringify(settings.credentials_origins),
    NEUROGLANCER_CREDENTIALS_RENEW_URL: JSON.stringify(settings.session_url),
    // Neuroglancer's own settings of a build; the state is as it would stand behind "#!" in an address.
    NEUROGLANCER_DEFAULT_STATE_FRAGMENT: JSON.stringify(encodeURIComponent(JSON.stringify(settings.default_state))),
    NEUROGLANCER_CREDIT_LINK: JSON.stringify(settings.credit_links),
    STATE_SERVERS: JSON.stringify(settings.state_servers),
  },
  resolve: {
    // Four icons that Neuroglancer takes from a later ikonate, which is not on the npm registry.
    alias: [
      { find: /^ikonate\/icons\/(code-alt|controls-alt|layers|text)\.svg/, replacement: here("icons/$1.svg") },
      { find: "#src/ui/title.js", replacement: here("title.js") },
    ],
  },
  plugins: [{ name: "title", transformIndexHtml: (html) => html.replaceAll(">Neuroglancer<", () => `>${escaped(settings.title)}<`) }],
  worker: { format: "es" },
  build: {
    target: "es2022",
    // Every file of the viewer is a file with a content hash in its name: nothing as a data: URL.
    assetsInlineLimit: 0,
    // The main part is one large program; its size is no news.
    chunkSizeWarningLimit: 4096,
    rollupOptions: { onwarn: failOnUnresolved },
  },
});

function escaped(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

// A warning in rollup, a blank page in the browser.
function failOnUnresolved(warning, report) {
  if (warning.code === "UNRESOLVED_IMPORT" || warning.code === "MISSING_EXPORT") {
    throw new Error(warning.message);
  }
  report(warning);
}
