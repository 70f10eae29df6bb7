"""`fastapply serve`: the HTTP service."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from fastapply.cli.exit_codes import ERROR, OK
from fastapply.cli.overrides import overrides_of
from fastapply.settings.load import load

if TYPE_CHECKING:
    import argparse

    from fastapply.settings.model import Settings

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    return _serve(load(args.config, os.environ, overrides_of(args)).settings)


def _serve(settings: Settings) -> int:
    import uvicorn

    from fastapply.api.app import create_app
    from fastapply.api.logs import configure

    listener = configure(settings.log)
    try:
        uvicorn.run(
            create_app(settings),
            host=settings.server.host,
            port=settings.server.port,
            log_config=None,
            access_log=False,
            server_header=False,
            # No merge outlives its deadline, so nothing is cut off that could have been answered.
            timeout_graceful_shutdown=math.ceil(settings.pool.deadline) + 2,
        )
    except SystemExit as end:  # uvicorn has said why: a port in use, a worker that can't start
        return ERROR if end.code else OK
    finally:
        listener.stop()
    return OK
