import { commands, type Disposable, l10n, window } from "vscode";
import type { App } from "../app";
import type { Operation } from "../protocol";
import { act } from "../queue/actions";
import { newFailures } from "./failures";

/** A message for each failure of an operation that was asked for in this window; for nothing else. */
export function notifyFailures(app: App): Disposable {
  const told = new Set<string>();
  return app.store.onDidChange((status) => {
    for (const operation of status === undefined ? [] : newFailures(told, status)) {
      void tell(app, operation, status?.project);
    }
  });
}

async function tell(app: App, operation: Operation, project: string | undefined): Promise<void> {
  const message = `${operation.title}: ${operation.error?.message ?? operation.message}`;
  const [output, retry, undo] = [l10n.t("Show Output"), l10n.t("Retry"), l10n.t("Undo")];
  const trust = l10n.t("Manage Workspace Trust");
  // A failed sync leaves a committed edit behind, which can be undone; a failed plan has touched nothing.
  const again = operation.error?.code === "untrusted" ? [trust] : [output, retry];
  const buttons = operation.can.includes("undo") ? [...again, undo] : again;
  switch (await window.showErrorMessage(message, ...buttons)) {
    case trust:
      await commands.executeCommand("workbench.trust.manage");
      break;
    case output:
      await commands.executeCommand("pyproject.queue.showOutput", operation.id);
      break;
    case retry:
      await act(app, "retry", operation.id, project);
      break;
    case undo:
      await act(app, "undo", operation.id, project);
      break;
    case undefined:
  }
}
