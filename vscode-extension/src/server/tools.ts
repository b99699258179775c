import { homedir } from "node:os";
import { join } from "node:path";
import type { Run } from "./processes";

/** What is there to make an environment with. */
export type Maker =
  | { readonly kind: "uv"; readonly uv: string; readonly python: string | undefined }
  | { readonly kind: "python"; readonly python: readonly string[] };

const probe = "import sys; sys.exit(sys.version_info < (3, 11))";

/**
 * Find uv, else Python 3.11 or newer.
 * A named interpreter is taken as it is and must be new enough; a named uv is tried first.
 */
export async function findMaker(run: Run, uvPath: string, interpreter: string): Promise<Maker | undefined> {
  for (const uv of uvCandidates(uvPath)) {
    if ((await run(uv, ["--version"])).ok) {
      return { kind: "uv", uv, python: interpreter === "" ? undefined : interpreter };
    }
  }
  for (const python of interpreter === "" ? pythonCandidates() : [[interpreter]]) {
    const [program = "", ...args] = python;
    if ((await run(program, [...args, "-I", "-c", probe])).ok) {
      return { kind: "python", python };
    }
  }
  return undefined;
}

/** An editor started from a desktop often lacks the PATH of a shell: look where uv's installers put it, too. */
function uvCandidates(uvPath: string): readonly string[] {
  const places = [
    join(homedir(), ".local", "bin", "uv"),
    join(homedir(), ".cargo", "bin", "uv"),
    "/opt/homebrew/bin/uv",
  ];
  return [uvPath, process.env["UV"] ?? "", "uv", ...places].filter((candidate) => candidate !== "");
}

function pythonCandidates(): readonly (readonly string[])[] {
  const numbered = [14, 13, 12, 11].map((minor) => [`python3.${minor}`]);
  return process.platform === "win32"
    ? [["py", "-3"], ["python"], ["python3"]]
    : [["python3"], ...numbered, ["python"]];
}
