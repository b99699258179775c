import { window } from "vscode";
import type { StatusStore } from "./store";

/** LSP's `window/showMessage`: 1 is an error, 2 a warning. */
export interface ShownMessage {
  readonly type: number;
  readonly message: string;
}

/**
 * Show a message of the server, as the language client would; except the bare one about a failed operation, which is
 * for clients without our code: `notify.ts` shows that failure with what can be done about it.
 */
export function showMessage(store: StatusStore, { type, message }: ShownMessage): void {
  if (isFailure(store, message)) {
    return;
  }
  const show = [window.showErrorMessage, window.showWarningMessage][type - 1] ?? window.showInformationMessage;
  void show(message);
}

export function isFailure(store: StatusStore, message: string): boolean {
  return store.projects
    .flatMap((status) => status.operations)
    .some((operation) => operation.state === "failed" && message === `${operation.title}: ${operation.message}`);
}
