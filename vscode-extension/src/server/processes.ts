import { execFile } from "node:child_process";

/** How a program ended. `ok` is false for a program that is not there, too; `output` is what it said. */
export interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

export type Run = (
  command: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
) => Promise<Outcome>;

/** Run a program to its end. Never rejects: a missing program is an outcome. Stops it after ten minutes. */
export const run: Run = (command, args, env = {}) =>
  new Promise((resolve) => {
    const options = {
      timeout: 600_000,
      maxBuffer: 16 * 1024 * 1024,
      env: { ...process.env, ...env },
      windowsHide: true,
    };
    execFile(command, [...args], options, (error, stdout, stderr) => {
      const output = [stdout, stderr].filter((part) => part !== "").join("\n");
      resolve({ ok: error === null, output: output === "" && error !== null ? error.message : output });
    }).stdin?.end();
  });
