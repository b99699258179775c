import { commands } from "vscode";
import { readManifest } from "../actions/manifest";
import { currentProject, manifestOf, manifestText } from "../project";
import type { ProjectStatus } from "../protocol";
import type { StatusStore } from "./store";

/** What the `enablement` of the commands in package.json looks at. */
interface ContextKeys {
  readonly "pyproject.hasProject": boolean;
  readonly "pyproject.hasDependencies": boolean;
  readonly "pyproject.hasVersion": boolean;
  readonly "pyproject.canUndo": boolean;
}

/** The keys for a project and the text of its manifest. A broken manifest disables nothing: the server says why. */
export function contextKeys(status: ProjectStatus | undefined, text: string): ContextKeys {
  const manifest = readManifest(text);
  const known = status !== undefined;
  return {
    "pyproject.hasProject": known,
    "pyproject.hasDependencies": known && (manifest === undefined || manifest.dependencies.length > 0),
    "pyproject.hasVersion": known && (manifest === undefined || manifest.version !== undefined),
    "pyproject.canUndo": status?.operations.some(({ can }) => can.includes("undo")) ?? false,
  };
}

export function updateContext(store: StatusStore): void {
  const status = currentProject(store);
  const text = status === undefined ? "" : manifestText(manifestOf(status.project));
  for (const [key, value] of Object.entries(contextKeys(status, text))) {
    void commands.executeCommand("setContext", key, value);
  }
}
