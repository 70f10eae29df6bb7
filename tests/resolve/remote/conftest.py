"""What holds in all tests of a model on another machine."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from fastapply import retries
from support.model_server import KEY, SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "_FIRST_BACKOFF", 0.001)


@pytest.fixture(autouse=True)
def _code_and_key_are_told_to_nobody(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No log at any level holds them, our client's own included."""
    caplog.set_level(logging.DEBUG)
    yield
    assert SECRET not in caplog.text
    assert KEY not in caplog.text
