import { l10n } from "vscode";
import type { Blocked, Operation } from "../protocol";
import { duration } from "./duration";

/** 'uv sync (12 s)': who holds what we wait for, as far as is known. */
export function holder(blocked: Blocked, now: number): string {
  return withFacts(blocked, [since(blocked, now)]);
}

/** The same with the number of the process, for those who look closer: 'uv sync (pid 4711, 12 s)'. */
export function holderWithPid(blocked: Blocked, now: number): string {
  const pid = blocked.pid === null ? "" : l10n.t("pid {0}", String(blocked.pid));
  return withFacts(blocked, [pid, since(blocked, now)]);
}

/** The command that holds what we wait for, else the lock that is held. */
export function holderName(blocked: Blocked): string {
  return blocked.command === null || blocked.command === "" ? lockWords(blocked) : shorten(blocked.command);
}

function withFacts(blocked: Blocked, facts: readonly string[]): string {
  const known = facts.filter((fact) => fact !== "");
  return known.length === 0 ? holderName(blocked) : `${holderName(blocked)} (${known.join(", ")})`;
}

function since(blocked: Blocked, now: number): string {
  const seconds = (now - Date.parse(blocked.since)) / 1000;
  return Number.isFinite(seconds) ? duration(seconds) : "";
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
