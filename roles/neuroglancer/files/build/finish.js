// Usage: finish.js DIRECTORY. Refuses a build that can't work in a browser, then writes .gz and .br files for the web server.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const root = process.argv[2];
const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));

// Some bundlers inline a worker as a data: URL, in which neither the renewal URL nor wasm files can be reached, and exit 0.
for (const worker of ["chunk_worker", "async_computation"]) {
  if (!files.some((file) => file.includes(`${sep}assets${sep}${worker}`) && file.endsWith(".js"))) {
    console.error(`${root}: no file of its own for the worker ${worker}`);
    process.exit(1);
  }
}

// Without credentials.js the viewer shows public data only, and nothing says why.
for (const part of ["viewer", "chunk_worker"]) {
  const built = files.filter((file) => file.includes(`${sep}assets${sep}${part}`) && file.endsWith(".js"));
  if (!built.some((file) => readFileSync(file, "utf8").includes("NEUROGLANCER_CREDENTIALS"))) {
    console.error(`${root}: credentials.js is not in ${part}`);
    process.exit(1);
  }
}

for (const file of files.filter((name) => /\.(css|html|js|svg|wasm)$/.test(name))) {
  const content = readFileSync(file);
  for (const [suffix, compressed] of [
    [".gz", gzipSync(content, { level: 9 })],
    [".br", brotliCompressSync(content)],
  ]) {
    if (compressed.length < content.length) writeFileSync(file + suffix, compressed);
  }
}
