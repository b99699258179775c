import { Disposable, window, workspace } from "vscode";
import type { App } from "../app";
import { statusBar } from "./bar";
import { manifestOf } from "../project";
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
    workspace.onDidSaveTextDocument(({ uri }) => {
      const saved = app.store.projectOf(uri.toString());
      if (saved !== undefined && uri.toString() === manifestOf(saved.project).toString()) {
        // Whoever saves has answered what failed before: the next edit is planned from this text.
        app.store.dismiss(saved.project);
      }
      update();
    }),
    new Disposable(() => {
      clearTimeout(timer);
    }),
  );
}
