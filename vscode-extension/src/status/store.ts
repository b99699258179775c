import { type Event, EventEmitter } from "vscode";
import type { Operation, ProjectStatus } from "../protocol";

/** The last status of each project, as the server sent it. The only state that the views show. */
export class StatusStore {
  readonly #projects = new Map<string, ProjectStatus>();
  readonly #changed = new EventEmitter<ProjectStatus | undefined>();
  /** The new status of a project; undefined when all are forgotten. */
  readonly onDidChange: Event<ProjectStatus | undefined> = this.#changed.event;

  get projects(): readonly ProjectStatus[] {
    return [...this.#projects.values()];
  }

  set(status: ProjectStatus): void {
    this.#projects.set(status.project, status);
    this.#changed.fire(status);
  }

  /** Forget everything: the server that said it is gone. */
  clear(): void {
    this.#projects.clear();
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
  return /\.(toml|py)$/.test(name) ? project.slice(0, -name.length) : `${project}/`;
}

/** The file that the operations of a project edit, as a person calls it: its manifest, or the script itself. */
export function fileName(project: string): string {
  const name = decodeURIComponent(project.slice(project.lastIndexOf("/") + 1));
  return name.endsWith(".py") ? name : "pyproject.toml";
}
