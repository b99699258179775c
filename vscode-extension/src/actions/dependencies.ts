import { l10n, type QuickPickItem, type Uri, window } from "vscode";
import { manifestText } from "../project";
import type { Call, Table } from "../protocol";
import { type Dependency, readManifest } from "./manifest";
import { pickTable, tableLabel } from "./table";

interface DependencyItem extends QuickPickItem {
  readonly dependency: Dependency;
}

/** Ask which dependency to remove, and from the table in which it was chosen: it may stand in several. */
export async function askRemove(uri: Uri): Promise<Call | undefined> {
  const dependency = await pickDependency(uri, l10n.t("Remove which dependency?"));
  if (dependency === undefined) {
    return undefined;
  }
  const argument = { uri: uri.toString(), packages: [dependency.name], ...dependency.table };
  return { command: "pyproject.remove", argument };
}

export async function askUpgrade(uri: Uri): Promise<Call | undefined> {
  const dependency = await pickDependency(uri, l10n.t("Upgrade which dependency?"));
  if (dependency === undefined) {
    return undefined;
  }
  return { command: "pyproject.upgrade", argument: { uri: uri.toString(), packages: [dependency.name] } };
}

export function upgradeAll(uri: Uri): Call {
  return { command: "pyproject.upgrade", argument: { uri: uri.toString(), all: true } };
}

export async function askMove(uri: Uri): Promise<Call | undefined> {
  const dependency = await pickDependency(uri, l10n.t("Move which dependency?"));
  if (dependency === undefined) {
    return undefined;
  }
  const from: Table = dependency.table;
  const place = l10n.t("Move {0} to…", dependency.name);
  const to = await pickTable(readManifest(manifestText(uri)), place, from);
  if (to === undefined) {
    return undefined;
  }
  return { command: "pyproject.move", argument: { uri: uri.toString(), package: dependency.name, from, to } };
}

async function pickDependency(uri: Uri, placeHolder: string): Promise<Dependency | undefined> {
  const manifest = readManifest(manifestText(uri));
  if (manifest === undefined) {
    void window.showErrorMessage(
      l10n.t("pyproject.toml cannot be read while it has a syntax error. Correct it (Problems view), then try again."),
    );
    return undefined;
  }
  const items = dependencyItems(manifest.dependencies);
  return (await window.showQuickPick(items, { placeHolder, matchOnDescription: true }))?.dependency;
}

export function dependencyItems(dependencies: readonly Dependency[]): readonly DependencyItem[] {
  return dependencies.map((dependency) => ({
    label: dependency.name,
    description: tableLabel(dependency.table),
    detail: dependency.requirement,
    dependency,
  }));
}
