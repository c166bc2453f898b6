"""A headless Chromium, the system's own, driven by Playwright: a page as a browser shows it.

Playwright's own browsers are not asked for: where the system has no Chromium, the tests are skipped and say so.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page, Request, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here: install it to test the page as it is shown"
)
PATIENCE_MS = 60_000


class Browser:
    """One browser with one page at a time.

    `complaints` holds what its console said, what it fetched and what its policy blocked; `dialogs` what popped up.
    """

    def __init__(self) -> None:
        self._playwright = sync_playwright().start()
        try:
            self._browser = self._playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        except BaseException:
            self._playwright.stop()
            raise
        self._context: BrowserContext | None = None
        self.complaints: list[str] = []
        self.dialogs: list[str] = []
        self.page: Page

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, it: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the browser and all its helpers."""
        self._browser.close()
        self._playwright.stop()

    def open(
        self,
        page: Path | str,
        *,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        fragment: str = "",
        scripts: bool = True,
    ) -> Page:
        """Loads a file, or an address, in a window of `width` × `height`, and waits until it is loaded."""
        if self._context:
            self._context.close()
        self.complaints.clear()
        self.dialogs.clear()
        self._context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
            permissions=["clipboard-read", "clipboard-write"],
        )
        self.page = self._context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("console", lambda message: self.complaints.append(f"console.{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", self._dismissed)
        self.page.on("request", self._noted)
        self.page.goto((page.as_uri() if isinstance(page, Path) else page) + fragment)
        return self.page

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        return self.page.evaluate(expression)

    def wait_until(self, expression: str) -> None:
        """Returns once `expression` is true in the page; TimeoutError where it never is."""
        self.page.wait_for_function(expression)

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        self.page.screenshot(path=path, full_page=whole)

    def pdf(self) -> bytes:
        """The page as it is printed on A4."""
        return self.page.pdf(prefer_css_page_size=True, print_background=False)

    def _dismissed(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.accept()

    def _noted(self, request: Request) -> None:
        if not request.url.startswith(("file:", "about:", "data:", "http://127.0.0.1:")):
            self.complaints.append(f"fetched {request.url}")
