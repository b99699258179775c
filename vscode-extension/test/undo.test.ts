import { Uri, window } from "vscode";
import { describe, expect, it } from "vitest";
import { askUndo, undoItems } from "../src/actions/undo";
import type { App } from "../src/app";
import { StatusStore } from "../src/status/store";
import { operation, status } from "./samples";

const waiting = operation({ id: "w", title: "Add zeta", can: ["cancel"] });
const made = operation({ id: "m", title: "Add beta", state: "done", can: ["undo"] });
const older = operation({ id: "o", title: "Add alpha", state: "done", can: ["undo"] });

describe("undo", () => {
  it("offers what waits before what is made, each by its name, and only the last that is made", () => {
    const items = undoItems(status({ operations: [waiting, made, older] }));
    expect(items.map(({ label, id }) => [label, id])).toEqual([
      ["Cancel 'Add zeta'", "w"],
      ["Undo 'Add beta'", "m"],
    ]);
  });

  it("takes back the edit of the script that the status bar names, by its id", async () => {
    const store = new StatusStore();
    store.set(status({ operations: [older] }));
    store.set(status({ project: "file:///w/demo/tool.py", operations: [made] }));
    const target = { uri: Uri.parse("file:///w/demo/tool.py"), script: true };
    const call = await askUndo({ store } as unknown as App, target);
    expect(call).toEqual({ command: "pyproject.undo", argument: { uri: "file:///w/demo/tool.py", id: "m" } });
  });

  it("says that there is nothing to undo", async () => {
    const said: string[] = [];
    Object.assign(window, { showInformationMessage: (message: string) => Promise.resolve(said.push(message)) });
    const target = { uri: Uri.parse("file:///w/demo/pyproject.toml"), script: false };
    expect(await askUndo({ store: new StatusStore() } as unknown as App, target)).toBeUndefined();
    expect(said).toEqual(["pyproject: there is nothing to undo."]);
  });
});
