import { readFileSync } from "node:fs";
import { Uri, window, workspace } from "vscode";
import { describe, expect, it } from "vitest";
import { askMove, askRemove, askUpgrade, upgradeAll } from "../src/actions/dependencies";
import type { Call, ProjectStatus } from "../src/protocol";
import { states } from "../src/protocol";
import { queueRows } from "../src/queue/rows";
import { withoutOurs } from "../src/server/settings";
import { statusText } from "../src/status/text";
import { contract, misfits, type Shape } from "./shape";
import { operation, status } from "./samples";

const examples = contract("status")["examples"] as readonly ProjectStatus[];

describe("pyproject/status", () => {
  it.each(examples.map((example, index) => [index, example] as const))("example %d is shown whole", (_, example) => {
    const now = Date.parse("2026-01-02T03:05:00Z");
    expect(statusText(example, "demo", now).text).not.toBe("");
    const shown = queueRows([example], now).flatMap((section) => section.children.map((row) => row.id));
    // Who is waited for has a row, too.
    expect(shown.filter((id) => !id.includes("#pid")).sort()).toEqual(example.operations.map(({ id }) => id).sort());
  });

  it("has the states that we know, and our samples have its shape", () => {
    const shape = contract("operation")["shape"] as { readonly state: { readonly enum: readonly string[] } };
    expect([...states]).toEqual(shape.state.enum);
    expect(misfits(status({ operations: [operation()] }), "@status")).toEqual([]);
    expect(misfits({ ...status(), state: "other" }, "@status")).toHaveLength(1);
  });
});

describe("the commands that we send", () => {
  const uri = Uri.parse("file:///w/demo/pyproject.toml");
  const target = { uri, script: false };
  const text = "[project]\ndependencies = ['httpx']\n[dependency-groups]\ndev = []\n";

  /** Take the entry at each place of the pickers that come, one after the other. */
  const choosing = (...places: readonly number[]): void => {
    const left = [...places];
    Object.assign(workspace, { textDocuments: [{ uri, getText: () => text }] });
    Object.assign(window, {
      showQuickPick: (items: readonly unknown[]) => Promise.resolve(items[left.shift() ?? 0]),
    });
  };

  const fits = (call: Call | undefined): readonly string[] => {
    const commands = contract("commands")["commands"] as Record<string, { readonly argument: Shape }>;
    const shape = commands[call?.command ?? ""]?.argument;
    return shape === undefined ? ["no such command"] : misfits(call?.argument, shape);
  };

  it.each([
    ["remove", () => askRemove(target), [0]],
    ["upgrade", () => askUpgrade(target), [0]],
    ["move", () => askMove(target), [0, 0]],
    ["upgrade all", () => Promise.resolve(upgradeAll(target)), []],
  ])("%s has the argument of the contract", async (_, ask, places: readonly number[]) => {
    choosing(...places);
    expect(fits(await ask())).toEqual([]);
  });

  it("a move offers every table but the one it comes from", async () => {
    choosing(0, 0);
    expect((await askMove(target))?.argument).toMatchObject({ package: "httpx", from: {}, to: { group: "dev" } });
  });
});

it("the settings have the choices and defaults of the contract", () => {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    contributes: { configuration: { properties: Record<string, { default: unknown; enum?: readonly unknown[] }> } };
  };
  const { properties } = manifest.contributes.configuration;
  const settings = contract("settings")["settings"] as Record<string, { shape: Shape; default: unknown }>;
  for (const [name, { shape, default: value }] of Object.entries(settings).filter(([key]) => key !== "trusted")) {
    const ours = properties[`pyproject.${name}`];
    // Where nothing is set, VS Code shows an empty text or 'default'; neither reaches the server as a choice.
    const [section = "", key = ""] = name.split(".");
    const sent = withoutOurs(key === "" ? { [section]: ours?.default } : { [section]: { [key]: ours?.default } });
    const nothing = value === null ? ["", undefined] : [value];
    const seen = key === "" ? sent[section] : (sent[section] as Record<string, unknown>)[key];
    expect(nothing, name).toContainEqual(seen);
    for (const choice of (ours?.enum ?? []).filter((each) => each !== "default")) {
      expect(misfits(choice, shape), name).toEqual([]);
    }
  }
});
