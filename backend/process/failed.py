"""An engine that is not started again, and why: a file beside its socket, since there is nobody to ask."""

from __future__ import annotations

from pathlib import Path

__all__ = ["tell_failed", "why_failed"]

_IPC = "ipc://"
_MOST = 4096


def tell_failed(address: str, why: str) -> None:
    """Let whoever asks at `address`, an `ipc://` one, know that no engine will answer there, and why."""
    file = _file(address)
    file.with_suffix(".new").write_text(why[:_MOST], "utf-8")
    file.with_suffix(".new").replace(file)


def why_failed(address: str) -> str:
    """Why no engine will ever answer at `address`; empty where one may."""
    if not address.startswith(_IPC):
        return ""
    try:
        return _file(address).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _file(address: str) -> Path:
    return Path(address.removeprefix(_IPC) + ".failed")
