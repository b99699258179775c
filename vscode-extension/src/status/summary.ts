import { l10n } from "vscode";
import { isFinished, type ProjectStatus } from "../protocol";
import { describeProject } from "../project";
import { titleOf } from "./blocked";
import { stepWords, type StatusText, statusText } from "./text";

interface Summary {
  readonly text: StatusText;
  /** The server's own line with its version. */
  readonly detail: string;
  readonly tooltip: string;
}

/** What the status items say of a project, and what a longer look at them tells. */
export function summary(status: ProjectStatus, serverVersion: string | undefined, now: number): Summary {
  const text = statusText(status, describeProject(status.project), now);
  const server = `pyproject-lsp ${serverVersion ?? ""}`.trim();
  const detail = [server, status.message].filter((part) => part !== "").join(" · ");
  const running = status.operations
    .filter((operation) => !isFinished(operation))
    .map((operation) => `${titleOf(operation)}: ${stepWords(operation)}`);
  const tooltip = [text.text, detail, ...running, l10n.t("Click to open the queue.")].join("\n");
  return { text, detail, tooltip };
}
