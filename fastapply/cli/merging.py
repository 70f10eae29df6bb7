"""What `fastapply apply` does alike for one file and for many: merge, show, say what the difference does not."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapply.cli.doubts import describe_doubts
from fastapply.cli.terminal import DIM, Painter, paint_diff, write_text
from fastapply.cli.texts import printable
from fastapply.errors import DeadlineExceeded
from fastapply.gitdiff import git_diff
from fastapply.wording import remark, tally

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from fastapply.merge.values import ApplyResult

__all__ = ["difference", "fields", "merge", "print_json", "show_diff", "show_remarks"]


def merge(args: argparse.Namespace, name: str, original: str, snippet: str) -> ApplyResult:
    """The merge into the file `name`. Raises `EditRefused`, `DeadlineExceeded`, `InvalidRequest`."""
    from fastapply.apply import apply

    with _time_limit(args.deadline):
        return apply(
            original,
            snippet,
            instruction=args.instruction,
            path=printable(name),
            language=args.language,
            on_doubt=args.on_doubt,
            deadline=args.deadline,
        )


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise `DeadlineExceeded` in the code within, as soon as the interpreter is back from C."""

    def expire(*_: object) -> None:
        raise DeadlineExceeded(seconds)

    previous = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def difference(name: str, original: str | None, result: ApplyResult) -> str:
    """What `git apply` makes the result of, run where `name` is a relative path."""
    path = Path(name)
    if path.is_absolute():
        here = Path.cwd()
        path = path.relative_to(here if path.is_relative_to(here) else path.anchor)
    return git_diff(path.as_posix(), original, result.edits)


def show_diff(args: argparse.Namespace, diff: str) -> None:
    """The difference on stdout."""
    # Whoever has read enough of it is still to be told of doubts.
    with contextlib.suppress(BrokenPipeError):
        write_text(paint_diff(diff, Painter(sys.stdout, no_color=args.no_color)))


def show_remarks(
    args: argparse.Namespace, name: str, result: ApplyResult, original: str | None, snippet: str, written: bool
) -> None:
    """On stderr, what the difference does not say, and the doubts that are left."""
    paint = Painter(sys.stderr, no_color=args.no_color)
    lines = _remarks(name, result, original is None, written)
    sys.stderr.write("".join(f"{paint(paint.shown(line), DIM)}\n" for line in lines))
    if result.doubts:
        sys.stderr.write(describe_doubts(result.doubts, name, original or "", snippet, paint))


def _remarks(name: str, result: ApplyResult, created: bool, written: bool) -> Iterator[str]:
    yield from map(remark, result.notes)
    if result.fallback:
        yield f"merged line by line: {result.fallback}"
    if not result.diff and not created:
        yield f"{name}: no change"
    elif written:
        yield f"{name}: written, {tally(result.changes)}"


def fields(result: ApplyResult) -> dict[str, Any]:
    """The whole answer."""
    return {name: getattr(result, name) for name in result.__struct_fields__}


def print_json(content: dict[str, Any]) -> None:
    """`content` on stdout, in one line."""
    import msgspec

    write_text(msgspec.json.encode(content).decode() + "\n")
