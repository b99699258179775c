import { commands, Disposable, type Uri } from "vscode";
import { askAdd } from "./actions/add";
import { askBump } from "./actions/bump";
import { askMove, askRemove, askUpgrade, upgradeAll } from "./actions/dependencies";
import { previewChange } from "./actions/preview";
import { runCall } from "./actions/run";
import { targetManifest } from "./actions/target";
import type { App } from "./app";
import type { Call } from "./protocol";
import { act, operationId } from "./queue/actions";
import { showOutput } from "./queue/output";

type Command = (app: App, argument: unknown) => Promise<void>;

/**
 * Every command of package.json and what it does. The server's own (`pyproject.add` and so on, docs/protocol.md) are
 * registered by the language client, for code actions and lenses; these here ask a person first.
 */
export const table: Readonly<Record<string, Command>> = {
  // Edits of a manifest
  "pyproject.addDependency": asking((app, uri) => askAdd(app, uri)),
  "pyproject.removeDependency": asking((_, uri) => askRemove(uri)),
  "pyproject.upgradeDependency": asking((_, uri) => askUpgrade(uri)),
  "pyproject.upgradeAll": asking((_, uri) => upgradeAll(uri)),
  "pyproject.moveDependency": asking((_, uri) => askMove(uri)),
  "pyproject.bump": asking((app, uri) => askBump(app, uri)),
  "pyproject.previewChange": onManifest(previewChange),
  // Lock file and environment
  "pyproject.lockProject": asking((_, uri) => plain("pyproject.lock", uri)),
  "pyproject.syncEnvironment": asking((_, uri) => plain("pyproject.sync", uri)),
  "pyproject.undoLast": asking((_, uri) => plain("pyproject.undo", uri)),
  // The queue view
  "pyproject.showQueue": async () => {
    await commands.executeCommand("pyproject.queue.focus");
  },
  "pyproject.queue.cancel": (app, argument) => act(app, "cancel", operationId(argument)),
  "pyproject.queue.retry": (app, argument) => act(app, "retry", operationId(argument)),
  "pyproject.queue.undo": (app, argument) => act(app, "undo", operationId(argument)),
  "pyproject.queue.showOutput": (app, argument) => showOutput(app, operationId(argument) ?? ""),
  // The server
  "pyproject.restartServer": (app) => app.server.restart(),
  "pyproject.openLog": (app) => {
    app.log.show();
    return Promise.resolve();
  },
};

/** Register all of the table; a command that throws has said so in the log. */
export function registerCommands(app: App): Disposable {
  const registered = Object.entries(table).map(([id, run]) =>
    commands.registerCommand(id, async (argument: unknown) => {
      try {
        await run(app, argument);
      } catch (error) {
        app.log.error(`${id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        throw error;
      }
    }),
  );
  return Disposable.from(...registered);
}

function onManifest(run: (app: App, uri: Uri) => Promise<void>): Command {
  return async (app, argument) => {
    const uri = await targetManifest(app, argument);
    if (uri !== undefined) {
      await run(app, uri);
    }
  };
}

function asking(ask: (app: App, uri: Uri) => Promise<Call | undefined> | Call): Command {
  return onManifest(async (app, uri) => runCall(app, await ask(app, uri)));
}

function plain(command: Call["command"], uri: Uri): Call {
  return { command, argument: { uri: uri.toString() } };
}
