"""`fastapply explain`: what each stage of a merge saw and decided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.cli.exit_codes import OK
from fastapply.cli.terminal import write_text
from fastapply.cli.texts import decode, printable, read_snippet

if TYPE_CHECKING:
    import argparse

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Print the explanation."""
    from fastapply.explain import render

    original = decode(Path(args.file).read_bytes(), args.file)
    snippet = read_snippet(args.edit)
    path = printable(args.file)
    write_text(render(original, snippet, path=path, language=args.language, instruction=args.instruction))
    return OK
