import { l10n, type QuickPickItem, window } from "vscode";
import type { App } from "../app";
import { type Call, isFinished, type Operation, type ProjectStatus } from "../protocol";
import { titleOf } from "../status/blocked";
import type { Target } from "./target";

interface UndoItem extends QuickPickItem {
  readonly what: "cancel" | "undo";
  readonly id: string;
}

/**
 * Take back the last edit of what the status bar names. While an edit waits, a person says which of the two is meant:
 * the one that waits, which is cancelled, or the one before it.
 */
export async function askUndo(app: App, target: Target): Promise<Call | undefined> {
  const status = app.store.projectOf(target.uri.toString());
  const items = status === undefined ? [] : undoItems(status);
  const [first] = items;
  if (first === undefined) {
    void window.showInformationMessage(l10n.t("pyproject: there is nothing to undo."));
    return undefined;
  }
  const placeHolder = l10n.t("An edit still waits. Take back which one?");
  const chosen = items.length === 1 ? first : await window.showQuickPick(items, { placeHolder });
  const uri = status?.project ?? target.uri.toString();
  return chosen && { command: `pyproject.${chosen.what}`, argument: { uri, id: chosen.id } };
}

/** What can be taken back: each edit that waits, then the last one that is made. */
export function undoItems({ operations }: ProjectStatus): readonly UndoItem[] {
  const waiting = operations.filter((each) => !isFinished(each) && each.can.includes("cancel"));
  const made = operations.find((each) => isFinished(each) && each.can.includes("undo"));
  const cancel = waiting.map((each) => undoItem(each, "cancel", l10n.t("Cancel '{0}'", titleOf(each))));
  return made === undefined ? cancel : [...cancel, undoItem(made, "undo", l10n.t("Undo '{0}'", titleOf(made)))];
}

function undoItem({ id }: Operation, what: UndoItem["what"], label: string): UndoItem {
  return { label, what, id };
}
