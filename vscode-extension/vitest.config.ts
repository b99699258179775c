import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["test/**/*.test.ts"] },
  // `vscode` exists only inside the editor; here a stand-in with the few plain values that the pure parts use.
  resolve: { alias: { vscode: fileURLToPath(new URL("test/vscode.ts", import.meta.url)) } },
});
