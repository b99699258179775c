import { randomUUID } from "node:crypto";
import { access, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { environmentName, installSteps, pythonIn, type Step } from "./install";
import type { Outcome, Run } from "./processes";
import type { Maker } from "./tools";

/** Where an environment lies and what it is made of. */
export interface Site {
  /** The extension's own folder on this machine (globalStorage). */
  readonly storage: string;
  /** The wheels that the extension brings; `digest.txt` there names their content. */
  readonly wheels: string;
  readonly interpreter: string;
}

type Made =
  | { readonly kind: "ready"; readonly python: string }
  | { readonly kind: "failed"; readonly step: string; readonly output: string };

/** The interpreter of the finished environment, if it was made before. */
export async function existing(site: Site): Promise<string | undefined> {
  const python = pythonIn(await home(site));
  return (await exists(python)) ? python : undefined;
}

/**
 * Make the server's environment: aside, then renamed into place, so that a window that is closed half-way leaves
 * nothing half-made behind and two windows that start at once do not disturb each other.
 */
export async function make(site: Site, maker: Maker, run: Run, report: (step: string) => void): Promise<Made> {
  const target = await home(site);
  const aside = join(site.storage, `new-${randomUUID()}`);
  await mkdir(site.storage, { recursive: true });
  for (const step of installSteps(maker, aside, site.wheels)) {
    report(step.title);
    const outcome = await runStep(step, run);
    if (!outcome.ok) {
      await rm(aside, { recursive: true, force: true });
      return { kind: "failed", step: step.title, output: outcome.output };
    }
  }
  try {
    await rename(aside, target);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (!(await exists(pythonIn(target)))) {
      throw error;
    }
    // Another window was faster: its environment is the same as ours.
  }
  return { kind: "ready", python: pythonIn(target) };
}

/** The ways of a step in turn, until one works; the words of the last are reported. */
async function runStep(step: Step, run: Run): Promise<Outcome> {
  let outcome: Outcome = { ok: false, output: "" };
  for (const { command, args, env } of step.ways) {
    outcome = await run(command, args, env);
    if (outcome.ok) {
      break;
    }
  }
  return outcome;
}

async function home(site: Site): Promise<string> {
  const digest = (await readFile(join(site.wheels, "digest.txt"), "utf8")).trim();
  return join(site.storage, environmentName(digest, site.interpreter));
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
