"""`fastapply lsp`, from its arguments to its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from typing import TYPE_CHECKING

from fastapply.applier import local_applier, remote_applier
from fastapply.errors import InvalidSetting
from lsp_bridge.merges import Merges
from lsp_bridge.server import Server
from lsp_bridge.transport import address_of, serve_stdio, serve_tcp, serve_websocket

if TYPE_CHECKING:
    import argparse
    from contextlib import AbstractAsyncContextManager

    from fastapply.applier import Applier

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Serve until the client is done or, on a port, until interrupted."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="fastapply lsp: %(message)s")
    # It logs messages as they are, with the code in them.
    logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_serve(args))
    return 0


async def _serve(args: argparse.Namespace) -> int:
    async with Merges(_applier(args)) as merges:

        def make() -> Server:
            return Server(merges, args.warm_up)

        if args.tcp:
            await serve_tcp(make, *address_of(args.tcp), _announce)
        elif args.ws:
            await serve_websocket(make, *address_of(args.ws), args.origin, _announce)
        else:
            return await serve_stdio(make)
    return 0


def _applier(args: argparse.Namespace) -> AbstractAsyncContextManager[Applier]:
    if not args.url:
        if args.warm_up:
            raise InvalidSetting("--warm-up needs a service: give its --url", field="warm_up")
        return local_applier()
    key = None
    if args.key_env and (key := os.environ.get(args.key_env)) is None:
        raise InvalidSetting(f"the environment variable {args.key_env} is not set", field="key_env")
    return remote_applier(args.url, key)


def _announce(port: int) -> None:
    sys.stderr.write(f"fastapply lsp: listening on port {port}\n")
    sys.stderr.flush()
