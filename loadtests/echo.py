"""What the service is compared with: a route that sends its JSON back, under the same kind of server.

`python -m loadtests.echo PORT bare` is Litestar and nothing else, `python -m loadtests.echo PORT edge` puts around it
what stands around our own routes: ids, log lines, metrics, keys, limits.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

import uvicorn
from litestar import Litestar, get, post

from fastapply.api.edge import Edge
from fastapply.api.keys import KeyRing, Turnstile
from fastapply.api.logs import configure
from fastapply.api.problems import HANDLERS
from fastapply.api.protocol import PatientProtocol
from fastapply.settings.model import Settings

if TYPE_CHECKING:
    from litestar.types import ASGIApp

__all__ = ["main"]


@post("/echo", status_code=200)
async def echo(data: dict[str, Any]) -> dict[str, Any]:
    """Send `data` back."""
    return data


@get("/health")
async def health() -> dict[str, str]:
    """Say that it runs."""
    return {"status": "ok"}


def _bare() -> ASGIApp:
    return Litestar([echo, health], openapi_config=None, logging_config=None)


def _edge() -> ASGIApp:
    settings = Settings()
    configure(settings.log)
    middleware = [Turnstile(settings, KeyRing(()))]
    app = Litestar(
        [echo, health], middleware=middleware, exception_handlers=HANDLERS, openapi_config=None, logging_config=None
    )
    return Edge(app, frozenset(["/echo", "/health"]), settings.server.client_timeout)


def main(port: int, kind: str) -> None:
    """Serve until told to end."""
    patience = Settings().server.client_timeout
    uvicorn.run(
        {"bare": _bare, "edge": _edge}[kind](),
        host="127.0.0.1",
        port=port,
        http=functools.partial(PatientProtocol, patience=patience),  # type: ignore[arg-type]
        log_config=None,
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
