"""`fastapply serve`: the HTTP service."""

from __future__ import annotations

import ipaddress
import logging
import sys
from typing import TYPE_CHECKING

from fastapply.cli.exit_codes import ERROR, OK
from fastapply.config import PoolSettings, ServiceSettings

if TYPE_CHECKING:
    import argparse

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    given = {name: getattr(args, name) for name in ("workers", "queue", "deadline") if getattr(args, name) is not None}
    settings = ServiceSettings(host=args.host, port=args.port, pool=PoolSettings(**given))
    if not _is_loopback(settings.host):
        print(f"fastapply: note: {settings.host} may be reached by others, and no key is asked for", file=sys.stderr)
    return _serve(settings)


def _serve(settings: ServiceSettings) -> int:
    import uvicorn

    from fastapply.api.app import create_app

    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    try:
        uvicorn.run(
            create_app(settings),
            host=settings.host,
            port=settings.port,
            access_log=False,
            server_header=False,
            # No merge outlives its deadline, so nothing is cut off that could have been answered.
            timeout_graceful_shutdown=int(settings.pool.deadline) + 2,
        )
    except SystemExit as end:  # uvicorn has said why: a port in use, a worker that can't start
        return ERROR if end.code else OK
    return OK


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
