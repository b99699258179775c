import { commands, l10n, type QuickPickItem, Uri, window, workspace } from "vscode";
import type { App } from "../app";
import { currentProject, describeProject, manifestOf } from "../project";
import { isScript } from "./manifest";

/** What a command is about: a manifest, or a script with its own metadata block (PEP 723). */
export interface Target {
  readonly uri: Uri;
  readonly script: boolean;
}

/** The part of each command's argument that says what it is about. */
export function about({ uri, script }: Target): { readonly uri: string; readonly script?: true } {
  return script ? { uri: uri.toString(), script } : { uri: uri.toString() };
}

/**
 * What a command is about: the manifest it was called on, else what the status bar names for the active editor; with
 * several projects and none of them active a person chooses.
 */
export async function findTarget(app: App, called: unknown): Promise<Target | undefined> {
  const active = window.activeTextEditor?.document.uri;
  const named = called instanceof Uri ? called : active?.scheme === "file" ? active : undefined;
  if (named?.path.endsWith("/pyproject.toml")) {
    return { uri: named, script: false };
  }
  const { projects } = app.store;
  const own = named === undefined ? undefined : app.store.projectOf(named.toString());
  const known = own ?? (projects.length === 1 ? currentProject(app.store) : undefined);
  return known === undefined ? chooseProject(projects.map(({ project }) => project)) : targetOf(known.project);
}

/** The target that a status names. */
export function targetOf(project: string): Target {
  return { uri: manifestOf(project), script: isScript(project) };
}

async function chooseProject(projects: readonly string[]): Promise<Target | undefined> {
  if (projects.length === 0) {
    const open = l10n.t("Open Folder…");
    const message = l10n.t("pyproject: no pyproject.toml is open here. Open a folder that has one.");
    if ((await window.showInformationMessage(message, open)) === open) {
      await commands.executeCommand("workbench.action.files.openFolder");
    }
    return undefined;
  }
  const chosen = await window.showQuickPick(projectItems(projects), { placeHolder: l10n.t("Which project?") });
  return chosen === undefined ? undefined : targetOf(chosen.project);
}

interface ProjectItem extends QuickPickItem {
  readonly project: string;
}

/** The projects by their names, each with its folder as the window shows it. */
function projectItems(projects: readonly string[]): readonly ProjectItem[] {
  return projects.map((project) => ({
    label: describeProject(project),
    description: workspace.asRelativePath(manifestOf(project)),
    project,
  }));
}
