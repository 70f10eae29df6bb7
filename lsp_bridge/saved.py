"""What files hold: as they are saved, and as they were committed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from typing import TYPE_CHECKING

from fastapply.errors import InputTooLarge, InvalidRequest, NotText

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LARGEST", "committed", "in_repository", "saved"]

LARGEST = 10 * 1024 * 1024  # bytes of a file that is read; as `server.max_body`
_GIT_SECONDS = 10.0
# No question is asked, no lock taken, and nothing fetched from anywhere: a folder that came as an archive may bring a
# configuration of git whose remote is a command. Older versions know only the last of these.
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}
_MARK = b"\xef\xbb\xbf"


def saved(path: Path) -> str | None:
    """The text of a file, without the byte order mark that editors leave out as well; None where there is no file.

    Raises `NotText` where it is not UTF-8, `InputTooLarge`, `InvalidRequest` for what is no regular file.
    """
    try:
        if not path.is_file() and path.exists():  # a pipe would not end
            raise InvalidRequest(f"{path.name}: is no regular file", field="path")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    return _text(content, path)


async def committed(path: Path) -> str:
    """The text of a file in the last commit, as git keeps it: filters are commands that a repository may name, and
    the editor knows the line endings. Raises `InvalidRequest` where it is in none, and as `saved` does."""
    command = ["git", "-C", str(path.parent), "cat-file", "blob", f"HEAD:./{path.name}"]
    try:
        content = await _output(command)
    except (OSError, TimeoutError):
        content = None
    if content is None:
        raise InvalidRequest(f"{path.name}: git has no committed version of it", field="path")
    return _text(content, path)


def in_repository(path: Path) -> bool:
    """True where a folder around the file looks like a working tree of git. It is not asked: this is quick."""
    return any((folder / ".git").exists() for folder in path.parents)


async def _output(command: list[str]) -> bytes | None:
    """What a command prints; None where it fails or prints too much."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **_QUIET},
    )
    assert process.stdout
    try:
        async with asyncio.timeout(_GIT_SECONDS):
            content = await _most(process.stdout)
            return content if await process.wait() == 0 else None
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _most(stream: asyncio.StreamReader) -> bytes:
    pieces, size = [], 0
    while size <= LARGEST and (piece := await stream.read(1 << 16)):
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def _text(content: bytes, path: Path) -> str:
    if len(content) > LARGEST:
        raise InputTooLarge(f"{path.name}: has more than {LARGEST} bytes", field="path")
    try:
        return content.removeprefix(_MARK).decode()
    except UnicodeDecodeError:
        raise NotText(f"{path.name}: is not UTF-8 text") from None
