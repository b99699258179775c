import type { ExtensionContext, LogOutputChannel } from "vscode";
import type { Texts } from "./edits/texts";
import type { StatusStore } from "./status/store";
import type { Server } from "./server/server";

/** What commands and views are handed: the parts of the running extension, made once in `activate`. */
export interface App {
  readonly context: ExtensionContext;
  readonly log: LogOutputChannel;
  readonly store: StatusStore;
  readonly texts: Texts;
  readonly server: Server;
}
