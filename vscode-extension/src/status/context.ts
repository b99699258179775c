import { commands } from "vscode";
import { isScript, type Manifest } from "../actions/manifest";
import { currentProject, declared, manifestOf } from "../project";
import type { ProjectStatus } from "../protocol";
import type { StatusStore } from "./store";

/** What the `enablement` of the commands in package.json looks at. */
interface ContextKeys {
  readonly "pyproject.hasProject": boolean;
  readonly "pyproject.hasDependencies": boolean;
  readonly "pyproject.hasVersion": boolean;
  /** A script has one table, no version and no environment to sync. */
  readonly "pyproject.isScript": boolean;
  readonly "pyproject.canUndo": boolean;
  readonly "pyproject.needsSave": boolean;
}

/** The keys for a project and its manifest. A broken manifest (undefined) disables nothing: the server says why. */
export function contextKeys(status: ProjectStatus | undefined, manifest: Manifest | undefined): ContextKeys {
  const known = status !== undefined;
  const script = known && isScript(status.project);
  return {
    "pyproject.hasProject": known,
    "pyproject.hasDependencies": known && (manifest === undefined || manifest.dependencies.length > 0),
    "pyproject.hasVersion": known && !script && (manifest === undefined || manifest.version !== undefined),
    "pyproject.isScript": script,
    "pyproject.needsSave": status?.operations.some(({ state }) => state === "needsSave") ?? false,
    "pyproject.canUndo": status?.operations.some(({ can }) => can.includes("undo")) ?? false,
  };
}

export function updateContext(store: StatusStore): void {
  const status = currentProject(store);
  const manifest = status === undefined ? undefined : declared(manifestOf(status.project));
  for (const [key, value] of Object.entries(contextKeys(status, manifest))) {
    void commands.executeCommand("setContext", key, value);
  }
  const hasFailure = store.projects.some((each) => store.failure(each) !== undefined);
  void commands.executeCommand("setContext", "pyproject.hasFailure", hasFailure);
}
