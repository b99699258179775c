/**
 * What the server adds to LSP, as docs/protocol.md has it. Mirrors lsp_server/protocol.py; both sides are tested
 * against tests/contract/*.json.
 */

export const states = [
  "queued",
  "planning",
  "waiting",
  "needsSave",
  "committing",
  "syncing",
  "done",
  "failed",
  "cancelled",
] as const;
type OperationState = (typeof states)[number];

type LockName = "manifest" | "project" | "environment" | "process";

export interface Blocked {
  readonly lock: LockName;
  readonly pid: number | null;
  readonly command: string | null;
  readonly since: string;
  readonly path: string;
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
}

export type Request = "cancel" | "retry" | "undo";

export interface Operation {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly state: OperationState;
  readonly position: number;
  readonly origin: { readonly client: string; readonly pid: number };
  readonly blockedBy: Blocked | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly attempts: number;
  readonly message: string;
  readonly error: Failure | null;
  /** The statements that it changed in manifests, from its commit on. */
  readonly changes: readonly Change[];
  readonly lockChanges: readonly LockChange[];
  /** What may be asked of it now; the server decides. */
  readonly can: readonly Request[];
}

export interface ProjectStatus {
  readonly project: string;
  /** The server that says it: an operation with this `origin.pid` was asked for in this window. */
  readonly pid: number;
  readonly state: "idle" | "busy" | "blocked" | "error";
  readonly operations: readonly Operation[];
  readonly environment: "in-sync" | "stale" | "syncing" | "missing" | "unknown";
  readonly lock: "up-to-date" | "stale" | "missing" | "unknown";
  readonly message: string;
}

/** A server command with its one argument, ready to be sent, previewed or logged. */
export interface Call {
  readonly command: `pyproject.${string}`;
  readonly argument: { readonly uri: string } & Record<string, unknown>;
}

/** Which dependency table: `{}` is `project.dependencies`. */
export interface Table {
  readonly group?: string;
  readonly extra?: string;
}

/** The answer of `pyproject.preview`; the edit is an LSP WorkspaceEdit. */
export interface Preview {
  readonly edits: unknown;
  readonly lock: readonly LockChange[];
}

/** A statement of a manifest before and after: a requirement as it is written, a version. */
export interface Change extends LockChange {
  readonly file: string;
  readonly table: string;
}

export interface LockChange {
  readonly name: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** Text that the guardian put back; `before` is what the other tool had left, `after` what stands there now. */
export interface Restored {
  readonly uri: string;
  readonly message: string;
  readonly before: string;
  readonly after: string;
}

export const statusNotification = "pyproject/status";
export const saveRequest = "pyproject/save";
export const restoredNotification = "pyproject/restored";

const finishedStates: ReadonlySet<OperationState> = new Set(["done", "failed", "cancelled"]);

export function isFinished(operation: Operation): boolean {
  return finishedStates.has(operation.state);
}
