import { describe, expect, it } from "vitest";
import { shorten } from "../src/status/blocked";
import { duration } from "../src/status/duration";
import { newFailures } from "../src/status/failures";
import { folderOf, StatusStore } from "../src/status/store";
import { statusText } from "../src/status/text";
import { now, operation, status, sync } from "./samples";

describe("the status text", () => {
  it("is quiet when idle: version and lock state", () => {
    expect(statusText(status(), "demo 1.2.3", now)).toMatchObject({ text: "demo 1.2.3 · locked", ticking: false });
  });

  it("says that the lock is stale before it says anything of the environment", () => {
    const text = statusText(status({ lock: "stale", environment: "missing" }), "demo", now).text;
    expect(text).toBe("demo · uv.lock is stale");
  });

  it("says how many edits wait for whom, and since when; the pid is in the tooltip", () => {
    const waiting = operation({ state: "waiting", blockedBy: sync });
    const blocked = status({ state: "blocked", operations: [waiting, operation({ id: "b" }), operation({ id: "c" })] });
    const text = statusText(blocked, "demo", now);
    expect(text.text).toBe("3 edits waiting for uv sync (12 s)");
    expect(text).toMatchObject({ icon: "clock", ticking: true });
  });

  it("does not count finished operations as queued", () => {
    const waiting = operation({ state: "waiting", blockedBy: { ...sync, pid: null, command: null } });
    const blocked = status({ state: "blocked", operations: [waiting, operation({ id: "b", state: "done" })] });
    expect(statusText(blocked, "demo", now).text).toBe("1 edit waiting for uv's environment lock (12 s)");
  });

  it("asks for the save that an operation waits for", () => {
    const unsaved = status({ state: "busy", operations: [operation({ state: "needsSave" })] });
    expect(statusText(unsaved, "demo", now)).toMatchObject({ icon: "save", severity: "warning" });
    expect(statusText(unsaved, "demo", now).text).toBe("Save pyproject.toml to finish 'Add httpx to dependencies'");
    const script = { ...unsaved, project: "file:///w/my%20tool.py" };
    expect(statusText(script, "demo", now).text).toMatch(/^Save my tool\.py to finish/);
  });

  it("shows the step of the running operation and how many follow", () => {
    const busy = status({ state: "busy", operations: [operation({ state: "planning" }), operation({ id: "b" })] });
    expect(statusText(busy, "demo", now).text).toBe("Add httpx to dependencies: planning (+1)");
  });

  it("shows the failure that is news, cut to what a glance takes in", () => {
    const error = { code: "unresolvable", message: "no solution" };
    const failed = operation({ state: "failed", title: "Add x", error });
    const text = statusText(status({ state: "error" }), "demo", now, failed);
    expect(text).toMatchObject({ text: "Add x: no solution", severity: "error" });
    const long = { ...failed, error: { ...error, message: `${"x".repeat(80)}\nmore` } };
    expect(statusText(status(), "demo", now, long).text).toHaveLength(60);
  });

  it("is quiet again once a failure is no news", () => {
    expect(statusText(status({ state: "error", message: "no solution" }), "demo 1", now).severity).toBe("none");
  });
});

describe("words", () => {
  it.each([
    [0.4, "0 s"],
    [59.9, "59 s"],
    [60, "1 min"],
    [3600, "1 h 0 min"],
    [-5, "0 s"],
  ])("%d seconds are %s", (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });

  it("shows a command without the folder of its program, on any system", () => {
    expect(shorten("/opt/bin/uv add httpx")).toBe("uv add httpx");
    expect(shorten(String.raw`C:\tools\uv.exe sync`)).toBe("uv sync");
    expect(shorten(`uv add ${"x".repeat(60)}`)).toHaveLength(40);
  });
});

describe("the store", () => {
  it("finds the innermost project of a file, and no project for a folder that only begins the same", () => {
    const store = new StatusStore();
    store.set(status({ project: "file:///w" }));
    store.set(status({ project: "file:///w/demo" }));
    expect(store.projectOf("file:///w/demo/src/a.py")?.project).toBe("file:///w/demo");
    expect(store.projectOf("file:///w/demolition/a.py")?.project).toBe("file:///w");
    expect(store.projectOf("file:///v/a.py")).toBeUndefined();
  });

  it("knows a failure until it is dismissed, answered by a save, or followed by another edit", () => {
    const store = new StatusStore(Date.parse("2026-03-01T12:00:00Z"));
    const failed = operation({ id: "f", state: "failed", finishedAt: "2026-03-01T12:00:10Z" });
    const broken = status({ operations: [failed] });
    expect(store.failure(broken)).toBe(failed);
    const later = operation({ id: "g", state: "done", finishedAt: "2026-03-01T12:00:20Z" });
    expect(store.failure(status({ operations: [later, failed] }))).toBeUndefined();
    store.dismiss(broken.project, now);
    expect(store.failure(broken)).toBeUndefined();
  });

  it("takes a failure of before a restart for old news", () => {
    const store = new StatusStore(0);
    const failed = operation({ state: "failed", finishedAt: "2026-03-01T12:00:10Z" });
    store.clear(now);
    expect(store.failure(status({ operations: [failed] }))).toBeUndefined();
  });

  it("takes a failure of before the window was opened for old news", () => {
    const old = operation({ state: "failed", finishedAt: "2026-03-01T11:00:00Z" });
    expect(new StatusStore(now).failure(status({ operations: [old] }))).toBeUndefined();
  });

  it("hides finished operations that were cleared away, and nothing that runs", () => {
    const store = new StatusStore();
    const finished = operation({ id: "d", state: "done", finishedAt: "2026-03-01T12:00:10Z" });
    store.clearFinished(now);
    expect(store.shown(status({ operations: [operation(), finished] })).map(({ id }) => id)).toEqual(["a1"]);
  });

  it("takes a status that names the manifest or a script, too", () => {
    expect(folderOf("file:///w/demo/pyproject.toml")).toBe("file:///w/demo/");
    expect(folderOf("file:///w/demo")).toBe("file:///w/demo/");
  });

  it("hands over each new status, and nothing when it forgets all", () => {
    const store = new StatusStore();
    const seen: (string | undefined)[] = [];
    store.onDidChange((now) => seen.push(now?.state));
    store.set(status());
    store.set(status({ state: "busy" }));
    store.clear();
    expect(seen).toEqual(["idle", "busy", undefined]);
    expect(store.projects).toEqual([]);
  });
});

describe("failures", () => {
  const failed = operation({ state: "failed", finishedAt: "2026-03-01T12:00:10Z" });

  it("are told once, also when an older status comes between", () => {
    const told = new Set<string>();
    const [running, after] = [status({ operations: [operation()] }), status({ operations: [failed] })];
    const seen = [running, after, after, running, after].map((each) => newFailures(told, each));
    expect(seen).toEqual([[], [failed], [], [], []]);
  });

  it("are told again when a retry fails", () => {
    const told = new Set<string>();
    const again = { ...failed, finishedAt: "2026-03-01T12:00:20Z" };
    newFailures(told, status({ operations: [failed] }));
    expect(newFailures(told, status({ operations: [again] }))).toEqual([again]);
  });

  it("are told only for what was asked in this window", () => {
    expect(newFailures(new Set(), status({ operations: [failed], pid: failed.origin.pid + 1 }))).toEqual([]);
  });
});
