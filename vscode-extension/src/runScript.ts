import { basename, dirname } from "node:path";
import {
  commands,
  type Disposable,
  ProcessExecution,
  Task,
  TaskPanelKind,
  TaskRevealKind,
  tasks,
  TaskScope,
  Uri,
  workspace,
} from "vscode";

/** The command of the server's lenses and actions on a script's block; `{"uri"}` names the script (docs/protocol.md). */
const runScriptCommand = "pyproject.runScript";

/** Register the command that the server was told of by `experimental.pyprojectRun`. */
export function scriptRunning(): Disposable {
  return commands.registerCommand(runScriptCommand, runScript);
}

/**
 * Run a script with uv, as it stands in the editor, in a terminal that stays open with what it said.
 *
 * A task with the program and its arguments, not a line typed into a shell: no shell has to be told how a path with
 * spaces or quotes is written. Nothing is run in a folder that is not trusted, whoever asks for it.
 */
export async function runScript(argument: unknown): Promise<void> {
  const uri = scriptUri(argument);
  if (uri === undefined || !workspace.isTrusted) {
    return;
  }
  const document = workspace.textDocuments.find((open) => open.uri.toString() === uri.toString());
  if (document?.isDirty === true && !(await document.save())) {
    return;
  }
  await tasks.executeTask(runTask(uri));
}

function runTask(uri: Uri): Task {
  const path = uri.fsPath;
  const chosen = workspace.getConfiguration("pyproject").get<string>("uv.path", "");
  const execution = new ProcessExecution(chosen === "" ? "uv" : chosen, ["run", "--script", path], {
    cwd: dirname(path),
  });
  const scope = workspace.getWorkspaceFolder(uri) ?? TaskScope.Workspace;
  const task = new Task({ type: "process", script: path }, scope, basename(path), "uv", execution);
  task.presentationOptions = { reveal: TaskRevealKind.Always, panel: TaskPanelKind.Dedicated, clear: true };
  return task;
}

function scriptUri(argument: unknown): Uri | undefined {
  const uri = typeof argument === "object" && argument !== null && "uri" in argument ? argument.uri : undefined;
  return typeof uri === "string" ? Uri.parse(uri) : undefined;
}
