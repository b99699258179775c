import { CancellationTokenSource, l10n, type QuickPick, type QuickPickItem, window } from "vscode";
import type { App } from "../app";
import { normalized } from "./manifest";
import { taken } from "./pick";
import { about, type Target } from "./target";

/** The server's answer to `pyproject.searchPackages`: names that fit what was typed, the likeliest first. */
interface Found {
  readonly packages: readonly {
    readonly name: string;
    readonly version?: string;
    readonly exists?: boolean;
  }[];
}

const search = "pyproject.searchPackages";

/** Typing goes on while the index is asked: it is asked when a person pauses this long, in milliseconds. */
const pause = 150;

/** Ask for a requirement; names of the index are offered while a person types. Any PEP 508 text is taken as it is. */
export async function askRequirement(app: App, target: Target): Promise<string | undefined> {
  const picker = window.createQuickPick();
  picker.title = l10n.t("Add Dependency");
  picker.placeholder = l10n.t("Name of a package, or a requirement such as httpx>=0.28");
  const suggest = suggestions(app, target, picker);
  picker.onDidChangeValue(suggest);
  const requirement = await taken<string>(picker, (take) => {
    picker.onDidAccept(() => {
      take(picker.activeItems[0]?.label ?? picker.value.trim());
    });
  });
  return requirement === "" ? undefined : requirement;
}

function suggestions(app: App, target: Target, picker: QuickPick<QuickPickItem>): (value: string) => void {
  let timer: NodeJS.Timeout | undefined;
  let asking = new CancellationTokenSource();
  return (value) => {
    clearTimeout(timer);
    // The server lets go of the index when nobody waits for its answer any more.
    asking.cancel();
    const typed = value.trim();
    picker.items = typedItem(typed);
    picker.busy = false;
    if (!/^[A-Za-z0-9][\w.-]*$/.test(typed) || !app.server.offers(search)) {
      return;
    }
    const { token } = (asking = new CancellationTokenSource());
    timer = setTimeout(() => {
      picker.busy = true;
      const call = { command: search, argument: { ...about(target), query: typed } } as const;
      void app.server
        .execute(call, token)
        .then((answer) => {
          if (!token.isCancellationRequested) {
            picker.items = packageItems(typed, answer as Found);
            picker.busy = false;
          }
        })
        .catch((error: unknown) => {
          if (!token.isCancellationRequested) {
            app.log.warn(`${search}: ${String(error)}`);
            picker.busy = false;
          }
        });
    }, pause);
  };
}

function typedItem(typed: string): QuickPickItem[] {
  return typed === "" ? [] : [{ label: typed, description: l10n.t("as typed"), alwaysShow: true }];
}

/** What was typed stays the first choice, so that Enter never takes another package than the one that stands there. */
export function packageItems(typed: string, { packages }: Found): QuickPickItem[] {
  const known = packages.map(({ name, version, exists }) => ({
    label: name,
    description: exists === false ? l10n.t("not on the index") : (version ?? ""),
    alwaysShow: true,
  }));
  const exact = known.find(({ label }) => normalized(label) === normalized(typed));
  return exact === undefined ? [...typedItem(typed), ...known] : [exact, ...known.filter((item) => item !== exact)];
}
