import { l10n, type QuickPickItem, type Uri, window, type WorkspaceEdit } from "vscode";
import type { App } from "../app";
import { manifestText } from "../project";
import { applyEdits } from "../edits/apply";
import type { Call, Preview } from "../protocol";
import { readManifest } from "./manifest";
import { taken } from "./pick";

export const parts = ["patch", "minor", "major", "stable", "alpha", "beta", "rc", "post", "dev"] as const;
type Part = (typeof parts)[number];

/** What every version can be raised by. */
const always: readonly Part[] = ["patch", "minor", "major"];

interface BumpItem extends QuickPickItem {
  readonly part: Part | "other";
}

/** Ask for the part to raise; the resulting number of each is asked from uv and shown beside it as it comes. */
export async function askBump(app: App, uri: Uri): Promise<Call | undefined> {
  const current = readManifest(manifestText(uri))?.version;
  const picker = window.createQuickPick<BumpItem>();
  picker.title = l10n.t("Bump Version");
  picker.placeholder = current === undefined ? "" : l10n.t("current version: {0}", current);
  const numbers = new Map<Part, string | null>();
  picker.items = bumpItems(numbers);
  picker.busy = true;
  void fill(app, uri, current, numbers, () => {
    const active = picker.activeItems[0]?.part;
    picker.items = bumpItems(numbers);
    picker.activeItems = picker.items.filter(({ part }) => part === active);
  }).finally(() => {
    picker.busy = false;
  });
  const item = await taken<BumpItem>(picker, (take) => {
    // What was selected, not what is active: setting the items anew moves the active one for a moment.
    picker.onDidChangeSelection(([selected]) => {
      if (selected !== undefined) {
        take(selected);
      }
    });
  });
  return item === undefined ? undefined : bumpCall(uri, item.part, current);
}

/**
 * The parts that the version can be raised by, with the numbers that are known by now; null is a step that it cannot
 * make, such as `stable` for 1.2.0. The first four rows are always there, so that none moves under a pointer while
 * numbers come in; the others are added below as they turn out to be possible.
 */
export function bumpItems(numbers: ReadonlyMap<Part, string | null>): readonly BumpItem[] {
  const row = (part: Part): BumpItem => ({ label: part, description: numbers.get(part) ?? "", part });
  const rest = parts.filter((part) => !always.includes(part) && typeof numbers.get(part) === "string");
  return [...always.map(row), { label: l10n.t("$(edit) another version…"), part: "other" }, ...rest.map(row)];
}

async function bumpCall(uri: Uri, part: Part | "other", current: string | undefined): Promise<Call | undefined> {
  if (part !== "other") {
    return { command: "pyproject.bumpVersion", argument: { uri: uri.toString(), bump: part } };
  }
  const version = await window.showInputBox({ prompt: l10n.t("New version (PEP 440)"), value: current ?? "" });
  if (version === undefined || version === "") {
    return undefined;
  }
  return { command: "pyproject.bumpVersion", argument: { uri: uri.toString(), version } };
}

/** Ask for the numbers one after the other: nine at once would be nine uvs on the person's machine. */
async function fill(
  app: App,
  uri: Uri,
  current: string | undefined,
  numbers: Map<Part, string | null>,
  show: () => void,
): Promise<void> {
  if (!app.server.offers("pyproject.preview")) {
    return;
  }
  for (const bump of parts) {
    const bumped = { command: "pyproject.bumpVersion", arguments: [{ uri: uri.toString(), bump }] };
    const call = { command: "pyproject.preview", argument: { uri: uri.toString(), ...bumped } } as const;
    const answer = (await app.server.execute(call).catch(() => undefined)) as Preview | undefined;
    const edit = answer === undefined ? undefined : await app.server.toEdit(answer.edits);
    const version = edit === undefined ? undefined : versionAfter(edit, uri, current);
    numbers.set(bump, version ?? null);
    show();
  }
}

/** The version that stands in the manifest once the edit is made. */
function versionAfter(edit: WorkspaceEdit, uri: Uri, current: string | undefined): string | undefined {
  const text = applyEdits(manifestText(uri), edit.get(uri));
  const version = readManifest(text)?.version;
  return version === current ? undefined : version;
}
