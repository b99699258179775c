import { deepEqual, equal, match } from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { commands, extensions, TabInputTextDiff, Uri, ViewColumn, window, workspace } from "vscode";
import type { Cases } from "./index";
import { activated, extensionId, manifestIn, onDisk, operation, shown, until } from "./scene";

/** A window on one project. The cases follow each other: each finds the project as the one before has left it. */
export const single: Cases = {
  "the extension is active and has all its commands": async () => {
    await activated();
    const manifest = extensions.getExtension(extensionId)?.packageJSON as {
      contributes: { commands: readonly { command: string }[] };
    };
    const known = new Set(await commands.getCommands(true));
    const wanted = [
      ...manifest.contributes.commands.map(({ command }) => command),
      ...["pyproject.add", "pyproject.remove", "pyproject.bumpVersion", "pyproject.status", "pyproject.undo"],
    ];
    deepEqual(
      wanted.filter((command) => !known.has(command)),
      [],
    );
  },

  "an operation on a clean document leaves it clean and is one undo step": async () => {
    const uri = manifestIn(0);
    const document = await shown(uri);
    const before = document.getText();
    const changes: number[] = [];
    const counting = workspace.onDidChangeTextDocument((change) => {
      if (change.document === document && change.contentChanges.length > 0) {
        changes.push(change.contentChanges.length);
      }
    });
    equal((await operation("pyproject.bumpVersion", bump(uri, "minor"))).state, "done");
    await until("the new text", () => document.getText().includes('version = "0.2.0"'));
    await until("a clean document", () => !document.isDirty);
    counting.dispose();
    equal(changes.length, 1);
    equal(onDisk(uri), document.getText());

    await commands.executeCommand("undo");
    equal(document.getText(), before);
    await document.save();
    equal(onDisk(uri), before);
  },

  "a document in a tab behind another ends clean": async () => {
    const uri = manifestIn(0);
    const document = await shown(uri);
    const other = Uri.joinPath(uri, "..", "main.py");
    writeFileSync(other.fsPath, "print('hi')\n");
    await shown(other);
    equal(
      window.visibleTextEditors.some((editor) => editor.document === document),
      false,
    );
    await bumped(uri, "patch", "0.1.1");
    equal(window.activeTextEditor?.document.uri.toString(), other.toString());
  },

  "a document in two columns ends clean": async () => {
    const uri = manifestIn(0);
    const document = await workspace.openTextDocument(uri);
    for (const column of [ViewColumn.One, ViewColumn.Two]) {
      await window.showTextDocument(document, column);
    }
    await bumped(uri, "patch", "0.1.2");
    equal(window.visibleTextEditors.filter((editor) => editor.document === document).length, 2);
    await commands.executeCommand("workbench.action.closeEditorsInOtherGroups");
  },

  "a document in a column that is not the active one ends clean": async () => {
    const uri = manifestIn(0);
    await window.showTextDocument(await workspace.openTextDocument(uri), ViewColumn.Two);
    await window.showTextDocument(Uri.joinPath(uri, "..", "main.py"), { viewColumn: ViewColumn.One });
    await bumped(uri, "patch", "0.1.3");
    await commands.executeCommand("workbench.action.closeAllEditors");
  },

  "a document that only a diff shows ends clean": async () => {
    const uri = manifestIn(0);
    const old = Uri.joinPath(uri, "..", "old.toml");
    writeFileSync(old.fsPath, onDisk(uri));
    await commands.executeCommand("vscode.diff", old, uri);
    equal(window.tabGroups.activeTabGroup.activeTab?.input instanceof TabInputTextDiff, true);
    await bumped(uri, "patch", "0.1.4");
    await commands.executeCommand("workbench.action.closeAllEditors");
  },

  "a read-only file is left alone with a message that says what to do": async () => {
    const uri = manifestIn(0);
    const document = await shown(uri);
    const before = onDisk(uri);
    chmodSync(uri.fsPath, 0o444);
    const refused = await operation("pyproject.bumpVersion", bump(uri, "major"));
    chmodSync(uri.fsPath, 0o644);
    equal(refused.state, "failed");
    match(refused.message, /pyproject\.toml is read-only; make it writable/);
    equal(onDisk(uri), before);
    equal(document.getText(), before);
    equal(document.isDirty, false);
  },

  "unsaved text of a person is neither saved nor lost": async () => {
    const uri = manifestIn(0);
    const document = await shown(uri);
    const editor = await window.showTextDocument(document);
    await editor.edit((edit) => {
      edit.insert(document.lineAt(0).range.start, "# mine\n");
    });
    const before = onDisk(uri);
    const { id } = await commands.executeCommand<{ id: string }>("pyproject.bumpVersion", {
      uri: uri.toString(),
      bump: "patch",
    });
    await until("the edit in the buffer", () => document.getText().includes('version = "0.1.5"'));
    equal(document.isDirty, true);
    equal(onDisk(uri), before);
    await document.save();
    await until("the end of the operation", async () => {
      const { operations } = await commands.executeCommand<{ operations: readonly { id: string; state: string }[] }>(
        "pyproject.status",
        { uri: uri.toString() },
      );
      return operations.some((each) => each.id === id && each.state === "done");
    });
    equal(onDisk(uri).startsWith("# mine\n"), true);
    equal(document.isDirty, false);
  },
};

function bump(uri: Uri, part: string): { readonly uri: Uri; readonly bump: string } {
  return { uri, bump: part };
}

/** Bump, and see that file and document are the new ones and the document is clean. */
async function bumped(uri: Uri, part: string, version: string): Promise<void> {
  const document = await workspace.openTextDocument(uri);
  equal((await operation("pyproject.bumpVersion", bump(uri, part))).state, "done");
  await until("the new text", () => document.getText().includes(`version = "${version}"`));
  await until("a clean document", () => !document.isDirty);
  equal(onDisk(uri), document.getText());
}
