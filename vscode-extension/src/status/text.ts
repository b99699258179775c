import { l10n } from "vscode";
import { isFinished, type Operation, type ProjectStatus } from "../protocol";
import { holder, titleOf } from "./blocked";
import { fileName } from "./store";

/** What a status item shows; the same for the bar and for the language status. */
export interface StatusText {
  readonly icon: string;
  readonly text: string;
  readonly severity: "none" | "warning" | "error";
  readonly busy: boolean;
  /** Whether `text` grows older with each second. */
  readonly ticking: boolean;
}

/**
 * One line for a project: quiet when idle, on whom it waits when blocked, the step when busy.
 * `failure` is the failed operation that is still news, if there is one.
 */
export function statusText(status: ProjectStatus, label: string, now: number, failure?: Operation): StatusText {
  const running = status.operations.filter((operation) => !isFinished(operation));
  const unsaved = running.find((operation) => operation.state === "needsSave");
  const blocked = running.find((operation) => operation.blockedBy !== null);
  if (status.state === "blocked" && blocked?.blockedBy) {
    const text = waiting(running.length, holder(blocked.blockedBy, now));
    return { icon: "clock", text, severity: "none", busy: true, ticking: true };
  }
  if (unsaved !== undefined && running.every((operation) => operation.state === "needsSave")) {
    const text = l10n.t("Save {0} to finish '{1}'", fileName(status.project), titleOf(unsaved));
    return { icon: "save", text, severity: "warning", busy: false, ticking: false };
  }
  if (failure !== undefined && running.length === 0) {
    const text = brief(`${titleOf(failure)}: ${failure.error?.message ?? failure.message}`);
    return { icon: "error", text, severity: "error", busy: false, ticking: false };
  }
  if (status.state === "busy" || running.length > 0) {
    return { icon: "sync~spin", text: step(running, status), severity: "none", busy: true, ticking: false };
  }
  return { icon: "package", text: quiet(status, label), severity: "none", busy: false, ticking: false };
}

/** A status bar is shared with others: the first line, and of it what a glance takes in. */
function brief(message: string): string {
  const [line = ""] = message.split("\n");
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`;
}

/** 'uv.lock is stale': the state of the two things that follow from the manifest. */
export function lockWords(status: ProjectStatus): string {
  switch (status.lock) {
    case "up-to-date":
      return environmentWords(status) ?? l10n.t("locked");
    case "stale":
      return l10n.t("uv.lock is stale");
    case "missing":
      return l10n.t("no uv.lock");
    case "unknown":
      return environmentWords(status) ?? "";
  }
}

function environmentWords(status: ProjectStatus): string | undefined {
  switch (status.environment) {
    case "stale":
      return l10n.t("not synced");
    case "missing":
      return l10n.t("no environment");
    case "syncing":
      return l10n.t("syncing");
    case "in-sync":
    case "unknown":
      return undefined;
  }
}

function quiet(status: ProjectStatus, label: string): string {
  return [label, lockWords(status)].filter((part) => part !== "").join(" · ");
}

function waiting(count: number, who: string): string {
  return count === 1 ? l10n.t("1 edit waiting for {0}", who) : l10n.t("{0} edits waiting for {1}", count, who);
}

function step(running: readonly Operation[], status: ProjectStatus): string {
  const current = running.find((operation) => operation.state !== "queued") ?? running[0];
  if (current === undefined) {
    return status.message;
  }
  const more = running.length > 1 ? ` (+${running.length - 1})` : "";
  return `${titleOf(current)}: ${stepWords(current)}${more}`;
}

/** The step an operation is at, as a word. */
export function stepWords(operation: Operation): string {
  switch (operation.state) {
    case "queued":
      return l10n.t("queued");
    case "planning":
      return l10n.t("planning");
    case "waiting":
      return l10n.t("waiting");
    case "needsSave":
      return l10n.t("waits for your save");
    case "committing":
      return l10n.t("writing");
    case "syncing":
      return l10n.t("syncing");
    case "done":
      return l10n.t("done");
    case "failed":
      return l10n.t("failed");
    case "cancelled":
      return l10n.t("cancelled");
  }
}
