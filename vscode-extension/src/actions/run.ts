import { l10n, window } from "vscode";
import type { App } from "../app";
import type { Call } from "../protocol";

/**
 * Queue what a person asked for. Success shows in the status bar, not here; a refused argument is said at once, with
 * the server's own words, since no operation was made that could tell it.
 */
export async function runCall(app: App, call: Call | undefined): Promise<void> {
  if (call === undefined) {
    return;
  }
  try {
    await app.server.execute(call);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    app.log.error(`${call.command} ${JSON.stringify(call.argument)}: ${reason}`);
    void window.showErrorMessage(l10n.t("pyproject: {0}", reason));
  }
}
