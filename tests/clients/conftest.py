"""A service, and the clients of npm to point at it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.node import Node, with_packages
from support.service import Service, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("service") / "log", "--pool-workers", "1") as started:
        yield started


@pytest.fixture(scope="package")
def node() -> Node:
    return with_packages(Path(__file__).parent)
