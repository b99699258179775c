import { EventEmitter, type TextDocumentContentProvider, Uri } from "vscode";

/** Read-only documents made of a text in memory: previews, what the guardian found, the output of an operation. */
export class Texts implements TextDocumentContentProvider {
  static readonly scheme = "pyproject-text";

  readonly #texts = new Map<string, string>();
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;

  /** Put a text where an editor can open it. The same name again shows the new text in the same tab. */
  put(name: string, text: string): Uri {
    const uri = Uri.from({ scheme: Texts.scheme, path: `/${name}` });
    this.#texts.set(uri.toString(), text);
    this.#changed.fire(uri);
    return uri;
  }

  provideTextDocumentContent(uri: Uri): string {
    return this.#texts.get(uri.toString()) ?? "";
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
