import { l10n } from "vscode";
import type { Blocked, Operation } from "../protocol";
import { duration } from "./duration";

/** 'uv sync (pid 4711, 12 s)': who holds what we wait for, as far as is known. */
export function holder(blocked: Blocked, now: number): string {
  const who = blocked.command === null || blocked.command === "" ? lockWords(blocked) : shorten(blocked.command);
  const seconds = (now - Date.parse(blocked.since)) / 1000;
  const since = Number.isFinite(seconds) ? duration(seconds) : "";
  if (blocked.pid === null) {
    return since === "" ? who : `${who} (${since})`;
  }
  const pid = l10n.t("pid {0}", String(blocked.pid));
  return `${who} (${[pid, since].filter((part) => part !== "").join(", ")})`;
}

/** What an operation is called: our own by their title, a command of a terminal as it was typed. */
export function titleOf(operation: Operation): string {
  return /^([A-Za-z]:)?[\\/]/.test(operation.title) ? shorten(operation.title) : operation.title;
}

export function lockWords(blocked: Blocked): string {
  switch (blocked.lock) {
    case "manifest":
      return l10n.t("the queue of this project");
    case "project":
      return l10n.t("uv's project lock");
    case "environment":
      return l10n.t("uv's environment lock");
    case "process":
      return l10n.t("a running uv");
  }
}

/** A command line as a person types it: the program without its folder, and not longer than a status bar bears. */
export function shorten(command: string): string {
  const [program = "", ...rest] = command.split(" ");
  const name = program.replace(/^.*[\\/]/, "").replace(/\.exe$/i, "");
  const words = [name, ...rest].join(" ");
  return words.length <= 40 ? words : `${words.slice(0, 39)}…`;
}
