import { parse, type TomlTable, type TomlValue } from "smol-toml";
import type { Table } from "../protocol";

/** One dependency as the manifest has it: its name, the whole requirement, and the table it stands in. */
export interface Dependency {
  readonly name: string;
  readonly requirement: string;
  readonly table: Table;
}

/** What the pickers need to know of a manifest. The server decides; this is only for lists to choose from. */
export interface Manifest {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly dependencies: readonly Dependency[];
  readonly groups: readonly string[];
  readonly extras: readonly string[];
}

/** Whether a path or URI names a Python script, which can have a metadata block of its own (PEP 723). */
export function isScript(path: string): boolean {
  return /\.pyw?$/.test(path);
}

/** Read a manifest; undefined while its text is broken. */
export function readManifest(text: string): Manifest | undefined {
  const root = parsed(text);
  if (root === undefined) {
    return undefined;
  }
  const project = table(root["project"]);
  const extras = table(project["optional-dependencies"]);
  const groups = table(root["dependency-groups"]);
  return {
    name: string(project["name"]),
    version: string(project["version"]),
    dependencies: [
      ...requirements(project["dependencies"], {}),
      ...Object.entries(groups).flatMap(([group, list]) => requirements(list, { group })),
      ...Object.entries(extras).flatMap(([extra, list]) => requirements(list, { extra })),
    ],
    groups: Object.keys(groups),
    extras: Object.keys(extras),
  };
}

/** Read the metadata block of a script (PEP 723), of which only the dependencies matter here; undefined while it is broken. */
export function readScript(text: string): Manifest | undefined {
  const root = parsed(scriptBlock(text));
  const dependencies = requirements(root?.["dependencies"], {});
  return root && { name: undefined, version: undefined, dependencies, groups: [], extras: [] };
}

/** The TOML of a script's block, by the pattern of PEP 723; empty where there is none. */
function scriptBlock(text: string): string {
  const block = /^# \/\/\/ script[ \t]*\r?\n((?:#(?:| .*)\r?\n)+?)^# \/\/\/[ \t]*$/m.exec(text)?.[1] ?? "";
  return block.replaceAll(/^# ?/gm, "");
}

function parsed(text: string): TomlTable | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

/** The name at the start of a PEP 508 requirement. */
export function requirementName(requirement: string): string {
  return /^\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)/.exec(requirement)?.[1] ?? requirement.trim();
}

/** Two spellings of one name are the same (PEP 503). */
export function normalized(name: string): string {
  return name.replace(/[-_.]+/g, "-").toLowerCase();
}

export function sameTable(one: Table, other: Table): boolean {
  return one.group === other.group && one.extra === other.extra;
}

function requirements(list: TomlValue | undefined, where: Table): readonly Dependency[] {
  // A group may also hold tables such as {include-group = "x"} (PEP 735): those are no dependencies of their own.
  const strings = Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
  return strings.map((requirement) => ({ name: requirementName(requirement), requirement, table: where }));
}

function table(value: TomlValue | undefined): TomlTable {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Date) ? value : {};
}

function string(value: TomlValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
