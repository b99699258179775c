import { chmod, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { Disposable, l10n, workspace } from "vscode";
import type { App } from "../app";
import { posixShim, windowsShim } from "./shim";

const setting = "pyproject.terminal.intercept";

/** Put a `uv` of ours in front of the real one in new terminals, as long as the setting says so. */
export function terminalInterception(app: App): Disposable {
  const update = (): void => {
    void apply(app).catch((error: unknown) => {
      app.log.error(`terminal interception: ${String(error)}`);
    });
  };
  update();
  return Disposable.from(
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(setting)) {
        update();
      }
    }),
    workspace.onDidGrantWorkspaceTrust(update),
  );
}

async function apply({ context, server }: App): Promise<void> {
  const variables = context.environmentVariableCollection;
  const wanted = workspace.getConfiguration().get<boolean>(setting, false);
  if (!wanted || !workspace.isTrusted || server.command === undefined) {
    variables.clear();
    return;
  }
  const folder = join(context.globalStorageUri.fsPath, "bin");
  // For this user alone: whoever could write here would run what they like in our terminals.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const windows = process.platform === "win32";
  const shim = join(folder, windows ? "uv.cmd" : "uv");
  const text = windows ? windowsShim(folder, server.command) : posixShim(folder, server.command);
  await writeFile(shim, text, { mode: 0o700 });
  // A shim of an older version keeps its mode when it is written over.
  await Promise.all([folder, shim].map((path) => chmod(path, 0o700)));
  variables.description = l10n.t("uv waits its turn in the queue of pyproject");
  // A shell's start-up files put their folders in front of ours; shell integration puts ours in front again.
  variables.prepend("PATH", folder + delimiter, { applyAtProcessCreation: true, applyAtShellIntegration: true });
}
