"""Files as text and back, without changing a byte."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fastapply.errors import InvalidRequest

__all__ = ["decode", "printable", "read_snippet"]


def decode(content: bytes, name: str) -> str:
    """`content` as text: UTF-8, with its byte order mark and its line endings; anything else is refused."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidRequest(f"{name}: line {line} is not UTF-8; other encodings are not merged") from None


def read_snippet(name: str) -> str:
    """The snippet in the file `name`, or on stdin for `-`."""
    if name == "-":
        return decode(sys.stdin.buffer.read(), "stdin")
    return decode(Path(name).read_bytes(), name)


def printable(name: str) -> str:
    """The file name `name` as a text that can be encoded: not every file name is UTF-8."""
    return os.fsencode(name).decode("utf-8", "replace")
