import { env, l10n, version, window, workspace } from "vscode";
import type { App } from "../app";
import { run } from "./processes";

/** Put what a report of a fault needs on the clipboard: versions, settings, and what `pyproject-lsp doctor` found. */
export async function copyDebugInformation({ context, server }: App): Promise<void> {
  const { packageJSON } = context.extension as { packageJSON: { version: string } };
  const { command } = server;
  const doctor =
    command === undefined ? undefined : await run(command.command, [...command.args, "doctor"], command.env);
  const lines = [
    `pyproject extension ${packageJSON.version}, server ${server.version ?? "not running"}`,
    `VS Code ${version} (${env.appName}), ${process.platform} ${process.arch}, trusted: ${String(workspace.isTrusted)}`,
    `settings: ${JSON.stringify(workspace.getConfiguration("pyproject"))}`,
    "",
    doctor?.output ?? "",
  ];
  await env.clipboard.writeText(lines.join("\n"));
  void window.showInformationMessage(
    l10n.t("pyproject: debug information is on the clipboard. Read it before you share it."),
  );
}
