// docs/benchmarks-browser.md, a part at a time: each measuring program rewrites
// its own and keeps the others.
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const path = join(dirname(fileURLToPath(import.meta.url)), "../../docs/benchmarks-browser.md");

// writePart puts a text, which begins with its "# " or "## " heading, in the place of
// the part with the same heading, or at the end.
export async function writePart(text) {
  const parts = (await readFile(path, "utf8").catch(() => "")).split(/\n(?=##? )/).map((p) => p.trim()).filter(Boolean);
  const title = (p) => p.split("\n", 1)[0];
  const at = parts.findIndex((p) => title(p) === title(text));
  if (at < 0) parts.push(text.trim());
  else parts[at] = text.trim();
  await writeFile(path, parts.join("\n\n") + "\n");
}

export function median(list) {
  const s = [...list].sort((a, b) => a - b);
  return (s[Math.floor((s.length - 1) / 2)] + s[Math.ceil((s.length - 1) / 2)]) / 2;
}
