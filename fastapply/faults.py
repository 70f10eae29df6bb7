"""How an unexpected exception is told to a log: its type and where it was raised, never its message.

Messages and locals of a merge hold our users' code, and code is never logged.
"""

from __future__ import annotations

import traceback

__all__ = ["describe"]

_FRAMES = 8


def describe(error: BaseException) -> str:
    """The type of `error` and its last frames as `file:line in function`, the innermost last."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = " > ".join(f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
    return f"{type(error).__name__} at {places or 'an unknown place'}"
