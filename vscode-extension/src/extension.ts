import { Disposable, type ExtensionContext, window, workspace } from "vscode";
import type { App } from "./app";
import { registerCommands } from "./commands";
import { Texts } from "./edits/texts";
import { queueView } from "./queue/view";
import { scriptRunning } from "./runScript";
import { Server } from "./server/server";
import { notifyFailures } from "./status/notify";
import { StatusStore } from "./status/store";
import { statusViews } from "./status/views";
import { terminalInterception } from "./terminal/intercept";

let running: Server | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const log = window.createOutputChannel("pyproject", { log: true });
  const parts = { context, log, store: new StatusStore(), texts: new Texts() };
  const app: App = { ...parts, server: new Server(parts) };
  running = app.server;
  context.subscriptions.push(
    log,
    app.store,
    app.texts,
    workspace.registerTextDocumentContentProvider(Texts.scheme, app.texts),
    registerCommands(app),
    scriptRunning(),
    queueView(app),
    statusViews(app),
    notifyFailures(app),
    restartOnNeed(app),
  );
  await app.server.start();
  context.subscriptions.push(terminalInterception(app));
}

export async function deactivate(): Promise<void> {
  await running?.stop();
}

/** `trusted` and the command line are told at the start of a server: another answer needs another server. */
function restartOnNeed({ server, log }: App): Disposable {
  const restart = (): void => {
    void server.restart().catch((error: unknown) => {
      log.error(`restart: ${String(error)}`);
    });
  };
  return Disposable.from(
    workspace.onDidGrantWorkspaceTrust(restart),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("pyproject.server")) {
        restart();
      } else if (change.affectsConfiguration("pyproject")) {
        void server.tellSettings();
      }
    }),
  );
}
