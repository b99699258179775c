import { workspace } from "vscode";
import type { App } from "../app";
import { manifestOf } from "../project";

/** Save the documents that an edit waits for (`needsSave`): those of one project, or of all. */
export async function saveWaiting(app: App, project?: string): Promise<void> {
  const waiting = app.store.projects.filter(
    (status) =>
      (project === undefined || status.project === project) &&
      status.operations.some((operation) => operation.state === "needsSave"),
  );
  const wanted = new Set(waiting.map((status) => manifestOf(status.project).toString()));
  for (const document of workspace.textDocuments.filter((open) => open.isDirty && wanted.has(open.uri.toString()))) {
    await document.save();
  }
}
