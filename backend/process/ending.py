"""How a process ended, in words."""

from __future__ import annotations

import signal
from contextlib import suppress

__all__ = ["ended"]


def ended(status: int) -> str:
    """How a process ended, in words, from what `Popen.wait` gives."""
    if status >= 0:
        return f"ended with status {status}"
    with suppress(ValueError):
        return f"was ended by {signal.Signals(-status).name}"
    return f"was ended by signal {-status}"
