import { describe, expect, it } from "vitest";
import { readManifest, readScript, requirementName } from "../src/actions/manifest";
import { bumpItems } from "../src/actions/bump";
import { dependencyItems } from "../src/actions/dependencies";
import { packageItems } from "../src/actions/packages";
import { lockWords } from "../src/actions/preview";
import { nameProblem, tableItems } from "../src/actions/table";
import { applyEdits } from "../src/edits/apply";
import { contextKeys } from "../src/status/context";
import { status } from "./samples";

const text = `
[project]
name = "demo"
version = "1.2.3"
dependencies = ["httpx[http2]>=0.28 ; python_version > '3.11'", "zope.interface"]
[project.optional-dependencies]
plot = ["matplotlib"]
[dependency-groups]
dev = ["pytest", { include-group = "lint" }]
lint = []
`;

describe("a manifest", () => {
  it("lists dependencies with the table they stand in", () => {
    const manifest = readManifest(text);
    expect(manifest?.dependencies.map(({ name, table }) => [name, table])).toEqual([
      ["httpx", {}],
      ["zope.interface", {}],
      ["pytest", { group: "dev" }],
      ["matplotlib", { extra: "plot" }],
    ]);
    expect(manifest).toMatchObject({ version: "1.2.3", groups: ["dev", "lint"], extras: ["plot"] });
  });

  it("is unknown while its text is broken, and empty where the tables have other types", () => {
    expect(readManifest("[project\n")).toBeUndefined();
    expect(readManifest("project = 1\ndependency-groups = []")?.dependencies).toEqual([]);
  });

  it.each(["requests", "requests>=2", " requests [x] @ file:///w", "requests;python_version<'4'"])(
    "%s is about requests",
    (requirement) => {
      expect(requirementName(requirement)).toBe("requests");
    },
  );
});

describe("a script's block (PEP 723)", () => {
  const names = (source: string): readonly string[] | undefined =>
    readScript(source)?.dependencies.map(({ name }) => name);

  it("is read as the one table that it has", () => {
    const source = `#!/usr/bin/env python\n# /// script\n# requires-python = ">=3.11"\n# dependencies = [\n#   "rich",\n#   "httpx>=0.28",\n# ]\n# ///\nimport rich\n`;
    expect(names(source)).toEqual(["rich", "httpx"]);
    expect(names(source.replaceAll("\n", "\r\n"))).toEqual(["rich", "httpx"]);
  });

  it("is empty where there is none, and unknown while it is broken", () => {
    expect(names("import rich\n")).toEqual([]);
    expect(names("# /// script\n# dependencies = [\n# ///\n")).toBeUndefined();
  });
});

describe("the pickers", () => {
  it("offer every table, and new ones last", () => {
    const labels = tableItems(readManifest(text)).map(({ label }) => label);
    expect(labels).toEqual([
      "dependencies",
      "group 'dev'",
      "group 'lint'",
      "extra 'plot'",
      "$(add) New group…",
      "$(add) New extra…",
    ]);
  });

  it("take names of groups as PEP 735 has them", () => {
    expect(nameProblem("dev-2.x")).toBeUndefined();
    expect(nameProblem("-dev")).toBeTruthy();
    expect(nameProblem("")).toBeTruthy();
  });

  it("show a dependency with its table, so that one that stands twice can be told apart", () => {
    const dependencies = readManifest(text)?.dependencies ?? [];
    expect(dependencyItems(dependencies)[2]).toMatchObject({ label: "pytest", description: "group 'dev'" });
  });

  it("keep what was typed as the first choice", () => {
    const found = { packages: [{ name: "httpx-sse" }, { name: "httpx", version: "0.28.1" }] };
    expect(packageItems("httpx", found).map(({ label }) => label)).toEqual(["httpx", "httpx-sse"]);
    expect(packageItems("htt", found).map(({ label }) => label)).toEqual(["htt", "httpx-sse", "httpx"]);
    expect(packageItems("HTTPX", found).map(({ label }) => label)).toEqual(["httpx", "httpx-sse"]);
    const absent = { packages: [{ name: "htpx", exists: false }, { name: "httpx" }] };
    expect(packageItems("htpx", absent).map(({ description }) => description)).toEqual(["not on the index", ""]);
  });

  it("show the numbers that are known beside the parts of a version", () => {
    const items = bumpItems(new Map([["minor", "1.3.0"]]));
    expect(items.find(({ part }) => part === "minor")?.description).toBe("1.3.0");
  });

  it("offer no part that the version cannot be raised by, and move no row while numbers come in", () => {
    const known = new Map([
      ["stable", null],
      ["alpha", "1.2.4a1"],
      ["dev", null],
    ] as const);
    const before = bumpItems(new Map()).map(({ part }) => part);
    const after = bumpItems(known).map(({ part }) => part);
    expect(before).toEqual(["patch", "minor", "major", "other"]);
    expect(after).toEqual([...before, "alpha"]);
  });
});

describe("a preview", () => {
  it("applies edits by LSP's lines and columns, from the end to the start", () => {
    const at = (line: number, character: number): { line: number; character: number } => ({ line, character });
    const edits = [
      { range: { start: at(0, 0), end: at(0, 1) }, newText: "A" },
      { range: { start: at(1, 1), end: at(2, 0) }, newText: "!" },
      { range: { start: at(9, 0), end: at(9, 0) }, newText: "end" },
    ];
    expect(applyEdits("a\r\nb\u2028c\rd", edits)).toBe("A\r\nb!dend");
  });

  it("keeps the order of insertions at one place", () => {
    const start = { line: 0, character: 0 };
    const insert = (newText: string) => ({ range: { start, end: start }, newText });
    expect(applyEdits("c", [insert("a"), insert("b")])).toBe("abc");
  });

  it("says in one line what happens to the lock file", () => {
    const changes = [
      { name: "httpx", from: null, to: "0.28.1" },
      { name: "idna", from: "3.4", to: "3.11" },
      { name: "six", from: "1.0", to: null },
    ];
    expect(lockWords(changes)).toBe("uv.lock: httpx 0.28.1 is new, idna 3.4 → 3.11, six is removed");
    expect(lockWords([])).toBe("uv.lock: no package changes");
  });
});

describe("what the commands are enabled by", () => {
  it("is off without a project", () => {
    expect(Object.values(contextKeys(undefined, readManifest(text)))).not.toContain(true);
  });

  it("needs a dependency to remove and a version to bump", () => {
    const keys = contextKeys(status(), readManifest("[project]\nname = 'x'\ndynamic = ['version']\n"));
    expect(keys).toMatchObject({ "pyproject.hasDependencies": false, "pyproject.hasVersion": false });
  });

  it("offers no bump for a script, whose block has no version", () => {
    const script = status({ project: "file:///w/tool.py" });
    const keys = contextKeys(script, readScript("# /// script\n# dependencies = ['rich']\n# ///\n"));
    expect(keys).toMatchObject({ "pyproject.isScript": true, "pyproject.hasVersion": false });
    expect(keys).toMatchObject({ "pyproject.hasDependencies": true });
  });

  it("stays on while the manifest is broken: the server says what is wrong", () => {
    expect(contextKeys(status(), readManifest("["))).toMatchObject({ "pyproject.hasDependencies": true });
  });
});
