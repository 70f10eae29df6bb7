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
from lsp_bridge.warming import warmer

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
    key = _key(args)
    async with Merges(_applier(args, key)) as merges, warmer(args.url, key) as client:

        def make() -> Server:
            return Server(merges, client, args.warm_up)

        if args.tcp:
            await serve_tcp(make, *address_of(args.tcp), _announce)
        elif args.ws:
            await serve_websocket(make, *address_of(args.ws), args.origin, _announce)
        else:
            return await serve_stdio(make)
    return 0


def _applier(args: argparse.Namespace, key: str | None) -> AbstractAsyncContextManager[Applier]:
    if args.url:
        return remote_applier(args.url, key)
    if args.warm_up:
        raise InvalidSetting("--warm-up needs a service: give its --url", field="warm_up")
    return local_applier()


def _key(args: argparse.Namespace) -> str | None:
    """The service's key, where a variable is named that holds it."""
    if args.key_env and args.key_env not in os.environ:
        raise InvalidSetting(f"the environment variable {args.key_env} is not set", field="key_env")
    return os.environ[args.key_env] if args.key_env else None


def _announce(port: int) -> None:
    sys.stderr.write(f"fastapply lsp: listening on port {port}\n")
    sys.stderr.flush()
