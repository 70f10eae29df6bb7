"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding"]


@dataclass(frozen=True)
class Finding:
    """What was found, and what to do about it."""

    level: Literal["ok", "note", "problem"]
    """`ok`; `note`, to be known; `problem`, which keeps the service from running as it is meant to."""

    what: str
    """What was found, in one line."""

    remedy: str = ""
    """What to do; empty only where all is well."""

    def __post_init__(self) -> None:
        if (self.level == "ok") == bool(self.remedy):
            raise ValueError(f"{self.level} and the remedy {self.remedy!r} don't go together")
