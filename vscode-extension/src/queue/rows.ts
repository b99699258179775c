import { l10n } from "vscode";
import { type Blocked, isFinished, type Operation, type ProjectStatus } from "../protocol";
import { holder, holderName, holderWithPid, lockWords, titleOf } from "../status/blocked";
import { duration } from "../status/duration";
import { stepWords } from "../status/text";

/** One line of the queue view. Built anew for each status; `id` keeps what a person has folded open. */
export interface Row {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  readonly icon: string;
  readonly tooltip: string;
  /** What the menus look at, such as 'operation,cancel'. */
  readonly context: string;
  readonly operation?: Operation;
  readonly children: readonly Row[];
  readonly open: boolean;
}

type Section = "running" | "waiting" | "queued" | "finished";

const sections: readonly Section[] = ["running", "waiting", "queued", "finished"];

/** The rows of the view: sections of the one project, or a row for each project when there are several. */
export function queueRows(projects: readonly ProjectStatus[], now: number): readonly Row[] {
  const busy = projects.filter((status) => status.operations.length > 0);
  const [only] = busy;
  if (busy.length <= 1) {
    return only === undefined ? [] : sectionRows(only, now);
  }
  return busy.map((status) => ({
    id: status.project,
    label: projectName(status.project),
    description: status.message,
    icon: "folder",
    tooltip: status.project,
    context: "project",
    children: sectionRows(status, now),
    open: true,
  }));
}

function sectionRows(status: ProjectStatus, now: number): readonly Row[] {
  return sections.flatMap((section): Row[] => {
    const inside = status.operations.filter((operation) => sectionOf(operation) === section);
    const ordered = section === "finished" ? [...inside].sort(latestFirst) : [...inside].sort(byPosition);
    const strangers = section === "running" ? holderRows(status, now) : [];
    const children = [...strangers, ...ordered.map((operation) => operationRow(operation, now, status.project))];
    if (children.length === 0) {
      return [];
    }
    return [
      {
        id: `${status.project}#${section}`,
        label: sectionWords(section),
        description: String(children.length),
        icon: "",
        tooltip: "",
        context: section === "finished" ? "section,finished" : "section",
        children,
        open: true,
      },
    ];
  });
}

/** The processes that our edits wait for and that are none of the queue's own, such as a uv in a terminal: a row for each. */
function holderRows({ project, operations }: ProjectStatus, now: number): readonly Row[] {
  const own = new Set(operations.filter((each) => !isFinished(each)).map(({ origin }) => origin.pid));
  const holders = operations.flatMap(({ blockedBy }) => (isStranger(blockedBy, own) ? [blockedBy] : []));
  const each = new Map(holders.map((blocked) => [blocked.pid, blocked]));
  return [...each.values()].map((blocked) => ({
    id: `${project}#pid${String(blocked.pid)}`,
    label: holderName(blocked),
    description: l10n.t("in a terminal or another program"),
    icon: "terminal",
    tooltip: `${blocked.command ?? ""}\n${holderWithPid(blocked, now)}`,
    context: "holder",
    children: [],
    open: false,
  }));
}

function isStranger(blocked: Blocked | null, own: ReadonlySet<number>): blocked is Blocked {
  const pid = blocked?.pid ?? undefined;
  return pid !== undefined && !own.has(pid);
}

function operationRow(operation: Operation, now: number, project: string): Row {
  const details = detailLines(operation, now, project);
  return {
    id: operation.id,
    label: titleOf(operation),
    description: describe(operation, now),
    icon: iconOf(operation),
    tooltip: [operation.title, ...details].join("\n"),
    context: ["operation", ...operation.can, ...(operation.state === "needsSave" ? ["save"] : [])].join(","),
    operation,
    children: details.map((line, index) => detailRow(operation, line, index)),
    open: false,
  };
}

function detailRow(operation: Operation, line: string, index: number): Row {
  const id = `${operation.id}/${index}`;
  return { id, label: line, description: "", icon: "", tooltip: line, context: "detail", children: [], open: false };
}

