import { type Event, EventEmitter } from "vscode";
import { isScript } from "../actions/manifest";
import { isFinished, type Operation, type ProjectStatus } from "../protocol";

/** The last status of each project, as the server sent it. The only state that the views show. */
export class StatusStore {
  readonly #projects = new Map<string, ProjectStatus>();
  /** Since when, in milliseconds, a failure of a project is news: the start of the window, its last save, or 'Dismiss'. */
  readonly #newsSince = new Map<string, number>();
  #start: number;
  #clearedAt = 0;
  readonly #changed = new EventEmitter<ProjectStatus | undefined>();
  /** The new status of a project; undefined when all are forgotten. */
  readonly onDidChange: Event<ProjectStatus | undefined> = this.#changed.event;

  constructor(now = Date.now()) {
    this.#start = now;
  }

  get projects(): readonly ProjectStatus[] {
    return [...this.#projects.values()];
  }

  set(status: ProjectStatus): void {
    this.#projects.set(status.project, status);
    this.#changed.fire(status);
  }

  /** The failure that a project ended with, as long as nobody has answered it by a save, a dismissal or another edit. */
  failure({ project, operations }: ProjectStatus): Operation | undefined {
    const last = operations.find(isFinished);
    const since = this.#newsSince.get(project) ?? this.#start;
    return last?.state === "failed" && Date.parse(last.finishedAt ?? "") >= since ? last : undefined;
  }

  /** What has failed in a project is no news any more. */
  dismiss(project: string, now = Date.now()): void {
    this.#newsSince.set(project, now);
    this.#changed.fire(this.#projects.get(project));
  }

  /** The operations of a project that the queue shows: all but the finished ones that a person has cleared away. */
  shown({ operations }: ProjectStatus): readonly Operation[] {
    return operations.filter((each) => !isFinished(each) || Date.parse(each.finishedAt ?? "") > this.#clearedAt);
  }

  /** Clear the finished operations away. They can still be undone by 'Undo Last Change'. */
  clearFinished(now = Date.now()): void {
    this.#clearedAt = now;
    for (const { project } of this.projects) {
      this.dismiss(project, now);
    }
  }

  /** Forget everything: the server that said it is gone. What failed before it was started anew is no news. */
  clear(now = Date.now()): void {
    this.#projects.clear();
    this.#start = now;
    this.#changed.fire(undefined);
  }

  /** The innermost project that holds the file; `file:///a/b` holds `file:///a/b/pyproject.toml`. */
  projectOf(uri: string): ProjectStatus | undefined {
    return this.projects
      .filter((status) => uri === status.project || uri.startsWith(folderOf(status.project)))
      .sort((one, other) => other.project.length - one.project.length)[0];
  }

  operation(id: string): Operation | undefined {
    return this.projects.flatMap((status) => status.operations).find((operation) => operation.id === id);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

/** The folder of a project with a slash at its end; a status may name the manifest, a script, or the folder itself. */
export function folderOf(project: string): string {
  if (project.endsWith("/")) {
    return project;
  }
  const name = project.slice(project.lastIndexOf("/") + 1);
  return /\.(toml|pyw?)$/.test(name) ? project.slice(0, -name.length) : `${project}/`;
}

/** The file that the operations of a project edit, as a person calls it: its manifest, or the script itself. */
export function fileName(project: string): string {
  const name = decodeURIComponent(project.slice(project.lastIndexOf("/") + 1));
  return isScript(name) ? name : "pyproject.toml";
}
