import { dirname } from "node:path";
import { tasks, Uri, workspace } from "vscode";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { runScript } from "../src/runScript";

// The stand-in of all tests (vscode.ts) has no tasks: here is what of them can be seen from outside.
vi.mock("vscode", async (original) => {
  class ProcessExecution {
    readonly line: readonly string[];
    readonly cwd: string;
    constructor(program: string, words: readonly string[], { cwd }: { readonly cwd: string }) {
      this.line = [program, ...words];
      this.cwd = cwd;
    }
  }
  class Task {
    readonly execution: ProcessExecution;
    constructor(...[, , , , execution]: readonly [unknown, unknown, unknown, unknown, ProcessExecution]) {
      this.execution = execution;
    }
  }
  const plain = { tasks: {}, TaskScope: {}, TaskRevealKind: {}, TaskPanelKind: {} };
  return { ...(await original<object>()), ...plain, ProcessExecution, Task };
});

const script = "file:///w/my%20scripts/it's%20one.py";
const path = Uri.parse(script).fsPath;

describe("pyproject.runScript", () => {
  let did: string[];

  /** A window with the script open, in which a save goes well or not. */
  const open = (state: { trusted?: boolean; dirty?: boolean; saves?: boolean; uv?: string } = {}): void => {
    const document = {
      uri: Uri.parse(script),
      isDirty: state.dirty ?? false,
      save: () => {
        did.push("save");
        return Promise.resolve(state.saves ?? true);
      },
    };
    Object.assign(workspace, {
      isTrusted: state.trusted ?? true,
      textDocuments: [document],
      getWorkspaceFolder: () => undefined,
      getConfiguration: () => ({ get: (_: string, otherwise: string) => state.uv ?? otherwise }),
    });
  };

  beforeEach(() => {
    did = [];
    Object.assign(tasks, {
      executeTask: ({ execution }: { readonly execution: { readonly line: string[]; readonly cwd: string } }) => {
        did.push(JSON.stringify([...execution.line, execution.cwd]));
        return Promise.resolve();
      },
    });
  });

  it("runs the script with uv in its folder, whatever characters its path has", async () => {
    open();
    await runScript({ uri: script });
    expect(did).toEqual([JSON.stringify(["uv", "run", "--script", path, dirname(path)])]);
  });

  it("runs what is seen: unsaved text is saved first, and nothing is run if that fails", async () => {
    open({ dirty: true });
    await runScript({ uri: script });
    expect(did).toEqual(["save", expect.stringContaining("--script")]);
    did.length = 0;
    open({ dirty: true, saves: false });
    await runScript({ uri: script });
    expect(did).toEqual(["save"]);
  });

  it("uses the uv of the setting", async () => {
    open({ uv: "/opt/uv" });
    await runScript({ uri: script });
    expect(did[0]).toContain('["/opt/uv","run"');
  });

  it("runs nothing in a folder that is not trusted, and nothing without a script", async () => {
    open({ trusted: false });
    await runScript({ uri: script });
    open();
    await runScript(undefined);
    await runScript({ uri: 3 });
    expect(did).toEqual([]);
  });
});
