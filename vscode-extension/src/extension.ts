import { commands, Disposable, type ExtensionContext, type TextDocument, window, workspace } from "vscode";
import type { App } from "./app";
import { registerCommands } from "./commands";
import { Texts } from "./edits/texts";
import type { Call } from "./protocol";
import { queueView } from "./queue/view";
import { scriptRunning } from "./runScript";
import { Server } from "./server/server";
import { notifyFailures } from "./status/notify";
import { StatusStore } from "./status/store";
import { statusViews } from "./status/views";
import { terminalInterception } from "./terminal/intercept";

let running: Server | undefined;

/** Make the parts and register them; the server starts as soon as there is something for it. */
export async function activate(context: ExtensionContext): Promise<void> {
  const log = window.createOutputChannel("pyproject", { log: true });
  const parts = { context, log, store: new StatusStore(), texts: new Texts(), previews: new Map<string, Call>() };
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
  // Not awaited without need: a command that a person calls meanwhile would wait for the activation.
  if (await isWanted()) {
    await start(app);
  } else {
    void whenWanted(context)
      .then(() => start(app))
      .catch((error: unknown) => {
        log.error(`start: ${String(error)}`);
      });
  }
}

async function start(app: App): Promise<void> {
  await commands.executeCommand("setContext", "pyproject.wanted", true);
  await app.server.start();
  app.context.subscriptions.push(terminalInterception(app));
}

/**
 * Whether there is something for the server: a pyproject.toml in the window, however deep, or an open Python file.
 * VS Code activates the extension for every TOML file, since it brings the language's settings.
 */
async function isWanted(): Promise<boolean> {
  const found = await workspace.findFiles("**/pyproject.toml", "**/{.venv,node_modules,site-packages}/**", 1);
  return found.length > 0 || workspace.textDocuments.some(isOurs);
}

/** Wait until a manifest is made or one of our documents is opened. */
async function whenWanted(context: ExtensionContext): Promise<void> {
  await new Promise<void>((resolve) => {
    const watcher = workspace.createFileSystemWatcher("**/pyproject.toml", false, true, true);
    context.subscriptions.push(
      watcher,
      watcher.onDidCreate(() => {
        resolve();
      }),
      workspace.onDidOpenTextDocument((document) => {
        if (isOurs(document)) {
          resolve();
        }
      }),
    );
  });
}

function isOurs({ languageId, uri }: TextDocument): boolean {
  return uri.scheme === "file" && (languageId === "python" || uri.path.endsWith("/pyproject.toml"));
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
