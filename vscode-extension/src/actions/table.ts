import { l10n, type QuickPickItem, window } from "vscode";
import type { Table } from "../protocol";
import { type Manifest, sameTable } from "./manifest";

interface TableItem extends QuickPickItem {
  readonly table: Table | "new-group" | "new-extra";
}

/** Ask for a dependency table, new groups and extras included. `except` is left out: a move goes somewhere else. */
export async function pickTable(
  manifest: Manifest | undefined,
  placeHolder: string,
  except?: Table,
): Promise<Table | undefined> {
  const items = tableItems(manifest).filter(
    ({ table }) => typeof table === "string" || except === undefined || !sameTable(table, except),
  );
  const table = (await window.showQuickPick(items, { placeHolder }))?.table;
  if (typeof table !== "string") {
    return table;
  }
  const isGroup = table === "new-group";
  const prompt = isGroup ? l10n.t("Name of the new group") : l10n.t("Name of the new extra");
  const name = await window.showInputBox({ prompt, value: isGroup ? "dev" : "", validateInput: nameProblem });
  return name === undefined ? undefined : isGroup ? { group: name } : { extra: name };
}

/** The tables to choose from, the runtime's first. */
export function tableItems(manifest: Manifest | undefined): readonly TableItem[] {
  const groups = (manifest?.groups ?? []).map((group) => ({ label: tableLabel({ group }), table: { group } }));
  const extras = (manifest?.extras ?? []).map((extra) => ({ label: tableLabel({ extra }), table: { extra } }));
  return [
    { label: tableLabel({}), description: "project.dependencies", table: {} },
    ...groups,
    ...extras,
    { label: l10n.t("$(add) New group…"), table: "new-group" },
    { label: l10n.t("$(add) New extra…"), table: "new-extra" },
  ];
}

export function tableLabel(table: Table): string {
  if (table.group !== undefined) {
    return l10n.t("group '{0}'", table.group);
  }
  return table.extra === undefined ? l10n.t("dependencies") : l10n.t("extra '{0}'", table.extra);
}

/** The rule for names of groups (PEP 735) and extras (PEP 685). */
export function nameProblem(name: string): string | undefined {
  const valid = /^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/.test(name);
  return valid ? undefined : l10n.t("Letters, digits, '-', '_' and '.'; it begins and ends with a letter or digit.");
}
