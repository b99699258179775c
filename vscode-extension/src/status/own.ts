import { type Event, EventEmitter } from "vscode";

/**
 * Ids of the operations that this window asked for. Every window sees the whole queue of a project; only the one that
 * asked says so when an operation fails.
 */
export class OwnOperations {
  readonly #ids = new Set<string>();
  readonly #noted = new EventEmitter<string>();
  /** A short operation may have failed before the answer with its id arrives: whoever missed it then hears of it here. */
  readonly onDidNote: Event<string> = this.#noted.event;

  /** Note the answer of a server command; answers without an id, such as a preview, are passed over. */
  note(answer: unknown): void {
    if (typeof answer === "object" && answer !== null && "id" in answer && typeof answer.id === "string") {
      this.#ids.add(answer.id);
      this.#noted.fire(answer.id);
    }
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  dispose(): void {
    this.#noted.dispose();
  }
}
