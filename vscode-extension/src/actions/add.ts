import { l10n, type Uri } from "vscode";
import type { App } from "../app";
import { manifestText } from "../project";
import type { Call } from "../protocol";
import { readManifest } from "./manifest";
import { askRequirement } from "./packages";
import { pickTable } from "./table";

/** Ask for a package, then for the table it goes to. */
export async function askAdd(app: App, uri: Uri): Promise<Call | undefined> {
  const requirement = await askRequirement(app, uri);
  if (requirement === undefined) {
    return undefined;
  }
  const place = l10n.t("Add {0} to…", requirement);
  const table = await pickTable(readManifest(manifestText(uri)), place);
  if (table === undefined) {
    return undefined;
  }
  return { command: "pyproject.add", argument: { uri: uri.toString(), requirements: [requirement], ...table } };
}
