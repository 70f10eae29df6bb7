"""`fastapply apply`: merge one edit into one file."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.agent.files import write_atomically
from fastapply.cli.doubts import describe_doubts
from fastapply.cli.exit_codes import DOUBT, ERROR, OK
from fastapply.cli.merging import difference, fields, merge, print_json, show_diff, show_remarks
from fastapply.cli.terminal import Painter
from fastapply.cli.texts import decode, printable, read_snippet
from fastapply.errors import DeadlineExceeded, EditRefused, FastApplyError, InvalidRequest

if TYPE_CHECKING:
    import argparse

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Merge, write where asked to, and show what changed."""
    _check_usage(args)
    try:
        if args.patch_dir is not None:
            from fastapply.cli.patch_dir import run_many

            return run_many(args)
        return _run(args)
    except (FastApplyError, OSError) as error:
        if not args.json:
            if isinstance(error, DeadlineExceeded):
                raise FastApplyError(f"{error}; --deadline gives it longer") from None
            raise
        detail = str(error).encode("utf-8", "surrogateescape").decode("utf-8", "replace")  # it may name a file
        print_json(
            {
                "code": getattr(error, "code", "io_error"),
                "detail": detail,
                "path": printable(args.file or args.patch_dir),
            }
        )
        return ERROR


def _check_usage(args: argparse.Namespace) -> None:
    """End with the usage where what is asked for is neither one file nor a folder of edits."""
    if args.patch_dir is not None:
        for name, given in (("FILE", args.file), ("--edit", args.edit), ("--language", args.language)):
            if given is not None:
                args.wrong_usage(f"{name} is not for --patch-dir")
    elif args.file is None or args.edit is None:
        args.wrong_usage("FILE and --edit SNIPPET, or --patch-dir DIR, are required")
    elif args.root is not None:
        args.wrong_usage("--root is for --patch-dir only")


def _run(args: argparse.Namespace) -> int:
    before = _read_original(args)
    original = decode(before or b"", args.file)
    snippet = read_snippet(args.edit)
    try:
        result = merge(args, args.file, original, snippet)
    except EditRefused as refusal:
        return _refused(args, refusal, original, snippet)
    written = args.write and (before is None or result.merged_code != original)
    if written:
        write_atomically(args.file, result.merged_code.encode(), expected=before)
    before_text = None if before is None else original
    diff = difference(args.file, before_text, result)
    if args.json:
        print_json({"path": printable(args.file), "written": written, **fields(result), "diff": diff})
    else:
        show_diff(args, diff)
        show_remarks(args, args.file, result, before_text, snippet, written)
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


def _refused(args: argparse.Namespace, refusal: EditRefused, original: str, snippet: str) -> int:
    if args.json:
        content = {"path": printable(args.file), "written": False, "code": refusal.code, "detail": str(refusal)}
        print_json({**content, "doubts": refusal.doubts})
        return DOUBT
    paint = Painter(sys.stderr, no_color=args.no_color)
    said = f"{args.file}: the edit can't be decided; nothing was changed"
    sys.stderr.write(f"{paint.shown(said)}\n{describe_doubts(refusal.doubts, args.file, original, snippet, paint)}")
    return DOUBT
