import { join } from "node:path";
import { type ExtensionContext, l10n, type LogOutputChannel, ProgressLocation, window, workspace } from "vscode";
import { existing, make, type Site } from "./environment";
import type { CommandLine } from "./install";
import { run } from "./processes";
import { findMaker } from "./tools";

/**
 * Isolated mode: a module of the opened folder must never stand in for one of the server's, least of all in a folder
 * that is not trusted. UTF-8 mode: Windows would read and write in its own code page.
 */
const serverArguments = ["-I", "-X", "utf8", "-m", "lsp_server"];

/**
 * The command line that starts `pyproject-lsp`: the one of the setting, else the server that the extension brings,
 * whose environment is made if this is the first start. Undefined after a message that says what is missing.
 */
export async function serverCommand(
  context: ExtensionContext,
  log: LogOutputChannel,
): Promise<CommandLine | undefined> {
  const settings = workspace.getConfiguration("pyproject");
  const [command, ...args] = settings.get<string[]>("server.command", []);
  if (command !== undefined) {
    return { command, args };
  }
  const site: Site = {
    storage: context.globalStorageUri.fsPath,
    wheels: join(context.extensionPath, "wheels"),
    interpreter: settings.get("server.interpreter", ""),
  };
  const python = (await existing(site)) ?? (await firstStart(site, settings.get("uv.path", ""), log));
  return python === undefined ? undefined : { command: python, args: serverArguments };
}

async function firstStart(site: Site, uvPath: string, log: LogOutputChannel): Promise<string | undefined> {
  const maker = await findMaker(run, uvPath, site.interpreter);
  if (maker === undefined) {
    complain(neither(site.interpreter), log);
    return undefined;
  }
  log.info(`first start: an environment is made with ${maker.kind === "uv" ? maker.uv : maker.python.join(" ")}`);
  const options = { location: ProgressLocation.Notification, title: l10n.t("pyproject: first start") };
  const made = await window.withProgress(options, (progress) =>
    make(site, maker, run, (message) => {
      progress.report({ message });
    }),
  );
  if (made.kind === "failed") {
    log.error(`${made.step} failed:\n${made.output}`);
    complain(l10n.t("pyproject: {0} failed. Open the log for the tool's output.", made.step), log);
    return undefined;
  }
  return made.python;
}

function neither(interpreter: string): string {
  return interpreter === ""
    ? l10n.t(
        "pyproject needs uv or Python 3.11 or newer on this machine, and found neither. Install uv, then run 'pyproject: Restart Server'.",
      )
    : l10n.t(
        "pyproject: {0} is no Python 3.11 or newer. Change the setting pyproject.server.interpreter.",
        interpreter,
      );
}

function complain(message: string, log: LogOutputChannel): void {
  const open = l10n.t("Open Log");
  void window.showErrorMessage(message, open).then((answer) => {
    if (answer === open) {
      log.show();
    }
  });
}
