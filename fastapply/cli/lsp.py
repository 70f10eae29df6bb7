"""`fastapply lsp`: the language server for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapply.cli.terminal import tell_who_starts_it

if TYPE_CHECKING:
    import argparse

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Serve an editor over stdin and stdout, or all that connect to a port."""
    from lsp_bridge.main import run as serve

    if not (args.tcp or args.ws):
        tell_who_starts_it("lsp", "an editor")
    return serve(args)
