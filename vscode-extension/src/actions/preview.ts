import { commands, l10n, type QuickPickItem, type Uri, window } from "vscode";
import type { App } from "../app";
import { applyEdits } from "../edits/apply";
import { manifestText } from "../project";
import type { Call, LockChange, Preview } from "../protocol";
import { askAdd } from "./add";
import { askBump } from "./bump";
import { askMove, askRemove, askUpgrade, upgradeAll } from "./dependencies";
import { runCall } from "./run";

interface ChangeItem extends QuickPickItem {
  readonly ask: () => Promise<Call | undefined> | Call;
}

/** Ask for a change, show what it would do to manifest and lock, and make it only if a person says so. */
export async function previewChange(app: App, uri: Uri): Promise<void> {
  const items: ChangeItem[] = [
    { label: l10n.t("Add Dependency"), ask: () => askAdd(app, uri) },
    { label: l10n.t("Remove Dependency"), ask: () => askRemove(uri) },
    { label: l10n.t("Upgrade Dependency"), ask: () => askUpgrade(uri) },
    { label: l10n.t("Upgrade All Dependencies"), ask: () => upgradeAll(uri) },
    { label: l10n.t("Move Dependency"), ask: () => askMove(uri) },
    { label: l10n.t("Bump Version"), ask: () => askBump(app, uri) },
  ];
  const chosen = await window.showQuickPick(items, { placeHolder: l10n.t("Preview which change?") });
  const call = await chosen?.ask();
  if (call !== undefined) {
    await showPreview(app, uri, call);
  }
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
  const preview = app.texts.put("preview/pyproject.toml", after);
  await commands.executeCommand("vscode.diff", uri, preview, l10n.t("pyproject.toml ↔ preview"));
  const apply = l10n.t("Apply");
  if ((await window.showInformationMessage(lockWords(answer.lock), apply)) === apply) {
    await runCall(app, call);
  }
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
