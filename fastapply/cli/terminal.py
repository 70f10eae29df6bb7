"""What a terminal needs: colours where they are wanted, no control characters from a file, a progress bar."""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

__all__ = [
    "BOLD",
    "CYAN",
    "DIM",
    "GREEN",
    "RED",
    "YELLOW",
    "Painter",
    "Progress",
    "paint_diff",
    "tell_who_starts_it",
    "write_text",
]

BOLD, DIM, RED, GREEN, YELLOW, CYAN = "1", "2", "31", "32", "33", "36"

# Control characters could rewrite the screen, and the bidirectional ones hide what code says.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Painter:
    """Colours text for one stream; gives it back as it is where the stream wants none."""

    def __init__(self, stream: TextIO, *, no_color: bool = False) -> None:
        self.is_terminal = stream.isatty()
        self.colors = not no_color and _wants_color(self.is_terminal)

    def __call__(self, text: str, style: str) -> str:
        """`text` in `style`; as it is where the style is empty."""
        return f"\x1b[{style}m{text}\x1b[0m" if self.colors and style and text else text

    def shown(self, text: str) -> str:
        """`text` fit for the stream: on a terminal, control characters become visible ones."""
        return _UNSAFE.sub(_visible, text) if self.is_terminal else text


def _wants_color(is_terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal and os.environ.get("TERM") != "dumb"


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"^{chr(code + 64)}" if code < 32 else f"<U+{code:04X}>"


def paint_diff(diff: str, paint: Painter) -> str:
    """A unified diff, git's or of one file, in the usual colours. On a stream that wants none it stays as it is."""
    return "\n".join(_paint_lines(diff.split("\n"), paint))


def _paint_lines(lines: Sequence[str], paint: Painter) -> Iterator[str]:
    in_head = True  # further down `---` is a removed line
    for line in lines:
        in_head = (in_head or line.startswith("diff --git ")) and not line.startswith("@@")
        yield _paint_line(line, in_head, paint)


def _paint_line(line: str, in_head: bool, paint: Painter) -> str:
    if in_head:
        return paint(paint.shown(line), BOLD)
    if paint.is_terminal and line.startswith(" "):
        line = line.removesuffix("\r")  # worth seeing only where it may have changed
    return paint(paint.shown(line), {"+": GREEN, "-": RED, "@": CYAN}.get(line[:1], ""))


def tell_who_starts_it(verb: str, client: str) -> None:
    """Say what `verb` waits for on standard input, where a person has typed it: it answers nobody else."""
    if sys.stdin and sys.stdin.isatty():
        sys.stderr.write(
            f"fastapply {verb}: {client} starts this and speaks to it over standard input; Ctrl D ends it\n"
        )


def write_text(text: str) -> None:
    """Write to stdout as UTF-8, whatever the locale says, and with line endings as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()


class Progress:
    """A bar on stderr while many things are done; nothing where stderr is no terminal."""

    _WIDTH = 30
    _INTERVAL_SECONDS = 0.1

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._drawn_at = 0.0
        self._shown = sys.stderr.isatty()

    def step(self, note: str = "") -> None:
        """One more is done."""
        self._done += 1
        now = time.monotonic()
        if not self._shown or (now - self._drawn_at < self._INTERVAL_SECONDS and self._done < self._total):
            return
        self._drawn_at = now
        filled = self._WIDTH * self._done // max(self._total, 1)
        bar = "█" * filled + "░" * (self._WIDTH - filled)
        sys.stderr.write(f"\r\x1b[K{bar} {self._done}/{self._total} {note}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take the bar off the screen."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
