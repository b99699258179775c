import { l10n, type QuickPickItem, window, workspace } from "vscode";
import { declared } from "../project";
import type { Call, Table } from "../protocol";
import type { Dependency } from "./manifest";
import { pickTable, tableLabel } from "./table";
import { about, type Target } from "./target";

interface DependencyItem extends QuickPickItem {
  readonly dependency: Dependency;
}

/** Ask which dependency to remove, and from the table in which it was chosen: it may stand in several. */
export async function askRemove(target: Target): Promise<Call | undefined> {
  const dependency = await pickDependency(target, l10n.t("Remove which dependency?"));
  if (dependency === undefined) {
    return undefined;
  }
  const argument = { ...about(target), packages: [dependency.name], ...dependency.table };
  return { command: "pyproject.remove", argument };
}

export async function askUpgrade(target: Target): Promise<Call | undefined> {
  const dependency = await pickDependency(target, l10n.t("Upgrade which dependency?"));
  if (dependency === undefined) {
    return undefined;
  }
  return { command: "pyproject.upgrade", argument: { ...about(target), packages: [dependency.name] } };
}

export function upgradeAll(target: Target): Call {
  return { command: "pyproject.upgrade", argument: { ...about(target), all: true } };
}

export async function askMove(target: Target): Promise<Call | undefined> {
  const dependency = await pickDependency(target, l10n.t("Move which dependency?"));
  if (dependency === undefined) {
    return undefined;
  }
  const from: Table = dependency.table;
  const place = l10n.t("Move {0} to…", dependency.name);
  const to = await pickTable(declared(target.uri), place, from);
  if (to === undefined) {
    return undefined;
  }
  return { command: "pyproject.move", argument: { ...about(target), package: dependency.name, from, to } };
}

async function pickDependency(target: Target, placeHolder: string): Promise<Dependency | undefined> {
  const manifest = declared(target.uri);
  if (manifest === undefined) {
    const file = workspace.asRelativePath(target.uri);
    void window.showErrorMessage(
      l10n.t("{0} cannot be read while it has a syntax error. Correct it (Problems view), then try again.", file),
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
