"""The command `fastapply`. A verb's module is imported when the verb is called, so that each call starts at once."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from fastapply.cli.exit_codes import ERROR, INTERRUPTED, OK
from fastapply.cli.parser import build_parser
from fastapply.cli.terminal import Painter
from fastapply.errors import FastApplyError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns its exit code."""
    argv = sys.argv[1:] if argv is None else list(argv)
    _open_what_is_closed()
    code = OK
    try:
        code = _dispatch(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        _reader_left()
    except KeyboardInterrupt:
        return INTERRUPTED
    except (FastApplyError, OSError) as error:
        return _complain(_told(error))
    except Exception as error:  # a fault of ours: say where, without the texts it may hold
        from fastapply.faults import describe

        return _complain(f"internal error: {describe(error)}")
    return code


def _dispatch(argv: Sequence[str]) -> int:
    args = build_parser().parse_args(argv)
    code: int = import_module(f"fastapply.cli.{args.verb}").run(args)
    return code


def _told(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    return str(error)


def _complain(message: str) -> int:
    print(f"fastapply: error: {Painter(sys.stderr).shown(message)}", file=sys.stderr)
    return ERROR


def _open_what_is_closed() -> None:
    """Give the standard streams that we were started without (`>&-`) a place that takes everything and holds nothing.

    Else the first file that is opened gets the number of one of them, and to print is an error after all is done.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _reader_left() -> None:
    """Whoever read our output has enough. Nothing is wrong; only keep the interpreter's last flush from complaining."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
