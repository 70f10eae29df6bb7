"""A service for the client to ask."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from support.service import Service, running

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "fa_the-key-of-the-client"


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One that asks for `KEY`."""
    folder = tmp_path_factory.mktemp("service")
    settings = folder / "fastapply.toml"
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    settings.write_text(f'[[keys]]\nname = "client"\nsha256 = "{digest}"\n')
    with running(folder / "log", "--pool-workers", "2", "--config", str(settings)) as started:
        yield started


@pytest.fixture(scope="session")
def key() -> str:
    """What it asks for."""
    return KEY
