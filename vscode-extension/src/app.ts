import type { ExtensionContext, LogOutputChannel } from "vscode";
import type { Texts } from "./edits/texts";
import type { Call } from "./protocol";
import type { StatusStore } from "./status/store";
import type { Server } from "./server/server";

/** What commands and views are handed: the parts of the running extension, made once in `activate`. */
export interface App {
  readonly context: ExtensionContext;
  readonly log: LogOutputChannel;
  readonly store: StatusStore;
  readonly texts: Texts;
  /** What each open preview would do, by the URI of its text. */
  readonly previews: Map<string, Call>;
  readonly server: Server;
}
