import {
  Disposable,
  EventEmitter,
  l10n,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  window,
} from "vscode";
import type { App } from "../app";
import { isFinished, type ProjectStatus } from "../protocol";
import type { StatusStore } from "../status/store";
import { queueRows, type Row } from "./rows";

/** Ages in the rows are told in steps this long, in milliseconds, while something runs. */
const tick = 2000;

/** The queue view: every operation of every process on the projects of this window. */
export function queueView(app: App): Disposable {
  const changed = new EventEmitter<undefined>();
  const provider: TreeDataProvider<Row> = {
    onDidChangeTreeData: changed.event,
    getChildren: (row) => [...(row?.children ?? queueRows(shownProjects(app.store), Date.now()))],
    getTreeItem: treeItem,
  };
  const view = window.createTreeView("pyproject.queue", { treeDataProvider: provider, showCollapseAll: true });
  let timer: NodeJS.Timeout | undefined;
  let shown = "";
  const update = (): void => {
    clearTimeout(timer);
    const open = app.store.projects.flatMap((status) => status.operations).filter((each) => !isFinished(each)).length;
    view.badge = open === 0 ? undefined : { value: open, tooltip: l10n.t("{0} operations not finished", open) };
    // Only what is news: a row that is drawn anew just under the pointer loses the click.
    const now = JSON.stringify(
      shownProjects(app.store).map(({ project, message, operations }) => [project, message, operations]),
    );
    if (now !== shown) {
      shown = now;
      changed.fire(undefined);
    }
    timer = open > 0 && view.visible ? setTimeout(redraw, tick) : undefined;
  };
  // Also when the view is first shown: VS Code then asks for its rows twice, and may miss those below a section.
  const redraw = (): void => {
    changed.fire(undefined);
    update();
  };
  const stopTimer = new Disposable(() => {
    clearTimeout(timer);
  });
  return Disposable.from(view, changed, app.store.onDidChange(update), view.onDidChangeVisibility(redraw), stopTimer);
}

/** The projects with the operations that a person has not cleared away. */
function shownProjects(store: StatusStore): readonly ProjectStatus[] {
  return store.projects.map((status) => ({ ...status, operations: store.shown(status) }));
}

function treeItem(row: Row): TreeItem {
  const { None, Expanded, Collapsed } = TreeItemCollapsibleState;
  const item = new TreeItem(row.label, row.children.length === 0 ? None : row.open ? Expanded : Collapsed);
  item.id = row.id;
  item.description = row.description;
  item.tooltip = row.tooltip;
  item.contextValue = row.context;
  item.accessibilityInformation = { label: [row.label, row.description].filter((part) => part !== "").join(", ") };
  if (row.icon !== "") {
    item.iconPath = new ThemeIcon(row.icon, colour(row.icon));
  }
  return item;
}

/** Colours of the theme, so that high contrast has its own. */
function colour(icon: string): ThemeColor | undefined {
  switch (icon) {
    case "error":
      return new ThemeColor("list.errorForeground");
    case "clock":
    case "save":
      return new ThemeColor("list.warningForeground");
    case "check":
      return new ThemeColor("testing.iconPassed");
    default:
      return undefined;
  }
}
