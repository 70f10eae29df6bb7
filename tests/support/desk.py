"""What a person does on the page, for tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

MERGED = re.compile(r"Merged: .*")
REFUSED = "Refused: the edit can't be decided, and nothing was changed."
_PASTE = """(place, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    place.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""
"""A key for it would paste the one clipboard of this machine, which others use."""

ORIGINAL, SNIPPET, RESULT = "#original", "#snippet", "#merged"


def content(page: Page, editor: str) -> Locator:
    return page.locator(f"{editor} .cm-content")


def write(page: Page, editor: str, text: str) -> None:
    """Paste `text` over all that the editor holds."""
    content(page, editor).focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    content(page, editor).evaluate(_PASTE, text)


def choose_example(page: Page, words: str) -> None:
    picker = page.get_by_label("Example", exact=True)
    [title] = [title for title in picker.locator("option").all_text_contents() if words in title]
    picker.select_option(title)


def says(page: Page, text: str | re.Pattern[str]) -> None:
    """Wait until the status is `text`."""
    expect(page.locator("#status")).to_have_text(text)


def result(page: Page) -> str:
    """The merged text, as it is downloaded."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    return download.value.path().read_bytes().decode()


def signed(page: Page, sign: str) -> int:
    """How many lines of the result bear `sign` in the gutter."""
    signs = page.locator(f"{RESULT} .cm-source .cm-gutterElement:visible").all_inner_texts()
    return sum(text.split().count(sign) for text in signs)
