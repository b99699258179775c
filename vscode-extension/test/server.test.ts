import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { crashPolicy, earnedAfter } from "../src/server/crashes";
import { existing, make, type Site } from "../src/server/environment";
import { environmentName, installSteps, pythonIn } from "../src/server/install";
import { run, type Run } from "../src/server/processes";
import { withoutOurs } from "../src/server/settings";
import { findMaker } from "../src/server/tools";

const uv = { kind: "uv", uv: "uv", python: undefined } as const;

describe("after a crash", () => {
  it("the server is started again once, then given up", () => {
    const policy = crashPolicy();
    expect([policy(0), policy(1000)]).toEqual(["restart", "give-up"]);
  });

  it("a server that ran long has earned another restart", () => {
    const policy = crashPolicy();
    expect([policy(0), policy(earnedAfter)]).toEqual(["restart", "restart"]);
  });
});

describe("the settings that the server sees", () => {
  it("are without our own and without 'default'", () => {
    const section = {
      server: { command: [] },
      trace: { server: "off" },
      edit: { bounds: "default" },
      uv: { path: "u" },
    };
    expect(withoutOurs(section)).toEqual({ edit: {}, uv: { path: "u" } });
    expect(withoutOurs(null)).toEqual({});
  });
});

describe("what an environment is made with", () => {
  const answering =
    (...known: string[]): Run =>
    (command) =>
      Promise.resolve({ ok: known.includes(command), output: "" });

  it("is uv if there, else Python, else nothing", async () => {
    expect(await findMaker(answering("uv", "python3"), "", "")).toMatchObject({ kind: "uv", uv: "uv" });
    expect(await findMaker(answering("python3"), "", "")).toMatchObject({ kind: "python", python: ["python3"] });
    expect(await findMaker(answering(), "", "")).toBeUndefined();
  });

  it("is the uv and the interpreter of the settings before any other", async () => {
    expect(await findMaker(answering("/u/uv", "uv"), "/u/uv", "/p/python")).toEqual({
      kind: "uv",
      uv: "/u/uv",
      python: "/p/python",
    });
    expect(await findMaker(answering("python3"), "", "/p/python")).toBeUndefined();
  });

  it("is never a Python that is too old", async () => {
    const old: Run = (_, args) => Promise.resolve({ ok: !args.includes("-c"), output: "" });
    expect(
      await findMaker(
        async (command, args) => (command.endsWith("uv") ? { ok: false, output: "" } : old(command, args)),
        "",
        "",
      ),
    ).toBeUndefined();
  });
});

describe("the environment", () => {
  let site: Site;

  beforeEach(async () => {
    const base = await mkdtemp(join(tmpdir(), "pl-"));
    site = { storage: join(base, "storage"), wheels: join(base, "wheels"), interpreter: "" };
    await mkdir(site.wheels);
    await writeFile(join(site.wheels, "digest.txt"), "abc\n");
  });

  afterEach(async () => {
    await rm(dirname(site.storage), { recursive: true });
  });

  /** Makes what uv would make, as far as is looked at. */
  const making: Run = async (_, args) => {
    if (args[0] === "venv") {
      const python = pythonIn(args.at(-1) ?? "");
      await mkdir(dirname(python), { recursive: true });
      await writeFile(python, "");
    }
    return { ok: true, output: "" };
  };

  it("is made once and found again", async () => {
    expect(await existing(site)).toBeUndefined();
    const made = await make(site, uv, making, () => undefined);
    expect(made).toEqual({ kind: "ready", python: await existing(site) });
  });

  it("leaves nothing behind when a step fails, and says the words of the tool", async () => {
    const failing: Run = async (command, args) =>
      args[0] === "pip" ? { ok: false, output: "no wheel" } : making(command, args);
    expect(await make(site, uv, failing, () => undefined)).toMatchObject({ kind: "failed", output: "no wheel" });
    expect(await readdir(site.storage)).toEqual([]);
  });

  it("is one when two windows make it at the same time", async () => {
    const both = await Promise.all([make(site, uv, making, () => undefined), make(site, uv, making, () => undefined)]);
    expect(both[0]).toEqual(both[1]);
    expect(await readdir(site.storage)).toHaveLength(1);
  });

  it("is another one for other wheels or another interpreter", () => {
    const names = [environmentName("a", ""), environmentName("b", ""), environmentName("a", "/p")];
    expect(new Set(names).size).toBe(3);
  });

  it("is installed without an index first, and compiled to bytecode", () => {
    for (const maker of [uv, { kind: "python", python: ["python3"] } as const]) {
      const [first, second] = installSteps(maker, "/e", "/w").at(-1)?.ways ?? [];
      expect(first?.args).toContain("--no-index");
      expect(second?.args).not.toContain("--no-index");
      expect(first?.args.some((arg) => arg.startsWith("--compile"))).toBe(true);
    }
  });
});

describe("running a program", () => {
  it("answers for one that fails and for one that is not there", async () => {
    expect((await run(process.execPath, ["-e", "process.exit(3)"])).ok).toBe(false);
    expect(await run("/no/such/program", [])).toMatchObject({ ok: false });
    expect(await run(process.execPath, ["-e", "console.log('x')"])).toEqual({ ok: true, output: "x\n" });
  });
});
