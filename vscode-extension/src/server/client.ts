import { workspace } from "vscode";
import {
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
  type StaticFeature,
} from "vscode-languageclient/node";
import type { App } from "../app";
import { saveDocument } from "../edits/save";
import { showRestored } from "../edits/restored";
import { type ProjectStatus, type Restored, restoredNotification, saveRequest, statusNotification } from "../protocol";
import type { CommandLine } from "./install";
import { serverSettings, withoutOurs } from "./settings";

/**
 * What we announce beyond LSP: that we save for the server, run scripts, and show failures and restored texts ourselves;
 * and that no opened folder sets what is the user's alone (the scope of `sync.onSave` and trust see to that).
 */
const extras: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    const announced = capabilities.experimental as Record<string, unknown> | undefined;
    const shown = { pyprojectRestored: true, pyprojectFailures: true, pyprojectUserSettings: true };
    capabilities.experimental = { ...announced, ...shown, pyprojectSave: true, pyprojectRun: true };
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};

/** A language client that tells its troubles to the log: what a person must know of them we say ourselves, and once. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** A client for one run of the server, not yet started. `errorHandler` decides what follows a crash. */
export function makeClient(
  app: Omit<App, "server">,
  { command, args, env }: CommandLine,
  errorHandler: NonNullable<LanguageClientOptions["errorHandler"]>,
): LanguageClient {
  const options = { env: { ...process.env, ...env } };
  const server: ServerOptions = { command, args: [...args], options };
  const client = new QuietClient("pyproject", "pyproject", server, { ...clientOptions(app), errorHandler });
  client.registerFeature(extras);
  client.onNotification(statusNotification, (status: ProjectStatus) => {
    app.store.set(status);
  });
  client.onNotification(restoredNotification, (restored: Restored) => showRestored(app, restored));
  client.onRequest(saveRequest, ({ uri }: { uri: string }) => saveDocument(uri));
  return client;
}

function clientOptions(app: Omit<App, "server">): LanguageClientOptions {
  return {
    // Only real files: the left side of a diff (scheme git) is no document of a project.
    documentSelector: [
      { scheme: "file", pattern: "**/pyproject.toml" },
      { scheme: "file", language: "python" },
    ],
    initializationOptions: { ...serverSettings(), trusted: workspace.isTrusted },
    outputChannel: app.log,
    // Else the client shows its own message, beside ours.
    initializationFailedHandler: () => false,
    middleware: {
      // Our own items show the same and more; a second line in the status bar would only be noise.
      handleWorkDoneProgress: () => undefined,
      workspace: {
        configuration: async (params, token, next) => {
          const sections = await next(params, token);
          return Array.isArray(sections) ? sections.map(withoutOurs) : sections;
        },
      },
    },
  };
}
