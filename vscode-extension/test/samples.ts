import type { Operation, ProjectStatus } from "../src/protocol";

export const now = Date.parse("2026-03-01T12:00:30Z");

export function operation(changes: Partial<Operation> = {}): Operation {
  return {
    id: "a1",
    kind: "add",
    title: "Add httpx to dependencies",
    state: "queued",
    position: 0,
    origin: { client: "Visual Studio Code", pid: 100 },
    blockedBy: null,
    createdAt: "2026-03-01T12:00:00Z",
    startedAt: null,
    finishedAt: null,
    attempts: 0,
    message: "",
    error: null,
    changes: [],
    lockChanges: [],
    can: [],
    ...changes,
  };
}

export function status(changes: Partial<ProjectStatus> = {}): ProjectStatus {
  return {
    project: "file:///w/demo",
    pid: 100,
    state: "idle",
    operations: [],
    environment: "in-sync",
    lock: "up-to-date",
    message: "",
    ...changes,
  };
}

export const sync = {
  lock: "environment",
  pid: 4711,
  command: "/usr/bin/uv sync",
  since: "2026-03-01T12:00:18Z",
  path: "/w/demo/.venv/.lock",
} as const;
