"""`fastapply mcp`: the tools for agents over standard input and output."""

from __future__ import annotations

import asyncio
import logging
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.cli.exit_codes import OK
from fastapply.cli.terminal import tell_who_starts_it
from fastapply.errors import InvalidRequest

if TYPE_CHECKING:
    import argparse

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Serve one client until it closes its end."""
    roots = args.root or [_here()]
    _log_to_stderr()
    tell_who_starts_it("mcp", "an agent")
    asyncio.run(_serve(roots, args))
    return OK


async def _serve(roots: list[Path], args: argparse.Namespace) -> None:
    # The SDK takes half a second to import, and some clients wait no longer than one: the worker starts meanwhile.
    loading = asyncio.create_task(asyncio.to_thread(import_module, "fastapply.agent.mcp"))
    from fastapply.agent.toolbox import open_toolbox

    async with open_toolbox(roots, args.url) as toolbox:
        await (await loading).serve_stdio(toolbox)


def _here() -> Path:
    """The current folder, where it may be a project's: desktop programs start servers in `/` or at home."""
    here = Path.cwd()
    if here in (Path(here.anchor), Path.home()):
        raise InvalidRequest(f"{here} is no folder of one project: say with --root which files may be edited", "root")
    return here


def _log_to_stderr() -> None:
    """Standard output is the protocol's. Exceptions are told by type and place: their texts may quote code."""
    from fastapply.faults import describe

    class Formatter(logging.Formatter):
        def formatException(self, ei: object) -> str:  # noqa: N802
            error = ei[1] if isinstance(ei, tuple) else None
            return describe(error) if isinstance(error, BaseException) else ""

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Formatter("fastapply mcp: %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
