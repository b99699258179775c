import { type TreeDataProvider, window } from "vscode";
import { describe, expect, it } from "vitest";
import type { App } from "../src/app";
import { states } from "../src/protocol";
import { act, operationId } from "../src/queue/actions";
import { detailLines, projectName, queueRows, type Row } from "../src/queue/rows";
import { queueView } from "../src/queue/view";
import { StatusStore } from "../src/status/store";
import { now, operation, status, sync } from "./samples";

const done = operation({ id: "d", state: "done", finishedAt: "2026-03-01T12:00:20Z" });
const failed = operation({
  id: "f",
  state: "failed",
  finishedAt: "2026-03-01T12:00:25Z",
  error: { code: "unresolvable", message: "No solution found", detail: "line one\nline two\n" },
});

describe("the queue", () => {
  it("sorts operations into running, waiting, queued and finished, the latest finished first", () => {
    const waiting = operation({ id: "w", state: "waiting", blockedBy: sync });
    const running = operation({ id: "r", state: "planning" });
    const rows = queueRows([status({ operations: [done, running, operation(), waiting, failed] })], now);
    expect(rows.map((row) => [row.label, row.children.map((child) => child.id)])).toEqual([
      ["Running", ["file:///w/demo#pid4711", "r"]],
      ["Waiting", ["w"]],
      ["Queued", ["a1"]],
      ["Finished", ["f", "d"]],
    ]);
  });

  it("gives every state a place", () => {
    for (const state of states) {
      const rows = queueRows([status({ operations: [operation({ state })] })], now);
      expect(rows.flatMap((row) => row.children)).toHaveLength(1);
    }
  });

  it("shows a uv that edits wait for as a row of its own, once, and none for the queue's own processes", () => {
    const waits = (id: string, pid: number): ReturnType<typeof operation> =>
      operation({ id, state: "waiting", blockedBy: { ...sync, pid } });
    const rows = queueRows([status({ operations: [waits("a", 4711), waits("b", 4711), waits("c", 100)] })], now);
    expect(rows.find(({ label }) => label === "Running")?.children.map(({ label }) => label)).toEqual(["uv sync"]);
  });

  it("offers to save where an edit waits for that", () => {
    const [section] = queueRows([status({ operations: [operation({ state: "needsSave" })] })], now);
    expect(section?.children[0]?.context).toBe("operation,save");
  });

  it("keeps the order of positions, not of arrival", () => {
    const operations = [operation({ id: "second", position: 1 }), operation({ id: "first", position: 0 })];
    const [queued] = queueRows([status({ operations })], now);
    expect(queued?.children.map((child) => child.id)).toEqual(["first", "second"]);
  });

  it("has a row for each project only when there are several with operations", () => {
    const [one, other] = [status({ operations: [done] }), status({ project: "file:///w/b%20c", operations: [failed] })];
    expect(queueRows([one, status({ project: "file:///w/empty" })], now)[0]?.label).toBe("Finished");
    expect(queueRows([one, other], now).map((row) => row.label)).toEqual(["demo", "b c"]);
    expect(queueRows([], now)).toEqual([]);
  });

  it("offers on each operation what the server says may be asked of it", () => {
    const operations = [operation({ can: ["cancel"] }), { ...failed, can: ["retry", "undo"] as const }, done];
    const rows = queueRows([status({ operations })], now).flatMap((row) => row.children);
    const contexts = Object.fromEntries(rows.map((row) => [row.id, row.context]));
    expect(contexts).toEqual({ a1: "operation,cancel", f: "operation,retry,undo", d: "operation" });
  });

  it("tells who, since when, on what, and the tools' own words", () => {
    const waiting = detailLines(operation({ state: "waiting", blockedBy: sync, attempts: 2 }), now);
    expect(waiting[0]).toContain("Requested from Visual Studio Code at");
    expect(waiting).toContain("Process 100");
    expect(waiting).toContain("Planned 2 times");
    expect(waiting).toContain("Waiting for uv sync (pid 4711, 12 s)");
    expect(waiting).toContain("uv's environment lock: /w/demo/.venv/.lock");
    const near = detailLines(operation({ state: "waiting", blockedBy: sync }), now, "file:///w/demo");
    expect(near).toContain("uv's environment lock: .venv/.lock");
    expect(detailLines(failed, now).slice(-3)).toEqual(["unresolvable: No solution found", "line one", "line two"]);
  });

  it("tells what an operation has changed", () => {
    const changes = [{ file: "file:///w", table: "dependencies", name: "httpx", from: null, to: "httpx>=0.28" }];
    const lines = detailLines({ ...done, changes, lockChanges: [{ name: "httpx", from: null, to: "0.28.1" }] }, now);
    expect(lines).toContain("dependencies: httpx: none → httpx>=0.28");
    expect(lines).toContain("uv.lock: 1 packages changed");
  });

  it("says for how long a step has lasted, and at what time it ended", () => {
    const [running, finished] = queueRows([status({ operations: [operation(), done] })], now);
    expect(running?.children[0]?.description).toBe("queued · for 30 s");
    expect(finished?.children[0]?.description).toMatch(/^done · \d+:\d\d:\d\d/);
  });

  it("shows a command of a terminal as it was typed", () => {
    const [section] = queueRows([status({ operations: [operation({ title: "/opt/bin/uv add httpx" })] })], now);
    expect(section?.children[0]?.label).toBe("uv add httpx");
  });

  it("names a project after its folder", () => {
    expect(projectName("file:///w/demo/pyproject.toml")).toBe("demo");
    expect(projectName("file:///w/demo/")).toBe("demo");
  });

  it("knows the operation behind a row, a child of none, and a bare id", () => {
    const [section] = queueRows([status({ operations: [done] })], now);
    expect(operationId(section?.children[0])).toBe("d");
    expect(operationId(section)).toBeUndefined();
    expect(operationId("x")).toBe("x");
  });

  it("is drawn anew only when its operations are others: a click on a row that is being drawn is lost", () => {
    const store = new StatusStore();
    let drawn = 0;
    Object.assign(window, {
      createTreeView: (_: string, { treeDataProvider }: { treeDataProvider: TreeDataProvider<Row> }) => {
        treeDataProvider.onDidChangeTreeData?.(() => (drawn += 1));
        return {
          visible: false,
          onDidChangeVisibility: () => ({ dispose: () => undefined }),
          dispose: () => undefined,
        };
      },
    });
    const view = queueView({ store } as unknown as App);
    store.set(status({ operations: [done] }));
    store.set(status({ operations: [done], lock: "stale" }));
    expect(drawn).toBe(1);
    store.set(status({ operations: [done, failed] }));
    expect(drawn).toBe(2);
    view.dispose();
  });

  it("says so when a click came to a row that it no longer knows", async () => {
    const said: string[] = [];
    Object.assign(window, { showInformationMessage: (message: string) => Promise.resolve(said.push(message)) });
    await act({ store: new StatusStore() } as unknown as App, "undo", undefined);
    expect(said).toEqual(["pyproject: the queue has just changed. Try again."]);
  });
});
