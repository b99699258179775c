import { l10n, languages, type LanguageStatusItem, LanguageStatusSeverity } from "vscode";
import type { App } from "../app";
import { currentProject } from "../project";
import { summary } from "./summary";

const severities = {
  none: LanguageStatusSeverity.Information,
  warning: LanguageStatusSeverity.Warning,
  error: LanguageStatusSeverity.Error,
};

/** The item behind the braces at the language name, for files that have to do with a project. */
export function languageStatus(app: App): { readonly item: LanguageStatusItem; readonly update: () => void } {
  const selector = [{ pattern: "**/pyproject.toml" }, { pattern: "**/uv.lock" }, { language: "python" }];
  const item = languages.createLanguageStatusItem("pyproject.status", selector);
  item.name = l10n.t("pyproject");
  item.command = { command: "pyproject.showQueue", title: l10n.t("Show Queue") };
  const update = (): void => {
    const status = currentProject(app.store);
    if (status === undefined) {
      const running = app.server.version !== undefined;
      item.text = running ? l10n.t("pyproject: no project here") : l10n.t("pyproject: no server");
      item.detail = "";
      item.busy = false;
      return;
    }
    const { text, detail } = summary(app, status, Date.now());
    item.text = text.text;
    item.detail = detail;
    item.busy = text.busy;
    item.severity = severities[text.severity];
    item.accessibilityInformation = { label: `pyproject: ${text.text}` };
  };
  return { item, update };
}
