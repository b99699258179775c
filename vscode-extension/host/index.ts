import { writeFileSync } from "node:fs";
import { workspace } from "vscode";
import { single } from "./single";
import { severalRoots } from "./severalRoots";
import { terminal } from "./terminal";

export type Cases = Readonly<Record<string, () => Promise<void>>>;

/**
 * What `extensionTestsPath` names: VS Code calls it inside the extension host, with the whole API. The outcome of each
 * case goes to the file that PYPROJECT_HOST_RESULTS names; tests/vscode/test_extension_host.py waits for it.
 */
export async function run(): Promise<void> {
  const cases: Cases = workspace.workspaceFile === undefined ? { ...single, ...terminal } : severalRoots;
  const results: Record<string, string> = {};
  for (const [name, check] of Object.entries(cases)) {
    try {
      await check();
      results[name] = "ok";
    } catch (error) {
      results[name] = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
  }
  writeFileSync(process.env["PYPROJECT_HOST_RESULTS"] ?? "results.json", JSON.stringify(results));
}
