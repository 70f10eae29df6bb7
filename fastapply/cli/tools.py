"""`fastapply tools`: the tools for agents, as the interfaces of models want them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fastapply.cli.exit_codes import OK
from fastapply.cli.terminal import write_text

if TYPE_CHECKING:
    import argparse

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Print what goes into `tools` of a request."""
    from fastapply.agent.formats import tools_as

    write_text(json.dumps(tools_as(args.format), indent=2) + "\n")
    return OK
