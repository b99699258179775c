import { readFileSync } from "node:fs";
import { Uri, window, workspace } from "vscode";
import { isScript, type Manifest, readManifest, readScript } from "./actions/manifest";
import type { ProjectStatus } from "./protocol";
import { projectName } from "./queue/rows";
import { folderOf, type StatusStore } from "./status/store";

/** The project of the active editor; without one the project that has most to say. */
export function currentProject(store: StatusStore): ProjectStatus | undefined {
  const active = window.activeTextEditor?.document.uri;
  const own = active === undefined ? undefined : store.projectOf(active.toString());
  const order = ["blocked", "error", "busy", "idle"];
  return own ?? [...store.projects].sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state))[0];
}

/** The manifest of a project; a status may name the folder, the manifest or a script with its own block. */
export function manifestOf(project: string): Uri {
  return /\.(toml|pyw?)$/.test(project) ? Uri.parse(project) : Uri.parse(`${folderOf(project)}pyproject.toml`);
}

/** The text of a manifest as a person sees it: the open buffer, else the file. Empty when there is none. */
export function manifestText(uri: Uri): string {
  const open = workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open !== undefined) {
    return open.getText();
  }
  try {
    return readFileSync(uri.fsPath, "utf8");
  } catch {
    return "";
  }
}

/** What stands in a manifest or in a script's block; undefined while its text is broken. */
export function declared(uri: Uri): Manifest | undefined {
  const text = manifestText(uri);
  return isScript(uri.path) ? readScript(text) : readManifest(text);
}

/** 'name 1.2.3', or the folder's name where the manifest does not say. */
export function describeProject(project: string): string {
  const manifest = declared(manifestOf(project));
  const name = manifest?.name ?? projectName(project);
  return manifest?.version === undefined ? name : `${name} ${manifest.version}`;
}
