import { l10n, Uri, window } from "vscode";
import type { App } from "../app";
import { currentProject, describeProject, manifestOf } from "../project";

/**
 * The manifest that a command is about: the file it was called on, else the active manifest, else the project of the
 * active editor; with several projects and none of them active a person chooses.
 */
export async function targetManifest(app: App, called: unknown): Promise<Uri | undefined> {
  const active = window.activeTextEditor?.document.uri;
  const named = called instanceof Uri ? called : active?.scheme === "file" ? active : undefined;
  if (named?.path.endsWith("/pyproject.toml")) {
    return named;
  }
  const { projects } = app.store;
  const own = named === undefined ? undefined : app.store.projectOf(named.toString());
  const only = projects.length === 1 ? currentProject(app.store) : undefined;
  const known = own ?? only;
  if (known !== undefined) {
    return manifestOf(known.project);
  }
  const items = projects.map(({ project }) => ({ label: describeProject(project), description: project, project }));
  const chosen = await window.showQuickPick(items, { placeHolder: l10n.t("Which project?") });
  return chosen === undefined ? undefined : manifestOf(chosen.project);
}
