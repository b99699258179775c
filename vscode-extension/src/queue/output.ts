import { window, workspace } from "vscode";
import type { App } from "../app";
import { detailLines } from "./rows";

/** Open what is known of one operation as a document: who, when, on whom it waited, and the tools' own words. */
export async function showOutput(app: App, id: string): Promise<void> {
  const operation = app.store.operation(id);
  if (operation === undefined) {
    return;
  }
  const detail = operation.error?.detail ?? "";
  const lines = [operation.title, "", ...detailLines({ ...operation, error: null }, Date.now())];
  const failure =
    operation.error === null ? [] : ["", `${operation.error.code}: ${operation.error.message}`, "", detail];
  const uri = app.texts.put(`${id}/output.log`, [...lines, ...failure, ""].join("\n"));
  await window.showTextDocument(await workspace.openTextDocument(uri), { preview: true });
}
