import type { QuickInput } from "vscode";

/** Show a picker until something of it is taken, as `listen` says; undefined when it is closed instead. */
export async function taken<T>(picker: QuickInput, listen: (take: (value: T) => void) => void): Promise<T | undefined> {
  const answer = new Promise<T | undefined>((resolve) => {
    listen((value) => {
      resolve(value);
      picker.hide();
    });
    picker.onDidHide(() => {
      resolve(undefined);
    });
  });
  picker.show();
  const value = await answer;
  picker.dispose();
  return value;
}