function describe(operation: Operation, now: number): string {
  if (operation.blockedBy !== null) {
    return l10n.t("waiting for {0}", holder(operation.blockedBy, now));
  }
  if (operation.state === "failed" && operation.error !== null) {
    return operation.error.message;
  }
  if (operation.finishedAt !== null) {
    // The time, not the age: an age that nobody refreshes would stand still.
    return `${stepWords(operation)} · ${clock(operation.finishedAt)}`;
  }
  const since = operation.startedAt ?? operation.createdAt;
  return `${stepWords(operation)} · ${l10n.t("for {0}", duration((now - Date.parse(since)) / 1000))}`;
}

/** Who, since when, on what, and what the tools said: each line one child of the operation. */
export function detailLines(operation: Operation, now: number, project = ""): readonly string[] {
  const { origin, blockedBy, error } = operation;
  const times = [
    l10n.t("Requested from {0} at {1}", origin.client, clock(operation.createdAt)),
    l10n.t("Process {0}", String(origin.pid)),
    ...(operation.startedAt === null ? [] : [l10n.t("Started at {0}", clock(operation.startedAt))]),
    ...(operation.finishedAt === null ? [] : [l10n.t("Finished at {0}", clock(operation.finishedAt))]),
    ...(operation.attempts > 1 ? [l10n.t("Planned {0} times", operation.attempts)] : []),
  ];
  const waits =
    blockedBy === null
      ? []
      : [
          l10n.t("Waiting for {0}", holderWithPid(blockedBy, now)),
          `${lockWords(blockedBy)}: ${within(blockedBy.path, project)}`,
        ];
  const output = error === null ? [] : [`${error.code}: ${error.message}`, ...lastLines(error.detail ?? "", 8)];
  // What it waits for is already said, with the seconds; and so is why it failed.
  const message = blockedBy !== null || error !== null || operation.message === "" ? [] : [operation.message];
  return [...times, ...waits, ...message, ...changeLines(operation), ...output];
}

/** What has changed: a line for each statement of a manifest, and one for all of uv.lock. */
function changeLines({ changes, lockChanges }: Operation): readonly string[] {
  const none = l10n.t("none");
  const stated = changes.map(({ table, name, from, to }) => `${table}: ${name}: ${from ?? none} → ${to ?? none}`);
  return lockChanges.length === 0 ? stated : [...stated, l10n.t("uv.lock: {0} packages changed", lockChanges.length)];
}

/** A path as seen from the project, where it lies in it. */
function within(path: string, project: string): string {
  const folder = decodeURIComponent(project.replace(/^file:\/\//, ""));
  return folder !== "" && path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}

function lastLines(text: string, count: number): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.slice(-count);
}

function clock(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : date.toLocaleTimeString();
}

function sectionOf(operation: Operation): Section {
  switch (operation.state) {
    case "queued":
      return operation.blockedBy === null ? "queued" : "waiting";
    case "waiting":
    case "needsSave":
      return "waiting";
    case "planning":
    case "committing":
    case "syncing":
      return "running";
    case "done":
    case "failed":
    case "cancelled":
      return "finished";
  }
}

function sectionWords(section: Section): string {
  switch (section) {
    case "running":
      return l10n.t("Running");
    case "waiting":
      return l10n.t("Waiting");
    case "queued":
      return l10n.t("Queued");
    case "finished":
      return l10n.t("Finished");
  }
}

function iconOf(operation: Operation): string {
  switch (operation.state) {
    case "queued":
      return "circle-large-outline";
    case "planning":
    case "committing":
    case "syncing":
      return "sync~spin";
    case "waiting":
      return "clock";
    case "needsSave":
      return "save";
    case "done":
      return "check";
    case "failed":
      return "error";
    case "cancelled":
      return "circle-slash";
  }
}

export function projectName(project: string): string {
  const path = decodeURIComponent(project.replace(/\/pyproject\.toml$/, "").replace(/\/$/, ""));
  return path.slice(path.lastIndexOf("/") + 1);
}

function byPosition(one: Operation, other: Operation): number {
  return one.position - other.position;
}

function latestFirst(one: Operation, other: Operation): number {
  return (other.finishedAt ?? "").localeCompare(one.finishedAt ?? "");
}
