"""The other ranks of one model: rank 0 starts them, watches them, and ends when one of them does. Loads no torch."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from backend.process.ending import ended
from backend.process.options import CONFIG, DIED

if TYPE_CHECKING:
    from backend.process.options import Options

__all__ = ["Followers"]

_CLOSE_SECONDS = 5.0


class Followers:
    """Ranks 1 and up, as children of rank 0. If one ends, so does this process, with a line that says which and how.

    They are started before this process loads torch, which takes seconds in each.
    """

    def __init__(self, options: Options) -> None:
        # Beside the socket, whose folder is private and is cleared by whoever made it, however this process ends.
        beside = Path(options.socket.removeprefix("ipc://")).parent if options.socket.startswith("ipc://") else None
        self._folder = tempfile.TemporaryDirectory(prefix="ranks-", dir=beside, ignore_cleanup_errors=True)
        self.options = dataclasses.replace(options, store=Path(self._folder.name) / "store")
        self._closing = False
        self._lock = threading.Lock()
        self._children: list[subprocess.Popen[bytes]] = []
        for rank in range(1, options.tensor_parallel):
            own = dataclasses.replace(self.options, rank=rank, parent=os.getpid())
            command = [sys.executable, "-P", "-m", "backend.process", *own.arguments()]
            self._children.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
        self._watchers = [
            threading.Thread(target=self._watch, args=(rank, child), daemon=True)
            for rank, child in enumerate(self._children, 1)
        ]
        for watcher in self._watchers:
            watcher.start()

    def await_loss(self, seconds: float) -> None:
        """Let the end of a rank be seen that this one felt first; returns if none ends within `seconds`."""
        for watcher in self._watchers:
            watcher.join(seconds / len(self._watchers))

    def close(self) -> None:
        """Wait for all to end, as they do once rank 0 says so; kill those who don't."""
        self._closing = True
        for child in self._children:
            with suppress(subprocess.TimeoutExpired):
                child.wait(_CLOSE_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End all at once."""
        self._closing = True
        for child in self._children:
            child.kill()
        self._folder.cleanup()

    def _watch(self, rank: int, child: subprocess.Popen[bytes]) -> None:
        status = child.wait()
        with self._lock:
            if self._closing:
                return
            self.kill()
        if status not in (CONFIG, DIED):  # else it has said why
            line = f"error: rank {rank} of {len(self._children) + 1} {ended(status)}, and the engine ends with it\n"
            os.write(2, line.encode())
        # Every other thread may be waiting for that rank, in code that nothing interrupts.
        os._exit(CONFIG if status == CONFIG else DIED)
