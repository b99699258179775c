import { workspace } from "vscode";

/** Settings that are the extension's own; the server would report them as unknown. */
const ours = ["server", "trace"];

/** The section `pyproject` with what is in force for the window, nested by the dots of the names. */
export function serverSettings(): Record<string, unknown> {
  return withoutOurs(JSON.parse(JSON.stringify(workspace.getConfiguration("pyproject"))));
}

/** What of a section `pyproject` the server is to see. */
export function withoutOurs(section: unknown): Record<string, unknown> {
  if (typeof section !== "object" || section === null) {
    return {};
  }
  return Object.fromEntries(Object.entries(section).filter(([name]) => !ours.includes(name)));
}
