import { l10n, window } from "vscode";
import type { App } from "../app";
import { runCall } from "../actions/run";
import type { Operation, Request } from "../protocol";

/** The project that holds an operation, as the uri that the server's commands want. */
export function projectUri(app: App, id: string): string | undefined {
  return app.store.projects.find((status) => status.operations.some((operation) => operation.id === id))?.project;
}

/**
 * Cancel, retry or undo one operation of the queue. A message keeps the project with the id: by the time somebody
 * answers it, the server may just be starting anew, and the queue empty.
 */
export async function act(app: App, what: Request, id: string | undefined, project?: string): Promise<void> {
  const uri = id === undefined ? undefined : (project ?? projectUri(app, id));
  if (id === undefined || uri === undefined) {
    // The view was just drawn anew and no longer knows the row that was clicked, or the server is starting again.
    void window.showInformationMessage(l10n.t("pyproject: the queue has just changed. Try again."));
    return;
  }
  await runCall(app, { command: `pyproject.${what}`, argument: { uri, id } });
}

/** Menus of the view hand over the row, notifications the id. */
export function operationId(argument: unknown): string | undefined {
  if (typeof argument === "string") {
    return argument;
  }
  if (typeof argument === "object" && argument !== null && "operation" in argument) {
    return (argument.operation as Operation | undefined)?.id;
  }
  return undefined;
}
