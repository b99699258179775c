import { commands, l10n, Uri, window } from "vscode";
import type { App } from "../app";
import type { Restored } from "../protocol";

/** The guardian put back what another tool had erased: say so once, and show the difference to whoever asks. */
export async function showRestored(app: Pick<App, "texts">, restored: Restored): Promise<void> {
  const show = l10n.t("Show Difference");
  if ((await window.showWarningMessage(restored.message, show)) !== show) {
    return;
  }
  const name = Uri.parse(restored.uri).path.replace(/^.*\//, "");
  const before = app.texts.put(`erased/${name}`, restored.before);
  const after = app.texts.put(`restored/${name}`, restored.after);
  await commands.executeCommand("vscode.diff", before, after, l10n.t("{0}: erased ↔ restored", name));
}
