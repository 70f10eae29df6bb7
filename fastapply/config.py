"""The settings of the service, checked where they are made. Each field is followed by its meaning, unit and range."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from fastapply.errors import InvalidRequest

__all__ = ["PoolSettings", "ServiceSettings"]

MIB = 1 << 20
GIB = 1 << 30


def _default_workers() -> int:
    """One worker a core this process may use, at most 8: a merge takes milliseconds and a worker some 60 MB."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, 8)


def _require(holds: bool, field_name: str, message: str) -> None:
    if not holds:
        raise InvalidRequest(f"{field_name} {message}", field=field_name)


@dataclass(frozen=True)
class PoolSettings:
    """The processes that merge."""

    workers: int = field(default_factory=_default_workers)
    """Processes, 1 or more."""

    queue: int = 64
    """Requests that may wait for a worker; one more is turned away. 0 or more."""

    deadline: float = 5.0
    """Seconds a request may take, waiting included; then its worker is killed. More than 0."""

    memory: int = 4 * GIB
    """Bytes of address space a worker may use; 0 for no limit. At least 512 MiB otherwise."""

    def __post_init__(self) -> None:
        _require(self.workers >= 1, "workers", "must be 1 or more")
        _require(self.queue >= 0, "queue", "must be 0 or more")
        _require(self.deadline > 0, "deadline", "must be more than 0 seconds")
        _require(self.memory == 0 or self.memory >= 512 * MIB, "memory", "must be 0 or at least 512 MiB")


@dataclass(frozen=True)
class ServiceSettings:
    """The HTTP service."""

    host: str = "127.0.0.1"
    """Address to listen on. The service has no keys yet: keep it on the loopback unless the network is yours."""

    port: int = 8000
    """Port to listen on, 0 to 65535; 0 lets the system choose."""

    max_body: int = 10 * MIB
    """Bytes of the largest request body that is read. 1 KiB or more."""

    pool: PoolSettings = field(default_factory=PoolSettings)
    """The processes that merge."""

    def __post_init__(self) -> None:
        _require(0 <= self.port <= 65535, "port", "must be between 0 and 65535")
        _require(self.max_body >= 1024, "max_body", "must be at least 1 KiB")
