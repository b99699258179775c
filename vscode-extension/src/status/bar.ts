import { l10n, StatusBarAlignment, type StatusBarItem, ThemeColor, window } from "vscode";
import type { App } from "../app";
import { currentProject } from "../project";
import { summary } from "./summary";

/** The item in the status bar. A click opens the queue view. */
export function statusBar(app: App): { readonly item: StatusBarItem; readonly update: () => boolean } {
  const item = window.createStatusBarItem("pyproject.status", StatusBarAlignment.Left, 10);
  item.name = l10n.t("pyproject: queue and lock");
  const update = (): boolean => {
    const status = currentProject(app.store);
    if (status === undefined) {
      item.hide();
      return false;
    }
    const { text, tooltip } = summary(app, status, Date.now());
    item.text = `$(${text.icon}) ${text.text}`;
    item.tooltip = tooltip;
    item.command = text.icon === "save" ? "pyproject.saveWaiting" : "pyproject.showQueue";
    item.accessibilityInformation = { label: `pyproject: ${text.text}`, role: "button" };
    // Colour only where a person must act: a failure has had its message.
    item.backgroundColor = text.severity === "warning" ? new ThemeColor("statusBarItem.warningBackground") : undefined;
    item.show();
    return text.ticking;
  };
  return { item, update };
}
