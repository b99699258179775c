import { l10n } from "vscode";
import type { App } from "../app";
import { describeProject } from "../project";
import { isFinished, type Operation, type ProjectStatus } from "../protocol";
import { holderWithPid, titleOf } from "./blocked";
import { stepWords, type StatusText, statusText } from "./text";

interface Summary {
  readonly text: StatusText;
  /** The server's own line with its version. */
  readonly detail: string;
  readonly tooltip: string;
}

/** What the status items say of a project, and what a longer look at them tells. */
export function summary(app: App, status: ProjectStatus, now: number): Summary {
  const text = statusText(status, describeProject(status.project), now, app.store.failure(status));
  const server = `pyproject-lsp ${app.server.version ?? ""}`.trim();
  const detail = [server, status.message].filter((part) => part !== "").join(" · ");
  const running = status.operations
    .filter((operation) => !isFinished(operation))
    .map((operation) => `${titleOf(operation)}: ${longStep(operation, now)}`);
  const tooltip = [text.text, detail, ...running, action(text)].join("\n");
  return { text, detail, tooltip };
}

function longStep(operation: Operation, now: number): string {
  const { blockedBy } = operation;
  return blockedBy === null ? stepWords(operation) : l10n.t("waiting for {0}", holderWithPid(blockedBy, now));
}

function action({ icon }: StatusText): string {
  return icon === "save" ? l10n.t("Click to save.") : l10n.t("Click to open the queue.");
}
