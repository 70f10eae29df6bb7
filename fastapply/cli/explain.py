"""`fastapply explain`: what each stage of a merge saw and decided."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.cli.exit_codes import OK
from fastapply.cli.terminal import Painter, write_text
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
    colors = Painter(sys.stdout, no_color=args.no_color).colors
    options = {"path": path, "language": args.language, "instruction": args.instruction}
    write_text(render(original, snippet, **options, color=colors))
    return OK
