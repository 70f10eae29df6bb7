"""When an engine that ended is started again."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from backend.process.options import DIED, Options
from backend.process.supervisor import EngineProcess, Pauses


class Waits(threading.Event):
    """Notes how long it was waited for, and does not wait; ends the whole after so many times."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.seconds: list[float | None] = []
        self._most = most

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout)
        if len(self.seconds) == self._most:
            self.set()
        return self.is_set()


class Scripted(EngineProcess):
    """Its engines end at once; those whose number is in `healthy` were ready for long before."""

    healthy: frozenset[int] = frozenset()

    def _run(self, restarts: int) -> int:
        self._last_words = ""
        self._ready_at = time.monotonic() - (61 if restarts in self.healthy else 59)
        return DIED


def pauses_of(engine: EngineProcess, count: int) -> list[float | None]:
    waits = Waits(count)
    engine._closing = waits
    with engine:
        engine._thread.join(20)
        assert not engine._thread.is_alive()
    return waits.seconds


def test_pauses_double_up_to_a_limit() -> None:
    engine = Scripted(Options(Path("nowhere"), "ipc://nowhere"))
    assert pauses_of(engine, 8) == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_minute_of_health_begins_anew() -> None:
    engine = Scripted(Options(Path("nowhere"), "ipc://nowhere"), pauses=Pauses(first=3, most=20))
    engine.healthy = frozenset({0, 4})
    assert pauses_of(engine, 7) == [3, 6, 12, 20, 3, 6, 12]


def test_what_was_never_started_can_be_closed() -> None:
    engine = EngineProcess(Options(Path("nowhere")))
    folder = Path(engine.address.removeprefix("ipc://")).parent
    assert folder.stat().st_mode & 0o777 == 0o700
    engine.close()
    engine.close()
    assert not folder.exists()
    assert engine.state.name == "closed"
