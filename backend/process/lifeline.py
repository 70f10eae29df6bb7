"""How a process ends with the one that started it, whatever ended that."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

__all__ = ["end_with"]

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LOOK_SECONDS = 0.5


def end_with(parent: int, *, by_kernel: bool = sys.platform == "linux") -> None:
    """End this process, at once and by SIGKILL, when its parent with process id `parent` ends, or if it has already.

    On Linux the kernel sees to it, even while this process is stuck; it counts the end of the thread that started this
    process as the parent's. Elsewhere a thread looks twice a second.
    """
    if by_kernel:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    else:
        threading.Thread(target=_look, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it ended before we asked
        os.kill(os.getpid(), signal.SIGKILL)


def _look(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
