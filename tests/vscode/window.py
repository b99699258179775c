"""One window of VS Code, as a person sees and uses it. Every wait is for what appears on the screen."""

import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as NotShown


@dataclass(frozen=True, slots=True)
class Window:
    """A page with a workbench."""

    page: Page

    @property
    def status(self) -> Locator:
        """Our item in the status bar."""
        return self.page.locator('.statusbar-item[id$="pyproject.status"]')

    @property
    def input(self) -> Locator:
        """The quick input: palette, pickers, boxes."""
        return self.page.locator(".quick-input-widget:visible input.input").first

    @property
    def queue(self) -> Locator:
        """The rows of the queue view."""
        return self.page.locator(".sidebar .monaco-list-row:visible")

    @property
    def toasts(self) -> Locator:
        """The notifications that are shown."""
        return self.page.locator(".notifications-toasts .notification-list-item")

    def tab(self, name: str) -> Locator:
        """The tab of a file."""
        return self.page.locator(f'.tab[data-resource-name="{name}"]').first

    def expect_status(self, pattern: str, timeout: float = 60) -> None:
        """Wait until our status item says this."""
        expect(self.status).to_have_attribute("aria-label", re.compile(pattern), timeout=timeout * 1000)

    def palette(self, title: str) -> None:
        """Run a command by its title; opened again until it is there, since a palette shows what was enabled then."""
        row = self.page.locator(".quick-input-list .monaco-list-row").filter(has_text=title).first
        for patience in (2_000, 4_000, 8_000, 40_000):
            self.page.keyboard.press("F1")
            self.input.wait_for()
            self.input.fill(f">{title}")
            try:
                row.click(timeout=patience)
            except NotShown:
                self.page.keyboard.press("Escape")
                self.page.locator(".quick-input-widget").wait_for(state="hidden")
            else:
                return
        raise AssertionError(f"the palette has no command {title!r}")

    def choose(self, text: str) -> None:
        """Take an entry of the picker that is open."""
        row = self.page.locator(".quick-input-list .monaco-list-row").filter(has_text=text).first
        row.wait_for()
        row.click()

    def answer(self, prompt: str, text: str, row: str | None = None) -> None:
        """Type into the picker that shows this prompt, and take the first choice once `row` (or the text) is there."""
        box = self.page.locator(f'.quick-input-widget:visible input.input[placeholder*="{prompt}"]')
        box.wait_for()
        box.fill(text)
        self.page.locator(".quick-input-list .monaco-list-row:visible", has_text=row or text).first.wait_for()
        box.press("Enter")

    def show_queue(self) -> None:
        """Click our status item; the queue view opens."""
        self.status.click()
        self.page.locator(".sidebar .composite.title", has_text=re.compile("queue", re.IGNORECASE)).wait_for()

    def expect_log(self) -> None:
        """Wait until our log is shown. Not its lines: this VS Code comes without the native module that writes them."""
        chosen = self.page.locator(".part.panel select.monaco-select-box option:checked", has_text=re.compile("^pyproject$"))
        expect(chosen.first).to_be_attached()

    def row(self, text: str) -> Locator:
        """The row of the queue view with this text."""
        return self.queue.filter(has_text=text).first

    def row_action(self, text: str, action: str) -> None:
        """Press one of the buttons that a row of the queue view shows under the pointer."""
        row = self.row(text)
        row.hover()
        row.locator(f'.action-label[aria-label^="{action}"]').click()

    def editor_text(self) -> str:
        """The lines of the active editor that are on the screen, top to bottom."""
        lines = self.page.locator(".editor-group-container.active .view-lines .view-line")
        found = lines.evaluate_all("all => all.map(l => [parseInt(l.style.top), l.textContent])")
        return "\n".join(text.replace("\u00a0", " ") for _, text in sorted(found))

    def focus_editor(self) -> None:
        """Put the cursor into the active editor."""
        # The frame, not the lines in it: to reach a line the driver may scroll the editor, and then the line is away.
        frame = self.page.locator(".editor-group-container.active .monaco-editor .overflow-guard").first
        frame.click(position={"x": 300, "y": 200})

    def type_at_end(self, text: str) -> None:
        """Type at the end of the file."""
        self.focus_editor()
        self.page.keyboard.press("ControlOrMeta+End")
        self.page.keyboard.type(text)

    def expect_dirty(self, name: str, *, dirty: bool) -> None:
        """Wait until the tab of a file shows the mark of the unsaved, or does not."""
        pattern = re.compile(r"\bdirty\b")
        expectation = expect(self.tab(name))
        (expectation.to_have_class if dirty else expectation.not_to_have_class)(pattern)

    def shot(self, path: Path) -> None:
        """Take a picture of the window."""
        self.page.screenshot(path=path, animations="disabled", caret="hide")
