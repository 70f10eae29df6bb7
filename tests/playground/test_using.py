"""The page for everybody: by keyboard, on a phone, in the dark, and where something goes wrong."""

from __future__ import annotations

import hashlib
import re
import socket
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from support.browser import opened
from support.desk import (
    MERGED,
    ORIGINAL,
    REFUSED,
    RESULT,
    SNIPPET,
    choose_example,
    content,
    result,
    says,
    write,
)
from support.node import with_packages
from support.service import Service, running
from tools.playground import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

SECRET = "fa_of-the-page"
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
LAPTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}


def focused(page: Page) -> str:
    """What has the focus: the id of the element, or of the host of its shadow root, else its name."""
    return str(page.evaluate("() => document.activeElement.id || document.activeElement.tagName"))


def outlined(page: Page) -> bool:
    """Whether what has the focus shows it."""
    script = """() => {
        const place = document.activeElement;
        const style = getComputedStyle(place.shadowRoot ? place.closest(".pane") : place);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    }"""
    return bool(page.evaluate(script))


def test_every_control_is_reached_by_tab_shows_it_and_none_holds_it(page: Page) -> None:
    says(page, MERGED)
    stops: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        stop = focused(page)
        if stop == "BODY" or stop in stops[:1]:
            break  # once around
        stops.append(stop)
        assert outlined(page), stop
    controls = ["theme", "example", "path", "language", "on-doubt", "instruction", "original", "snippet", "merge"]
    assert [stop for stop in stops if stop in controls] == controls
    later = ["merge", "as-typed", "wrap", "only-changes", "copy-result", "download", "merged", "copy-curl"]
    assert [stop for stop in stops if stop in later] == later
    assert len(stops) < 40


def test_a_doubt_is_settled_without_a_mouse(page: Page) -> None:
    says(page, MERGED)
    page.keyboard.press("Tab")
    assert focused(page) == "skip"
    page.keyboard.press("Enter")
    assert focused(page) == "original"
    write(page, ORIGINAL, "def f():\n    go()\n\n\ndef g():\n    go()\n")
    page.keyboard.press("Tab")
    assert focused(page) == "snippet"
    write(page, SNIPPET, "# ...\n    go()\n    stop()\n# ...\n")
    page.keyboard.press("Control+Enter")
    says(page, REFUSED)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "It belongs here: line 6":
            break
    page.keyboard.press("Enter")
    says(page, "Merged: 1 line added, 0 removed.")
    assert focused(page) == "status"
    assert result(page) == "def f():\n    go()\n\n\ndef g():\n    go()\n    stop()\n"


def test_what_happens_is_said_aloud(page: Page) -> None:
    expect(page.get_by_role("status")).to_have_text(MERGED)
    for name in ("Original", "Edit snippet", "Merged result"):
        expect(page.get_by_role("textbox", name=name, exact=True)).to_be_visible()


@pytest.fixture(scope="module")
def axe() -> str:
    return (with_packages(SOURCES).packages / "axe-core/axe.min.js").read_text("utf-8")


@pytest.mark.parametrize(("scheme", "screen"), [("light", LAPTOP), ("dark", PHONE)], ids=["laptop", "phone"])
def test_the_rules_of_accessibility_hold(
    browser: Browser, service: Service, axe: str, scheme: str, screen: dict[str, Any]
) -> None:
    with opened(browser, service.url, color_scheme=scheme, bypass_csp=True, **screen) as page:
        page.evaluate(axe)
        for example, status in (("TSX", MERGED), ("two methods", REFUSED)):
            choose_example(page, example)
            says(page, status)
            found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
            nodes = [node for rule in found["violations"] for node in rule["nodes"]]
            assert [(node["html"], node["failureSummary"]) for node in nodes] == []


def test_it_fits_a_phone(browser: Browser, service: Service) -> None:
    with opened(browser, service.url, **PHONE) as page:
        page.get_by_label("Path", exact=True).fill("a/very/long/path/" * 12 + "store.py")
        for example in ("lines left out", "TSX", "two methods"):
            choose_example(page, example)
            says(page, re.compile("Merged|Refused"))
            assert page.evaluate("() => document.documentElement.scrollWidth") == 360
        for control in page.locator("button:visible, select:visible, input:visible").all():
            box = control.bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= 17
        original, snippet = (page.locator(editor).bounding_box() for editor in (ORIGINAL, SNIPPET))
        assert original
        assert snippet
        assert snippet["y"] > original["y"] + original["height"] / 2
        assert page.get_by_label("wrap long lines").is_checked()


def background(page: Page) -> str:
    return str(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))


