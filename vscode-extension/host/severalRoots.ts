import { deepEqual, equal } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { commands, Uri } from "vscode";
import type { Cases } from "./index";
import { activated, manifestIn, onDisk, operation, shown, status, until } from "./scene";

/** A window with two folders, each a project of its own. The cases follow each other. */
export const severalRoots: Cases = {
  "the project of the active file is the one that acts": async () => {
    await activated();
    const [first, second] = [manifestIn(0), manifestIn(1)];
    await shown(second);
    await commands.executeCommand("pyproject.lockProject");
    await done("the lock of the second project", second, ["lock"]);
    deepEqual(await kinds(first), []);

    const source = Uri.joinPath(first, "..", "main.py");
    writeFileSync(source.fsPath, "");
    await shown(source);
    await commands.executeCommand("pyproject.lockProject");
    await done("the lock of the first project", first, ["lock"]);
    deepEqual(await kinds(second), ["lock"]);
  },

  "the file that a menu was opened on comes before the active one": async () => {
    const [first, second] = [manifestIn(0), manifestIn(1)];
    await shown(first);
    await commands.executeCommand("pyproject.lockProject", second);
    await done("another lock of the second project", second, ["lock", "lock"]);
    deepEqual(await kinds(first), ["lock"]);
  },

  "an edit of one project leaves the other and its queue alone": async () => {
    const [first, second] = [manifestIn(0), manifestIn(1)];
    const [text, document] = [onDisk(first), await shown(second)];
    equal((await operation("pyproject.bumpVersion", bump(second))).state, "done");
    await until("a clean document", () => !document.isDirty);
    equal(onDisk(second).includes('version = "0.2.0"'), true);
    equal(onDisk(first), text);
    deepEqual(await kinds(first), ["lock"]);
  },
};

function bump(uri: Uri): { readonly uri: Uri; readonly bump: string } {
  return { uri, bump: "minor" };
}

/** What was asked of a project, the newest first. */
async function kinds(uri: Uri): Promise<readonly string[]> {
  return (await status(uri)).operations.map(({ kind }) => kind);
}

async function done(what: string, uri: Uri, wanted: readonly string[]): Promise<void> {
  await until(what, async () => {
    const { operations } = await status(uri);
    return operations.length >= wanted.length && operations.every(({ state }) => state === "done");
  });
  deepEqual(await kinds(uri), wanted);
}
