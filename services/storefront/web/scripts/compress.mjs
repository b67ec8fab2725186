// Writes each built file compressed beside itself: done once here, not by the server for each request.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const LIMIT = 150 * 1024;
const folder = "dist";
let total = 0;
for (const name of readdirSync(folder, { recursive: true })) {
  if (!/\.(html|js|css|svg)$/.test(name)) continue;
  const content = readFileSync(join(folder, name));
  const zipped = gzipSync(content, { level: 9 });
  writeFileSync(join(folder, `${name}.gz`), zipped);
  writeFileSync(join(folder, `${name}.br`), brotliCompressSync(content));
  total += zipped.length;
}
console.log(`the shop is ${(total / 1024).toFixed(1)} KB, gzip`);
if (total > LIMIT) {
  console.error(`that is more than ${LIMIT / 1024} KB: look at what was added`);
  process.exit(1);
}