def test_light_and_dark_follow_the_system_until_a_person_chooses(browser: Browser, service: Service) -> None:
    with opened(browser, service.url, color_scheme="dark", **LAPTOP) as page:
        dark = background(page)
        page.emulate_media(color_scheme="light")
        light = background(page)
        assert light != dark
        page.get_by_label("Theme").select_option("dark")
        assert background(page) == dark
        page.reload()
        says(page, MERGED)
        assert background(page) == dark
        assert page.evaluate("() => Object.keys(localStorage)") == ["fastapply-theme"]


def test_nothing_of_the_code_is_kept(page: Page) -> None:
    says(page, MERGED)
    kept = "() => [localStorage.length, sessionStorage.length, document.cookie, location.href.length]"
    before = page.evaluate(kept)
    choose_example(page, "Go")
    says(page, "Merged: 9 lines added, 0 removed.")
    assert page.evaluate(kept) == before
    assert before[:3] == [0, 0, ""]


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Service]:
    """A service that asks for a key, and answers it four times a minute."""
    monkeypatch.setenv("FASTAPPLY_KEYS", f"page:{hashlib.sha256(SECRET.encode()).hexdigest()}")
    monkeypatch.setenv("FASTAPPLY_LIMITS_REQUESTS_PER_MINUTE", "4")
    monkeypatch.setenv("FASTAPPLY_SERVER_MAX_BODY", "4 KiB")
    with running(tmp_path / "log", "--pool-workers", "1") as started:
        yield started


def test_a_key_is_asked_for_sent_and_kept_only_on_wish(browser: Browser, strict: Service) -> None:
    with opened(browser, strict.url, **LAPTOP) as page:
        says(page, "Unauthorized.")
        expect(page.locator("#problem")).to_contain_text("401 unauthorized")
        field = page.get_by_label("This service asks for a key")
        field.fill("fa_wrong")
        field.press("Enter")
        expect(page.locator("#problem")).to_contain_text("This key is not known")
        field.fill(SECRET)
        page.get_by_role("button", name="Use it").click()
        says(page, MERGED)
        assert "$FASTAPPLY_KEY" in page.locator("#curl").inner_text()
        assert SECRET not in page.content().replace(f'value="{SECRET}"', "")
        assert page.evaluate("() => sessionStorage.length") == 0
        page.reload()
        says(page, "Unauthorized.")
        page.get_by_label("keep it until").check()
        field.fill(SECRET)
        field.press("Enter")
        says(page, MERGED)
        page.reload()
        says(page, MERGED)
        # What is too large, and the one request too many.
        page.get_by_label("as I type").uncheck()
        write(page, ORIGINAL, "x = 1\n" * 1000)
        page.keyboard.press("Control+Enter")
        says(page, "The request is too large.")
        expect(page.locator("#problem")).to_contain_text("server.max_body")
        page.keyboard.press("Control+Enter")
        says(page, "Too Many Requests.")
        expect(page.locator("#problem")).to_contain_text("More than 4 requests in a minute")


def test_a_service_that_is_busy_is_asked_again(page: Page) -> None:
    says(page, MERGED)
    told = {"title": "The service is busy", "status": 503, "detail": "64 requests wait", "code": "queue_full"}
    page.route("**/v1/apply", lambda route: route.fulfill(status=503, json=told, headers={"Retry-After": "1"}), times=1)
    choose_example(page, "Go")
    says(page, "The service is busy.")
    expect(page.locator("#problem")).to_contain_text("The next try is in 1 second.")
    says(page, "Merged: 9 lines added, 0 removed.")
    expect(page.locator("#problem")).to_be_hidden()


def test_a_proxy_that_answers_in_its_own_words_breaks_nothing(page: Page) -> None:
    says(page, MERGED)
    page.route("**/v1/apply", lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"))
    choose_example(page, "Go")
    expect(page.locator("#problem")).to_contain_text("502 error")


def test_a_field_that_can_not_be_used_is_named(page: Page) -> None:
    says(page, MERGED)
    write(page, ORIGINAL, "a\n")
    page.get_by_label("Language", exact=True).evaluate("place => place.append(new Option('x', 'no-such'))")
    page.get_by_label("Language", exact=True).select_option("no-such")
    says(page, "The language is not known.")
    expect(page.locator("#problem")).to_contain_text("422 unknown_language")


def test_a_service_that_ends_is_missed_and_found_again(browser: Browser, bundle: Path, tmp_path: Path) -> None:
    assert bundle.is_dir()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with running(tmp_path / "log", "--pool-workers", "1", port=port):
        page_context = opened(browser, url, **LAPTOP)
        page = page_context.__enter__()
        says(page, MERGED)
    content(page, SNIPPET).press("Control+End")
    page.keyboard.type("# ...")
    says(page, "The service can't be reached.")
    expect(page.locator(RESULT)).to_be_hidden()
    with running(tmp_path / "log", "--pool-workers", "1", port=port):
        says(page, MERGED)
        page_context.__exit__(None, None, None)
