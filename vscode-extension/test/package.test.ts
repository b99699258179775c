import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { table } from "../src/commands";

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), "utf8"));

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly icon: string; readonly category: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly command?: string }[]>>;
    readonly configuration: { readonly properties: Readonly<Record<string, object>> };
  };
}

const manifest = read("package.json") as Manifest;
const strings = read("package.nls.json") as Record<string, string>;
const { commands, menus, configuration } = manifest.contributes;

/** Every literal message of the sources. */
function messages(): readonly string[] {
  const root = new URL("../src/", import.meta.url);
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return files.flatMap((name) =>
    [...readFileSync(new URL(name, root), "utf8").matchAll(/l10n\.t\(\s*("(?:[^"\\]|\\.)*")/g)].map(
      ([, literal]) => JSON.parse(literal ?? '""') as string,
    ),
  );
}

describe("package.json", () => {
  it("has the commands of the table, each with an icon, and no others", () => {
    expect(commands.map(({ command }) => command).sort()).toEqual(Object.keys(table).sort());
    expect(commands.every(({ icon, category }) => icon !== "" && category === "pyproject")).toBe(true);
  });

  it("names in its menus only commands that exist", () => {
    const named = Object.values(menus).flatMap((items) => items.flatMap(({ command }) => command ?? []));
    expect(named.filter((command) => !(command in table))).toEqual([]);
  });

  it("has the settings of docs/protocol.md", () => {
    const contract = [
      ...["uv.path", "sync.afterEdit", "sync.onSave", "edit.bounds", "imports.missing", "imports.unused"],
      ...["hints.versions", "codeLens.enable", "network", "guardian", "lock.timeout", "terminal.intercept"],
    ];
    expect(Object.keys(configuration.properties)).toEqual(
      expect.arrayContaining(contract.map((name) => `pyproject.${name}`)),
    );
  });

  it("has a text for each of its placeholders, and none to spare", () => {
    const used = new Set([...JSON.stringify(manifest).matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key));
    expect([...used].sort()).toEqual(Object.keys(strings).sort());
  });
});

describe("the strings", () => {
  it("are all in the bundle (npm run l10n)", () => {
    expect(Object.keys(read("l10n/bundle.l10n.json") as object)).toEqual([...new Set(messages())].sort());
  });

  const translations = readdirSync(new URL("../l10n/", import.meta.url)).flatMap((name) => {
    const language = /^bundle\.l10n\.(\w+)\.json$/.exec(name)?.[1];
    return language === undefined ? [] : [language];
  });

  it.each(translations)("are complete in %s, with the same places for values", (language) => {
    const bundle = read(`l10n/bundle.l10n.${language}.json`) as Record<string, string>;
    expect(Object.keys(bundle).sort()).toEqual([...new Set(messages())].sort());
    const places = (text: string): string[] => (text.match(/\{\d\}|\$\(\w+\)/g) ?? []).sort();
    for (const [english, translated] of Object.entries(bundle)) {
      expect(places(translated), english).toEqual(places(english));
    }
    expect(existsSync(new URL(`../package.nls.${language}.json`, import.meta.url))).toBe(true);
    expect(Object.keys(read(`package.nls.${language}.json`) as object).sort()).toEqual(Object.keys(strings).sort());
  });
});
