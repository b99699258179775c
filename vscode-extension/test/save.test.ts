import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { commands, TabInputText, Uri, window, workspace } from "vscode";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { saveDocument } from "../src/edits/save";

describe("pyproject/save", () => {
  let folder: string;
  let uri: Uri;
  let did: string[];

  /** An open document with unsaved text, and what stands in the active tab. */
  const open = (text: string, active: Uri | undefined): void => {
    const document = {
      uri,
      isDirty: true,
      getText: () => text,
      save: () => {
        did.push("save");
        document.isDirty = false;
        return Promise.resolve(true);
      },
    };
    const input = active === undefined ? {} : new TabInputText(active);
    Object.assign(workspace, { textDocuments: [document] });
    Object.assign(window, { tabGroups: { activeTabGroup: { activeTab: { input } } } });
    Object.assign(commands, {
      executeCommand: (id: string) => {
        did.push(id);
        document.isDirty = false;
        return Promise.resolve();
      },
    });
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pl-"));
    const path = join(folder, "pyproject.toml");
    writeFileSync(path, "\uFEFFname = 1\r\n");
    uri = Uri.parse(pathToFileURL(path).toString());
    did = [];
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("takes away the mark of the unsaved without writing, where the document is in the active tab", async () => {
    open("name = 1\r\n", uri);
    expect(await saveDocument(uri.toString())).toEqual({ saved: true });
    expect(did).toEqual(["workbench.action.files.revert"]);
  });

  it("never reverts when another document is in the active tab: that one would lose its text", async () => {
    open("name = 1\r\n", Uri.parse("file:///other"));
    expect(await saveDocument(uri.toString())).toEqual({ saved: true });
    expect(did).toEqual(["save"]);
  });

  it("leaves a document alone in which a person has typed meanwhile", async () => {
    open("name = 1\r\n# mine", uri);
    expect(await saveDocument(uri.toString())).toEqual({ saved: false });
    expect(did).toEqual([]);
  });

  it("leaves a document alone whose file is gone, and one that is not open", async () => {
    open("name = 1\r\n", uri);
    rmSync(join(folder, "pyproject.toml"));
    expect(await saveDocument(uri.toString())).toEqual({ saved: false });
    expect(await saveDocument("file:///nowhere")).toEqual({ saved: false });
    expect(did).toEqual([]);
  });
});
