"""Draw the extension's icon (PNG, as marketplaces want it) from its SVG: `python -m tests.vscode.icon`."""

from playwright.sync_api import sync_playwright

from tests.vscode import install


def main() -> None:
    """Write `vscode-extension/media/icon.png`."""
    media = install.EXTENSION / "media"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=install.browser(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 256, "height": 256})
        page.set_content(f"<body style='margin:0'>{(media / 'icon.svg').read_text()}</body>")
        page.screenshot(path=media / "icon.png", omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
