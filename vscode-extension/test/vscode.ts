/** What the tested parts use of the editor's API: messages in English, events, and what is to be disposed of. */

import { fileURLToPath } from "node:url";

export const l10n = {
  t: (message: string, ...args: readonly (string | number)[]): string =>
    message.replace(/\{(\d+)\}/g, (whole, index: string) => String(args[Number(index)] ?? whole)),
};

export class EventEmitter<T> {
  readonly #listeners: ((value: T) => void)[] = [];
  readonly event = (listener: (value: T) => void): Disposable => {
    this.#listeners.push(listener);
    return new Disposable(() => undefined);
  };
  fire(value: T): void {
    for (const listener of this.#listeners) {
      listener(value);
    }
  }
  dispose(): void {
    this.#listeners.length = 0;
  }
}

export class Disposable {
  static from(...all: readonly { dispose: () => void }[]): Disposable {
    return new Disposable(() => {
      all.forEach((each) => {
        each.dispose();
      });
    });
  }
  readonly dispose: () => void;
  constructor(dispose: () => void) {
    this.dispose = dispose;
  }
}

export const window = {};
export const workspace = {};
export const commands = {};
export const Uri = {
  parse: (text: string): { toString: () => string; fsPath: string } => ({
    toString: () => text,
    fsPath: fileURLToPath(text),
  }),
};
export class TabInputText {
  readonly uri: unknown;
  constructor(uri: unknown) {
    this.uri = uri;
  }
}
