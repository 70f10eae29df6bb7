"""`fastapply lsp`: the language server for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Serve an editor over stdin and stdout, or all that connect to a port."""
    from lsp_bridge.main import run as serve

    return serve(args)
