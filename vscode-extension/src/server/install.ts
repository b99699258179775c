import { createHash } from "node:crypto";
import { join } from "node:path";
import { l10n } from "vscode";
import type { Maker } from "./tools";

export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** One step of the installation: ways to do it, the second tried only when the first fails. */
export interface Step {
  readonly title: string;
  readonly ways: readonly CommandLine[];
}

const distribution = "pyproject-lsp";

/**
 * The steps that make an environment in `folder` from the wheels that were brought along. Without an index first:
 * that works offline. Only a machine for which no wheel was brought (see README, 'Platforms') asks its own index.
 */
export function installSteps(maker: Maker, folder: string, wheels: string): readonly Step[] {
  const making = l10n.t("making an environment for the server");
  const installing = l10n.t("installing the server");
  const python = pythonIn(folder);
  const local = ["--find-links", wheels, distribution];
  if (maker.kind === "uv") {
    const { uv } = maker;
    const wanted = maker.python ?? ">=3.11";
    const pip = ["pip", "install", "--no-config", "--python", python, "--compile-bytecode"];
    return [
      {
        title: making,
        ways: [{ command: uv, args: ["venv", "--no-project", "--no-config", "--python", wanted, folder] }],
      },
      {
        title: installing,
        ways: [
          [...pip, "--no-index", ...local],
          [...pip, ...local],
        ].map((args) => ({ command: uv, args })),
      },
    ];
  }
  const [program = "python3", ...flags] = maker.python;
  // pip comes as a wheel, too: Debian's python3 has no ensurepip, and unpacking it takes seconds elsewhere.
  const env = { PYTHONPATH: join(wheels, "pip.whl"), PIP_DISABLE_PIP_VERSION_CHECK: "1" };
  const pip = ["-m", "pip", "install", "--compile", "--no-input"];
  return [
    { title: making, ways: [{ command: program, args: [...flags, "-I", "-m", "venv", "--without-pip", folder] }] },
    {
      title: installing,
      ways: [
        [...pip, "--no-index", ...local],
        [...pip, ...local],
      ].map((args) => ({ command: python, args, env })),
    },
  ];
}

/** Another content of the wheels or another interpreter is another environment; an old window keeps its own. */
export function environmentName(digest: string, interpreter: string): string {
  return `server-${createHash("sha256").update(`${digest}\n${interpreter}`).digest("hex").slice(0, 12)}`;
}

export function pythonIn(folder: string): string {
  return process.platform === "win32" ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
}
