"""`fastapply apply`: merge one edit into one file."""

from __future__ import annotations

import contextlib
import signal
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapply.agent.files import write_atomically
from fastapply.cli.doubts import describe_doubts
from fastapply.cli.exit_codes import DOUBT, ERROR, OK
from fastapply.cli.terminal import DIM, Painter, paint_diff, write_text
from fastapply.cli.texts import decode, printable, read_snippet
from fastapply.errors import DeadlineExceeded, EditRefused, FastApplyError, InvalidRequest
from fastapply.wording import remark

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from fastapply.merge.values import ApplyResult

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Merge, write where asked to, and show what changed."""
    try:
        return _run(args)
    except (FastApplyError, OSError) as error:
        if not args.json:
            if isinstance(error, DeadlineExceeded):
                raise FastApplyError(f"{error}; --deadline gives it longer") from None
            raise
        detail = str(error).encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # it may name a file
        _print_json({"code": getattr(error, "code", "io_error"), "detail": detail, "path": printable(args.file)})
        return ERROR


def _run(args: argparse.Namespace) -> int:
    before = _read_original(args)
    original = decode(before or b"", args.file)
    snippet = read_snippet(args.edit)
    try:
        result = _merge(args, original, snippet)
    except EditRefused as refusal:
        return _refused(args, refusal, original, snippet)
    written = args.write and (before is None or result.merged_code != original)
    if written:
        write_atomically(args.file, result.merged_code.encode(), expected=before)
    if args.json:
        _print_json({"path": printable(args.file), "written": written, **_fields(result)})
    else:
        _show(args, result, original, snippet, written)
    return DOUBT if result.doubts else OK


def _read_original(args: argparse.Namespace) -> bytes | None:
    """The bytes of FILE; `None` where there is none and that is all right."""
    file = Path(args.file)
    try:
        if args.write and not file.is_dir() and not stat.S_ISREG(file.stat().st_mode):  # a pipe would not end
            raise InvalidRequest(f"{args.file}: is no regular file and can't be written", field="file")
        return file.read_bytes()
    except FileNotFoundError:
        if args.create:
            return None
        raise InvalidRequest(f"{args.file}: no such file; --create makes it from the edit", field="file") from None


def _merge(args: argparse.Namespace, original: str, snippet: str) -> ApplyResult:
    from fastapply.apply import apply

    with _time_limit(args.deadline):
        return apply(
            original,
            snippet,
            instruction=args.instruction,
            path=printable(args.file),
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


def _refused(args: argparse.Namespace, refusal: EditRefused, original: str, snippet: str) -> int:
    if args.json:
        content = {"path": printable(args.file), "written": False, "code": refusal.code, "detail": str(refusal)}
        _print_json({**content, "doubts": refusal.doubts})
        return DOUBT
    paint = Painter(sys.stderr, no_color=args.no_color)
    said = f"{args.file}: the edit can't be decided; nothing was changed"
    sys.stderr.write(f"{paint.shown(said)}\n{describe_doubts(refusal.doubts, args.file, original, snippet, paint)}")
    return DOUBT


def _show(args: argparse.Namespace, result: ApplyResult, original: str, snippet: str, written: bool) -> None:
    if result.diff:
        # Whoever has read enough of the difference is still to be told of doubts.
        with contextlib.suppress(BrokenPipeError):
            write_text(paint_diff(result.diff, Painter(sys.stdout, no_color=args.no_color)))
    paint = Painter(sys.stderr, no_color=args.no_color)
    sys.stderr.write("".join(f"{paint(paint.shown(line), DIM)}\n" for line in _remarks(args.file, result, written)))
    if result.doubts:
        sys.stderr.write(describe_doubts(result.doubts, args.file, original, snippet, paint))


def _remarks(name: str, result: ApplyResult, written: bool) -> Iterator[str]:
    """What the diff does not say."""
    yield from map(remark, result.notes)
    if result.fallback:
        yield f"merged line by line: {result.fallback}"
    if not result.diff:
        yield f"{name}: no change"
    elif written:
        yield f"{name}: written, {result.changes.added} lines added, {result.changes.removed} removed"


def _fields(result: ApplyResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in result.__struct_fields__}


def _print_json(content: dict[str, Any]) -> None:
    import msgspec

    write_text(msgspec.json.encode(content).decode() + "\n")
