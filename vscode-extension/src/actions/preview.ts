import { commands, l10n, type QuickPickItem, TabInputTextDiff, Uri, window } from "vscode";
import type { App } from "../app";
import { applyEdits } from "../edits/apply";
import { manifestText } from "../project";
import type { Call, LockChange, Preview } from "../protocol";
import { fileName } from "../status/store";
import { askAdd } from "./add";
import { askBump } from "./bump";
import { askMove, askRemove, askUpgrade, upgradeAll } from "./dependencies";
import { runCall } from "./run";
import type { Target } from "./target";

interface ChangeItem extends QuickPickItem {
  readonly ask: () => Promise<Call | undefined> | Call;
}

/** Ask for a change, show what it would do to manifest and lock, and make it only if a person says so. */
export async function previewChange(app: App, target: Target): Promise<void> {
  const chosen = await window.showQuickPick(changeItems(app, target), {
    placeHolder: l10n.t("Preview which change?"),
  });
  const call = await chosen?.ask();
  if (call !== undefined) {
    await showPreview(app, target.uri, call);
  }
}

function changeItems(app: App, target: Target): ChangeItem[] {
  const everywhere: ChangeItem[] = [
    { label: l10n.t("Add Dependency"), ask: () => askAdd(app, target) },
    { label: l10n.t("Remove Dependency"), ask: () => askRemove(target) },
    { label: l10n.t("Upgrade Dependency"), ask: () => askUpgrade(target) },
    { label: l10n.t("Upgrade All Dependencies"), ask: () => upgradeAll(target) },
  ];
  const inManifests: ChangeItem[] = [
    { label: l10n.t("Move Dependency"), ask: () => askMove(target) },
    { label: l10n.t("Bump Version"), ask: () => askBump(app, target.uri) },
  ];
  return target.script ? everywhere : [...everywhere, ...inManifests];
}

async function showPreview(app: App, uri: Uri, call: Call): Promise<void> {
  const { command, argument } = call;
  let answer: Preview;
  try {
    const ask = { uri: uri.toString(), command, arguments: [argument] };
    answer = (await app.server.execute({ command: "pyproject.preview", argument: ask })) as Preview;
  } catch (error) {
    void window.showErrorMessage(l10n.t("pyproject: {0}", error instanceof Error ? error.message : String(error)));
    return;
  }
  const edit = await app.server.toEdit(answer.edits);
  const after = applyEdits(manifestText(uri), edit?.get(uri) ?? []);
  const name = fileName(uri.toString());
  const preview = app.texts.put(`preview/${app.previews.size}/${name}`, after);
  app.previews.set(preview.toString(), call);
  await commands.executeCommand("vscode.diff", uri, preview, l10n.t("{0} ↔ preview", name));
  const apply = l10n.t("Apply");
  if ((await window.showInformationMessage(lockWords(answer.lock), apply)) === apply) {
    await applyPreview(app, preview);
  }
}

/**
 * Make the change that a preview shows, and close the preview. The button in the editor's title calls it as well: the
 * message with its own button goes away while a person reads.
 */
export async function applyPreview(app: App, argument: unknown): Promise<void> {
  const shown = argument instanceof Uri ? argument : activePreview();
  const call = shown && app.previews.get(shown.toString());
  if (call === undefined) {
    return;
  }
  app.previews.delete(shown?.toString() ?? "");
  const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
  await window.tabGroups.close(tabs.filter((tab) => isPreview(tab.input, shown)));
  await runCall(app, call);
}

function activePreview(): Uri | undefined {
  const input = window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof TabInputTextDiff ? input.modified : undefined;
}

function isPreview(input: unknown, uri: Uri | undefined): boolean {
  return input instanceof TabInputTextDiff && input.modified.toString() === uri?.toString();
}

/** What happens to the lock file, in one line: 'uv.lock: httpx 0.28.1 is new, idna 3.4 → 3.11'. */
export function lockWords(changes: readonly LockChange[]): string {
  if (changes.length === 0) {
    return l10n.t("uv.lock: no package changes");
  }
  const shown = changes.slice(0, 8).map(({ name, from, to }) => {
    if (from === null) {
      return l10n.t("{0} {1} is new", name, to ?? "");
    }
    return to === null ? l10n.t("{0} is removed", name) : `${name} ${from} → ${to}`;
  });
  const more = changes.length > shown.length ? [l10n.t("{0} more", changes.length - shown.length)] : [];
  return `uv.lock: ${[...shown, ...more].join(", ")}`;
}
