import { equal, match, notEqual } from "node:assert/strict";
import { type Terminal, type TerminalShellIntegration, window, workspace } from "vscode";
import type { Cases } from "./index";
import { manifestIn, next, onDisk, shown, status, until } from "./scene";

/** `uv` in the integrated terminal, seen through the shell integration: what it said, and its exit code. */
export const terminal: Cases = {
  "a uv in the terminal ends as the real one, and its turn stands in the queue": async () => {
    const uri = manifestIn(0);
    const document = await shown(uri);
    const opened = window.createTerminal({ name: "uv", cwd: workspace.workspaceFolders?.[0]?.uri ?? "." });
    const shell = await integrated(opened);

    const added = await typed(shell, "uv add zeta");
    equal(added.code, 0);
    match(added.said, /zeta==1\.0|Resolved/);
    equal(onDisk(uri).includes('"zeta'), true);
    await until("the text in the editor", () => document.getText() === onDisk(uri));
    equal(document.isDirty, false);
    const turn = (await status(uri)).operations.find(({ kind }) => kind === "exec");
    equal(turn?.state, "done");

    const refused = await typed(shell, "uv add kappa");
    notEqual(refused.code, 0);
    match(refused.said, /kappa/);
    equal((await typed(shell, "uv nonsense")).code, 2);
    opened.dispose();
  },
};

async function integrated(opened: Terminal): Promise<TerminalShellIntegration> {
  const came = next("shell integration", window.onDidChangeTerminalShellIntegration, (e) => e.terminal === opened);
  return opened.shellIntegration ?? (await came).shellIntegration;
}

async function typed(
  shell: TerminalShellIntegration,
  line: string,
): Promise<{ readonly code: number | undefined; readonly said: string }> {
  const execution = shell.executeCommand(line);
  const ended = next(`the end of '${line}'`, window.onDidEndTerminalShellExecution, (e) => e.execution === execution);
  let said = "";
  for await (const part of execution.read()) {
    said += part;
  }
  return { code: (await ended).exitCode, said };
}
