import { commands, Disposable } from "vscode";
import { askAdd } from "./actions/add";
import { askBump } from "./actions/bump";
import { askMove, askRemove, askUpgrade, upgradeAll } from "./actions/dependencies";
import { askNewer } from "./actions/newer";
import { applyPreview, previewChange } from "./actions/preview";
import { runCall } from "./actions/run";
import { about, findTarget, type Target } from "./actions/target";
import { askUndo } from "./actions/undo";
import type { App } from "./app";
import { saveWaiting } from "./edits/saveWaiting";
import type { Call } from "./protocol";
import { act, operationId, projectUri } from "./queue/actions";
import { showOutput } from "./queue/output";
import { copyDebugInformation } from "./server/debug";

type Command = (app: App, argument: unknown) => Promise<void>;

/**
 * Every command of package.json and what it does. The server's own (`pyproject.add` and so on, docs/protocol.md) are
 * registered by the language client, for code actions and lenses; these here ask a person first.
 */
export const table: Readonly<Record<string, Command>> = {
  // Edits of a manifest
  "pyproject.addDependency": asking((app, target) => askAdd(app, target)),
  "pyproject.removeDependency": asking((_, target) => askRemove(target)),
  "pyproject.upgradeDependency": asking((_, target) => askUpgrade(target)),
  "pyproject.upgradeAll": asking((_, target) => upgradeAll(target)),
  "pyproject.checkNewer": asking(askNewer),
  "pyproject.moveDependency": asking((_, target) => askMove(target)),
  "pyproject.bump": asking((app, { uri }) => askBump(app, uri)),
  "pyproject.previewChange": onTarget(previewChange),
  "pyproject.preview.apply": applyPreview,
  // Lock file and environment
  "pyproject.lockProject": asking((_, target) => ({ command: "pyproject.lock", argument: about(target) })),
  "pyproject.syncEnvironment": asking((_, { uri }) => ({
    command: "pyproject.sync",
    argument: { uri: uri.toString() },
  })),
  "pyproject.undoLast": asking(askUndo),
  // The queue view
  "pyproject.showQueue": async () => {
    await commands.executeCommand("pyproject.queue.focus");
  },
  "pyproject.queue.cancel": (app, argument) => act(app, "cancel", operationId(argument)),
  "pyproject.queue.retry": (app, argument) => act(app, "retry", operationId(argument)),
  "pyproject.queue.undo": (app, argument) => act(app, "undo", operationId(argument)),
  "pyproject.queue.save": (app, argument) => saveWaiting(app, projectUri(app, operationId(argument) ?? "")),
  "pyproject.queue.clearFinished": (app) => {
    app.store.clearFinished();
    return Promise.resolve();
  },
  "pyproject.saveWaiting": (app) => saveWaiting(app),
  "pyproject.dismissFailure": (app) => {
    for (const { project } of app.store.projects) {
      app.store.dismiss(project);
    }
    return Promise.resolve();
  },
  "pyproject.queue.showOutput": (app, argument) => showOutput(app, operationId(argument) ?? ""),
  // The server
  "pyproject.copyDebugInformation": copyDebugInformation,
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

function onTarget(run: (app: App, target: Target) => Promise<void>): Command {
  return async (app, argument) => {
    const target = await findTarget(app, argument);
    if (target !== undefined) {
      await run(app, target);
    }
  };
}

function asking(ask: (app: App, target: Target) => Promise<Call | undefined> | Call): Command {
  return onTarget(async (app, target) => runCall(app, await ask(app, target)));
}
