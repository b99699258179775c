import { workspace } from "vscode";

/** Settings that are the extension's own; the server would report them as unknown. */
const ours = ["server", "trace"];

/** The section `pyproject` with what is in force for the window, nested by the dots of the names. */
export function serverSettings(): Record<string, unknown> {
  return withoutOurs(JSON.parse(JSON.stringify(workspace.getConfiguration("pyproject"))));
}

/**
 * What of a section `pyproject` the server is to see: not our own settings, and no choice 'default', which means in
 * VS Code what a missing setting means to the server.
 */
export function withoutOurs(section: unknown): Record<string, unknown> {
  return Object.fromEntries(entries(section).filter(([name]) => !ours.includes(name)));
}

function entries(section: unknown): [string, unknown][] {
  if (typeof section !== "object" || section === null) {
    return [];
  }
  return Object.entries(section)
    .filter(([, value]) => value !== "default")
    .map(([name, value]) => [name, isTable(value) ? Object.fromEntries(entries(value)) : value]);
}

function isTable(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
