import { readFile } from "node:fs/promises";
import { commands, TabInputText, type TextDocument, Uri, window, workspace } from "vscode";

/**
 * Answer `pyproject/save`: make a document that was clean before the server's edit clean again.
 *
 * The server has already replaced the file with the bytes of the buffer. So there is nothing to write, only the mark of
 * the unsaved to take away; and where the buffer is not what the disk says, a person has typed meanwhile, or another
 * program has written: then it is not ours to save.
 */
export async function saveDocument(uri: string): Promise<{ readonly saved: boolean }> {
  const wanted = Uri.parse(uri).toString();
  const document = workspace.textDocuments.find((open) => open.uri.toString() === wanted);
  if (document === undefined) {
    return { saved: false };
  }
  if (document.isDirty && (await sameAsDisk(document))) {
    await makeClean(document);
  }
  return { saved: !document.isDirty };
}

async function sameAsDisk(document: TextDocument): Promise<boolean> {
  const text = document.getText();
  const disk = await readFile(document.uri.fsPath, "utf8").catch(() => undefined);
  return disk !== undefined && withoutMark(disk) === text && document.isDirty;
}

/** VS Code keeps a byte order mark out of the buffer. */
function withoutMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}

/**
 * Revert reads the disk and writes nothing: no save participant (formatter) runs, no reader sees a file half-written.
 * But it works on the active tab only; elsewhere we save, which VS Code allows because the content is the same.
 */
async function makeClean(document: TextDocument): Promise<void> {
  const input = window.tabGroups.activeTabGroup.activeTab?.input;
  if (input instanceof TabInputText && input.uri.toString() === document.uri.toString()) {
    await commands.executeCommand("workbench.action.files.revert");
  }
  if (document.isDirty) {
    await document.save();
  }
}
