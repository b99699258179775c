import {
  CancellationTokenSource,
  commands,
  l10n,
  type LogOutputChannel,
  window,
  workspace,
  type WorkspaceEdit,
} from "vscode";
import {
  CloseAction,
  ErrorAction,
  type LanguageClient,
  type LanguageClientOptions,
  State,
} from "vscode-languageclient/node";
import type { App } from "../app";
import type { Call, ProjectStatus } from "../protocol";
import { makeClient } from "./client";
import { crashPolicy, type Policy } from "./crashes";
import type { CommandLine } from "./install";
import { serverCommand } from "./launch";
import { serverSettings } from "./settings";

/** For what nobody takes back: an undefined token would be sent as one more parameter. */
const never = new CancellationTokenSource().token;

/** The one server of this window: started, restarted and asked here, and nowhere else. */
export class Server {
  #client: LanguageClient | undefined;
  #command: CommandLine | undefined;
  /** The start or restart under way; never rejects, so that the next can follow. */
  #changing: Promise<void> = Promise.resolve();
  #restarting: Promise<void> | undefined;
  readonly #app: Omit<App, "server">;

  constructor(app: Omit<App, "server">) {
    this.#app = app;
  }

  /** How `pyproject-lsp` is started here, for the terminal; undefined until it was. */
  get command(): CommandLine | undefined {
    return this.#command;
  }

  /** The version that the running server says it has. */
  get version(): string | undefined {
    return this.#client?.initializeResult?.serverInfo?.version;
  }

  start(): Promise<void> {
    this.#changing = this.#changing.then(() => this.#start());
    return this.#changing;
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await commands.executeCommand("setContext", "pyproject.running", false);
    this.#app.store.clear();
    await client?.dispose(2000).catch((error: unknown) => {
      this.#app.log.warn(`the server did not stop by itself: ${String(error)}`);
    });
  }

  /** Restart; called again before it has begun, it is one restart: trust and the settings it frees change together. */
  restart(): Promise<void> {
    this.#restarting ??= this.#changing.then(async () => {
      this.#restarting = undefined;
      await this.stop();
      await this.#start();
    });
    this.#changing = this.#restarting;
    return this.#restarting;
  }

  /** Ask the server for a command of docs/protocol.md. Rejects with its message when it refuses the argument. */
  async execute(call: Call, token = never): Promise<unknown> {
    if (this.#client === undefined) {
      throw new Error(l10n.t("the server is not running"));
    }
    const { command, argument } = call;
    const params = { command, arguments: [argument] };
    return this.#client.sendRequest("workspace/executeCommand", params, token);
  }

  /** Whether the running server knows a command: an older one of a setting may lack the newest. */
  offers(command: string): boolean {
    const known = this.#client?.initializeResult?.capabilities.executeCommandProvider?.commands ?? [];
    return known.includes(command);
  }

  /** Tell the settings anew; a server that pulls them asks again. */
  async tellSettings(): Promise<void> {
    await this.#client?.sendNotification("workspace/didChangeConfiguration", {
      settings: { pyproject: serverSettings() },
    });
  }

  /** An edit of the server, in the editor's own types. */
  async toEdit(edit: unknown): Promise<WorkspaceEdit | undefined> {
    return this.#client?.protocol2CodeConverter.asWorkspaceEdit(edit as never);
  }

  async #start(): Promise<void> {
    const { context, log } = this.#app;
    try {
      this.#command = await serverCommand(context, log);
      if (this.#command === undefined) {
        return;
      }
      const afterCrash = crashPolicy();
      while (!(await this.#run(this.#command, afterCrash))) {
        if (afterCrash(Date.now()) === "give-up") {
          void this.#down(l10n.t("pyproject: the server did not start."));
          return;
        }
        log.warn("the server did not start; it is tried once more");
      }
      await commands.executeCommand("setContext", "pyproject.running", true);
    } catch (error) {
      log.error(error instanceof Error ? error : String(error));
      // Not awaited: the message may stand for hours, and the restart that it offers must be able to begin.
      void this.#down(l10n.t("pyproject: the server did not start."));
    }
  }

  /** Run a server for as long as the window needs it; false if it does not answer. */
  async #run(command: CommandLine, afterCrash: Policy): Promise<boolean> {
    const { log } = this.#app;
    log.info(`starting ${[command.command, ...command.args].join(" ")}`);
    let hasStarted = false;
    const crashes = this.#crashes(afterCrash, () => hasStarted);
    const client = makeClient(this.#app, command, crashes);
    // Also after the restart that follows a crash.
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Running) {
        void this.#learnProjects();
      }
    });
    this.#client = client;
    try {
      await client.start();
      hasStarted = true;
    } catch (error) {
      log.error(error instanceof Error ? error : String(error));
      this.#client = undefined;
    }
    return hasStarted;
  }

  /** Ask for the status of the projects that the window opens with: the server tells only what was asked or opened. */
  async #learnProjects(): Promise<void> {
    const found = await workspace.findFiles("**/pyproject.toml", "**/{.venv,node_modules,site-packages}/**", 20);
    for (const uri of found) {
      const call = { command: "pyproject.status", argument: { uri: uri.toString() } } as const;
      try {
        this.#app.store.set((await this.execute(call)) as ProjectStatus);
      } catch (error) {
        this.#app.log.info(`no project at ${uri.fsPath}: ${String(error)}`);
      }
    }
  }

  #crashes(afterCrash: Policy, hasStarted: () => boolean): NonNullable<LanguageClientOptions["errorHandler"]> {
    return {
      error: () => ({ action: ErrorAction.Continue }),
      closed: () => {
        this.#app.store.clear();
        if (!hasStarted()) {
          // The start itself fails then, and `#start` decides what follows.
          return { action: CloseAction.DoNotRestart, handled: true };
        }
        if (afterCrash(Date.now()) === "restart") {
          this.#app.log.warn("the server ended unexpectedly; it is started again once");
          return { action: CloseAction.Restart, handled: true };
        }
        void this.#down(l10n.t("pyproject: the server crashed twice and is not started again."));
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    };
  }

  async #down(message: string): Promise<void> {
    await commands.executeCommand("setContext", "pyproject.running", false);
    await offerRestart(message, this.#app.log);
  }
}

async function offerRestart(message: string, log: LogOutputChannel): Promise<void> {
  const [show, restart] = [l10n.t("Open Log"), l10n.t("Restart Server")];
  const answer = await window.showErrorMessage(message, show, restart);
  if (answer === show) {
    log.show();
  } else if (answer === restart) {
    await commands.executeCommand("pyproject.restartServer");
  }
}
