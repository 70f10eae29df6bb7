"""Chromium without a window, and a page in it that must not complain."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from support.debian import program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page

_REFUSED = "Failed to load resource: the server responded with a status of "
_UNREACHED = "Failed to load resource: net::ERR_CONNECTION_REFUSED"


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of the system, or of Debian's package."""
    path = program("chromium", "chromium")
    # Within containers root has no sandbox, and /dev/shm may be tiny.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*options, "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@contextlib.contextmanager
def opened(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """The page at `url`. Errors of scripts, what its policy forbids, and requests to elsewhere fail the test."""
    faults: list[str] = []

    def said(message: ConsoleMessage) -> None:
        # Of an answer that is no success a browser says so itself; what the page makes of it is what tests look at.
        expected = message.text.startswith((_REFUSED, _UNREACHED)) and "/v1/" in message.location["url"]
        if message.type in ("error", "warning") and not expected and not message.location["url"].endswith("/health"):
            faults.append(message.text)

    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("console", said)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(url) else faults.append(request.url))
    page.goto(url)
    yield page
    context.close()
    assert faults == [], faults
