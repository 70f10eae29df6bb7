"""Services to send requests to."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from support.service import Service, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service as `make serve` starts it."""
    with running(tmp_path_factory.mktemp("service") / "log", "--pool-workers", "2") as started:
        yield started


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts a service with options of its own, for tests that do harm to it."""
    with contextlib.ExitStack() as stack:
        yield lambda *options: stack.enter_context(running(tmp_path / "log", *options))


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    """Runs requests while the test goes on."""
    with ThreadPoolExecutor(32) as executor:
        yield executor
