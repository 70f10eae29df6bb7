"""The built page, a service that shows it, and a browser to look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.browser import chromium, opened
from support.node import do_without
from support.service import Service, running
from tools.npm import NpmError
from tools.playground import BUNDLE, build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def bundle() -> Path:
    """The page as its sources are now, where the service finds it."""
    try:
        build()
    except NpmError as error:
        do_without(str(error))
    return BUNDLE


@pytest.fixture(scope="module")
def service(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    assert bundle.is_dir()
    with running(tmp_path_factory.mktemp("service") / "log", "--pool-workers", "1") as started:
        yield started


@pytest.fixture(scope="module")  # longer would leave playwright's event loop running under the tests of others
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """The page on a screen of a laptop, with its first example merged."""
    with opened(browser, service.url, viewport={"width": 1280, "height": 900}) as shown:
        yield shown
