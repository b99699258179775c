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
  await mkdir(folder, { recursive: true });
  if (process.platform === "win32") {
    await writeFile(join(folder, "uv.cmd"), windowsShim(folder, server.command));
  } else {
    const shim = join(folder, "uv");
    await writeFile(shim, posixShim(folder, server.command));
    await chmod(shim, 0o755);
  }
  variables.description = l10n.t("uv waits its turn in the queue of pyproject");
  // A shell's start-up files put their folders in front of ours; shell integration puts ours in front again.
  variables.prepend("PATH", folder + delimiter, { applyAtProcessCreation: true, applyAtShellIntegration: true });
}
