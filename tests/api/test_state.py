"""Whether requests may be sent."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING

import httpx
import pytest
from litestar.datastructures import State

from fastapply.api.state import Readiness, ready

if TYPE_CHECKING:
    from support.service import Service


def test_a_service_whose_workers_are_up_is_ready(service: Service) -> None:
    reply = httpx.get(f"{service.url}/ready")
    assert (reply.status_code, reply.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize(
    ("small", "large", "draining", "status", "said"),
    [
        (2, 1, False, 200, "ready"),
        (0, 1, False, 503, "no worker is up"),
        (2, 0, False, 503, "no worker is up"),
        (2, 1, True, 503, "draining"),
    ],
)
def test_ready_is_who_has_workers_and_is_not_about_to_end(
    small: int, large: int, draining: bool, status: int, said: str
) -> None:
    lanes = SimpleNamespace(small=SimpleNamespace(alive=small), large=SimpleNamespace(alive=large))
    reply = asyncio.run(ready.fn(lanes, State({"draining": draining})))
    assert (reply.status_code, reply.content) == (status, Readiness(said))
