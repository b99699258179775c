import { l10n } from "vscode";
import type { App } from "../app";
import { declared } from "../project";
import type { Call } from "../protocol";
import { askRequirement } from "./packages";
import { pickTable } from "./table";
import { about, type Target } from "./target";

/** Ask for a package, then for the table it goes to; a script has but one. */
export async function askAdd(app: App, target: Target): Promise<Call | undefined> {
  const requirement = await askRequirement(app, target);
  if (requirement === undefined) {
    return undefined;
  }
  const place = l10n.t("Add {0} to…", requirement);
  const table = target.script ? {} : await pickTable(declared(target.uri), place);
  if (table === undefined) {
    return undefined;
  }
  return { command: "pyproject.add", argument: { ...about(target), requirements: [requirement], ...table } };
}
