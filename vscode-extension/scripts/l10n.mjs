// Write l10n/bundle.l10n.json from the strings of the sources, and say what a translation lacks.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const sources = readdirSync(`${here}src`, { recursive: true }).filter((name) => name.endsWith(".ts"));

/** Every first argument of l10n.t; each is one plain string, in double quotes as the formatter has it. */
export function messages() {
  const found = sources.flatMap((name) => {
    const text = readFileSync(`${here}src/${name}`, "utf8");
    return [...text.matchAll(/l10n\.t\(\s*("(?:[^"\\]|\\.)*")/g)].map((match) => JSON.parse(match[1]));
  });
  return [...new Set(found)].sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const bundle = Object.fromEntries(messages().map((message) => [message, message]));
  writeFileSync(`${here}l10n/bundle.l10n.json`, `${JSON.stringify(bundle, null, 2)}\n`);
}
