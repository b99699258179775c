import { l10n, ProgressLocation, type QuickPickItem, window } from "vscode";
import type { App } from "../app";
import { declared } from "../project";
import type { Call } from "../protocol";
import { normalized } from "./manifest";
import { about, type Target } from "./target";

/** A package with a newer version, as `pyproject.checkUpgrades` answers. */
interface Outdated {
  readonly name: string;
  readonly version: string;
  readonly latest: string;
}

interface UpgradeItem extends QuickPickItem {
  readonly name: string;
}

/** Ask the index for newer versions, show them, and upgrade the declared packages that a person picks. */
export async function askNewer(app: App, target: Target): Promise<Call | undefined> {
  const title = l10n.t("pyproject: checking for newer versions");
  const ask = app.server.execute({ command: "pyproject.checkUpgrades", argument: { uri: target.uri.toString() } });
  const answer = await window.withProgress({ location: ProgressLocation.Notification, title }, () => ask);
  const own = new Set((declared(target.uri)?.dependencies ?? []).map(({ name }) => normalized(name)));
  const items = upgradeItems((answer as { readonly outdated: readonly Outdated[] }).outdated, own);
  if (items.length === 0) {
    void window.showInformationMessage(l10n.t("pyproject: every declared dependency is at its newest version."));
    return undefined;
  }
  const placeHolder = l10n.t("Upgrade which dependencies?");
  const picked = await window.showQuickPick(items, { placeHolder, canPickMany: true });
  const packages = (picked ?? []).map(({ name }) => name);
  return packages.length === 0 ? undefined : { command: "pyproject.upgrade", argument: { ...about(target), packages } };
}

/** A row for each declared package that is behind: 'httpx  0.27.0 → 0.28.1'; a major step is marked. */
export function upgradeItems(outdated: readonly Outdated[], own: ReadonlySet<string>): readonly UpgradeItem[] {
  return outdated
    .filter(({ name }) => own.has(normalized(name)))
    .map(({ name, version, latest }) => {
      const step = `${version} → ${latest}`;
      const isMajor = version.split(".")[0] !== latest.split(".")[0];
      return { label: name, description: isMajor ? l10n.t("{0} (major)", step) : step, name };
    });
}
