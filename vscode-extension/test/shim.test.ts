import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { posixShim, windowsShim } from "../src/terminal/shim";
import { contract } from "./shape";

const posix = process.platform !== "win32";

describe.runIf(posix)("the uv in front of the real one", () => {
  let base: string;

  const script = (path: string, text: string): void => {
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  };

  /** What is run in the end for a command line: 'turn: …' when it takes its turn, 'uv: …' when it goes straight on. */
  const uv = (args: readonly string[], env: Record<string, string> = {}): { said: string; code: number | null } => {
    const path = `${join(base, "shim dir")}:${join(base, "real")}:${process.env["PATH"] ?? ""}`;
    const options = { encoding: "utf8", env: { ...process.env, ...env, PATH: path } } as const;
    const { stdout, status } = spawnSync(join(base, "shim dir", "uv"), args, options);
    return { said: stdout.trim(), code: status };
  };

  beforeAll(() => {
    base = mkdtempSync(join(tmpdir(), "it's "));
    for (const folder of ["shim dir", "real"]) {
      mkdirSync(join(base, folder));
    }
    script(join(base, "real", "uv"), '#!/bin/sh\necho "uv: $*"\nexit 7\n');
    const python = join(base, "python");
    script(python, '#!/bin/sh\necho "turn: $*" | sed "s#--[^/]*/.*/real/uv#UV#"\nexit 9\n');
    const command = { command: python, args: ["-m", "lsp_server"] };
    script(join(base, "shim dir", "uv"), posixShim(join(base, "shim dir"), command));
  });

  afterAll(() => {
    rmSync(base, { recursive: true });
  });

  it.each([
    [["add", "httpx"], "add httpx"],
    [["--project", "sub", "-v", "add", "httpx"], "--project sub -v add httpx"],
    [["version", "--bump", "minor"], "version --bump minor"],
    [["sync"], "sync"],
    [["lock", "--upgrade"], "lock --upgrade"],
  ])("takes %j to its turn", (args, rest) => {
    expect(uv(args)).toEqual({ said: `turn: -m lsp_server exec UV ${rest}`, code: 9 });
  });

  it("reads past the options that uv takes before its command, with their values", () => {
    const { valued, flags } = contract("uv-options") as Record<"valued" | "flags", readonly string[]>;
    for (const before of [...valued.map((name) => [`--${name}`, "tree"]), ...flags.map((name) => [`--${name}`])]) {
      expect(uv([...before, "add", "x"]).said).toBe(`turn: -m lsp_server exec UV ${before.join(" ")} add x`);
    }
  });

  it.each([
    [["run", "add"]],
    [["pip", "sync", "x"]],
    [["--version"]],
    [[]],
    [["add", "--help"]],
    [["lock", "--check"]],
    [["tool", "upgrade"]],
    [["--directory", "add", "tree"]],
  ])("lets %j go straight on, with its exit code", (args: string[]) => {
    expect(uv(args)).toEqual({ said: `uv: ${args.join(" ")}`.trim(), code: 7 });
  });

  it("lets a uv go straight on that runs within a turn: it would wait for its own grandparent", () => {
    expect(uv(["add", "x"], { PYPROJECT_LSP_TURN: "1" })).toEqual({ said: "uv: add x", code: 7 });
  });

  it("says so when there is no real uv", () => {
    const env = { ...process.env, PATH: join(base, "shim dir") };
    const { status, stderr } = spawnSync("/bin/sh", [join(base, "shim dir", "uv"), "add"], { encoding: "utf8", env });
    expect([status, stderr]).toEqual([127, "uv: command not found\n"]);
  });
});

it("on Windows names the same commands", () => {
  const shim = windowsShim(String.raw`C:\x`, { command: String.raw`C:\p\python.exe`, args: ["-m", "lsp_server"] });
  expect(shim).toContain('if /i "%~1"=="upgrade" set "turn=yes"');
  expect(shim.split("\r\n").every((line) => !line.includes("\n"))).toBe(true);
});
