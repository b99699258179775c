import { Disposable, window, workspace } from "vscode";
import type { App } from "../app";
import { statusBar } from "./bar";
import { updateContext } from "./context";
import { languageStatus } from "./language";

/** Keeps the status items and the context keys up with the store; ticks only while something waits. */
export function statusViews(app: App): Disposable {
  const bar = statusBar(app);
  const language = languageStatus(app);
  let timer: NodeJS.Timeout | undefined;
  const update = (): void => {
    clearTimeout(timer);
    // The commands first: what the status shows can then be acted on.
    updateContext(app.store);
    language.update();
    timer = bar.update() ? setTimeout(update, 1000) : undefined;
  };
  update();
  return Disposable.from(
    bar.item,
    language.item,
    app.store.onDidChange(update),
    window.onDidChangeActiveTextEditor(update),
    workspace.onDidSaveTextDocument(update),
    new Disposable(() => {
      clearTimeout(timer);
    }),
  );
}
