import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// In the page viewer.js does the same.
const credentialsFirst = {
  name: "credentials-first",
  transform(code, id) {
    return id.endsWith("/chunk_worker.bundle.js") ? { code: `import "${here("credentials.js")}";\n${code}`, map: null } : null;
  },
};

export default defineConfig({
  base: "",
  resolve: {
    // Four icons that Neuroglancer takes from a later ikonate, which is not on the npm registry.
    alias: [
      { find: /^ikonate\/icons\/(code-alt|controls-alt|layers|text)\.svg/, replacement: here("icons/$1.svg") },
      { find: "#src/ui/title.js", replacement: here("title.js") },
    ],
  },
  worker: { format: "es", plugins: () => [credentialsFirst] },
  build: {
    target: "es2022",
    // Every file of the viewer is a file with a content hash in its name: nothing as a data: URL.
    assetsInlineLimit: 0,
    // The main part is one large program; its size is no news.
    chunkSizeWarningLimit: 4096,
    rollupOptions: { onwarn: failOnUnresolved },
  },
});

// A warning in rollup, a blank page in the browser.
function failOnUnresolved(warning, report) {
  if (warning.code === "UNRESOLVED_IMPORT" || warning.code === "MISSING_EXPORT") {
    throw new Error(warning.message);
  }
  report(warning);
}
