import { equal } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { commands, type Disposable, type Event, extensions, type TextDocument, Uri, window, workspace } from "vscode";
import type { Operation, ProjectStatus } from "../src/protocol";

/** How long anything may take on a machine that does other things as well, in milliseconds. */
const patience = 60_000;

export const extensionId = "pyproject-lsp.pyproject-lsp";

/** The manifest in one of the window's folders. */
export function manifestIn(folder: number): Uri {
  const found = workspace.workspaceFolders?.[folder];
  if (found === undefined) {
    throw new Error(`the window has no folder ${folder}`);
  }
  return Uri.joinPath(found.uri, "pyproject.toml");
}

export function onDisk(uri: Uri): string {
  return readFileSync(uri.fsPath, "utf8");
}

/** The extension, running with its server, in a window whose folders are there: a workspace file is read later. */
export async function activated(): Promise<void> {
  await until("the folders of the window", () => (workspace.workspaceFolders ?? []).length > 0);
  await extensions.getExtension(extensionId)?.activate();
  equal(extensions.getExtension(extensionId)?.isActive, true);
}

export async function shown(uri: Uri): Promise<TextDocument> {
  const document = await workspace.openTextDocument(uri);
  await window.showTextDocument(document, { preview: false });
  return document;
}

/** Ask the server for one of its commands, as a code action does, and wait until the operation has ended. */
export async function operation(command: string, argument: { readonly uri: Uri }): Promise<Operation> {
  const uri = argument.uri.toString();
  const { id } = await commands.executeCommand<{ id: string }>(command, { ...argument, uri });
  let found: Operation | undefined;
  await until(`the end of ${command}`, async () => {
    found = (await status(argument.uri)).operations.find((each) => each.id === id);
    return ["done", "failed", "cancelled"].includes(found?.state ?? "");
  });
  return found as unknown as Operation;
}

export async function status(uri: Uri): Promise<ProjectStatus> {
  return commands.executeCommand<ProjectStatus>("pyproject.status", { uri: uri.toString() });
}

/** Wait for something that has no event of its own. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + patience;
  while (!(await holds())) {
    if (Date.now() > end) {
      throw new Error(`${what} did not come within ${patience / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The next event that fits. Called before what brings it. */
export function next<T>(what: string, event: Event<T>, fits: (value: T) => boolean): Promise<T> {
  return new Promise((resolve, reject) => {
    const listening: Disposable[] = [];
    const timer = setTimeout(() => {
      reject(new Error(`${what} did not come within ${patience / 1000} s`));
    }, patience);
    event(
      (value) => {
        if (fits(value)) {
          clearTimeout(timer);
          listening.forEach((each) => void each.dispose());
          resolve(value);
        }
      },
      undefined,
      listening,
    );
  });
}
