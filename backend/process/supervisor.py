"""Keeps an engine's process running beside the service: a thread that starts it, watches it and starts it again.

Loads no torch, and no asyncio. Whatever ends the service, the kernel ends the engine and its ranks with it.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from backend.process.ending import ended
from backend.process.failed import tell_failed
from backend.process.options import CONFIG

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.process.options import Options

__all__ = ["EngineProcess", "Pauses", "State"]

log = logging.getLogger(__name__)

Name = Literal["starting", "ready", "down", "failed", "closed"]

_CLOSE_SECONDS = 10.0
"""For an engine to end by itself: the step under way, and its ranks."""
_CLEAR_SECONDS = 3.0
"""For killed processes to be gone."""
_SOCKET = "engine.sock"


@dataclasses.dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds before an engine that ended is started again."""

    first: float = 1.0
    most: float = 30.0
    """It doubles up to this."""
    healthy: float = 60.0
    """An engine that was ready for so long begins with `first` again."""


@dataclasses.dataclass(frozen=True, slots=True)
class State:
    """How it stands with the engine's process."""

    name: Name
    """`down` is started again soon; `failed` never, since it would fail again."""
    why: str = ""
    """Of `down` and `failed`: its own last words, or how it ended."""
    restarts: int = 0


class EngineProcess:
    """`with EngineProcess(options) as engine: EngineClient(engine.address) ...`

    Starting takes as long as the weights take to be read: `state` says how far it is.
    """

    def __init__(
        self, options: Options, *, on_line: Callable[[str], None] = log.info, pauses: Pauses | None = None
    ) -> None:
        """`on_line` is given, from another thread, each line that the engine writes."""
        self._folder: Path | None = None
        if not options.socket:
            # Of this user alone, and short: the path of a socket may have hardly more than a hundred bytes.
            self._folder = Path(tempfile.mkdtemp(prefix="fastapply-"))
            options = dataclasses.replace(options, socket=f"ipc://{self._folder / _SOCKET}")
        self.address = options.socket
        """For `EngineClient`."""
        self._options = options
        self._on_line = on_line
        self._pauses = pauses or Pauses()
        self._state = State("starting")
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._last_words = ""
        self._ready_at: float | None = None
        self._thread = threading.Thread(target=self._keep, name="engine", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def state(self) -> State:
        """How it stands now."""
        return self._state

    @property
    def pid(self) -> int | None:
        """Of the process that runs now; it leads a process group with its ranks."""
        process = self._process
        return process.pid if process is not None else None

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def wait(self, holds: Callable[[State], bool], seconds: float) -> State:
        """Wait for a state that `holds`; returns the state after `seconds` at the latest."""
        with self._changed:
            self._changed.wait_for(lambda: holds(self._state), seconds)
            return self._state

    def close(self) -> None:
        """End the engine and all its ranks; returns when they are gone. Harmless twice."""
        self._closing.set()
        process = self._process
        if process is not None:
            process.terminate()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_SECONDS)
            if process is not None and self._thread.is_alive():
                _kill(process)
            self._thread.join()
        self._set("closed")
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _keep(self) -> None:
        pause, restarts = self._pauses.first, 0
        while not self._closing.is_set():
            self._set("starting", restarts=restarts)
            status = self._run(restarts)
            if self._closing.is_set():
                return
            why = self._last_words or f"the engine {ended(status)}"
            if status == CONFIG:
                if self._folder is not None:
                    tell_failed(self.address, why)
                self._set("failed", why, restarts)
                log.error("the engine can't be started: %s", why)
                return
            if self._ready_at is not None and time.monotonic() - self._ready_at >= self._pauses.healthy:
                pause = self._pauses.first
            self._set("down", why, restarts)
            log.warning("the engine is started again in %g s: %s", pause, why)
            self._closing.wait(pause)
            pause = min(2 * pause, self._pauses.most)
            restarts += 1

    def _run(self, restarts: int) -> int:
        """One process from start to end; its exit status."""
        options = dataclasses.replace(self._options, restarts=restarts, parent=os.getpid())
        self._last_words, self._ready_at = "", None
        process = subprocess.Popen(
            # -P: a folder named `backend` where the service was started is not ours.
            [sys.executable, "-P", "-m", "backend.process", *options.arguments()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._process = process
        reader = threading.Thread(target=self._read, args=(process, restarts), daemon=True)
        reader.start()
        if self._closing.is_set():  # asked while it was being started
            process.terminate()
        status = process.wait()
        _clear(process)
        reader.join(_CLEAR_SECONDS)
        assert process.stdout is not None
        process.stdout.close()
        self._process = None
        return status

    def _read(self, process: subprocess.Popen[str], restarts: int) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            text = line.rstrip("\n")
            if text.startswith("ready "):
                self._ready_at = time.monotonic()
                self._set("ready", restarts=restarts)
            elif text.startswith("error: "):
                self._last_words = text.removeprefix("error: ")
            self._on_line(text)

    def _set(self, name: Name, why: str = "", restarts: int = 0) -> None:
        with self._changed:
            self._state = State(name, why, restarts)
            self._changed.notify_all()


def _kill(process: subprocess.Popen[str]) -> bool:
    """Kill what is there of the process and its ranks; whether anything was."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _clear(process: subprocess.Popen[str]) -> None:
    """Kill the ranks that a process left behind and wait until they are gone: they may hold the device's memory."""
    due = time.monotonic() + _CLEAR_SECONDS
    while _kill(process) and time.monotonic() < due:
        with suppress(
            ChildProcessError
        ):  # they are ours to wait for only where this is the first process of a container
            os.waitpid(-process.pid, os.WNOHANG)
        time.sleep(0.01)
