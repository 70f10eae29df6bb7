"""Files that are opened or changed, sent ahead to a service, so that its model has read them when the edit comes."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from fastapply.errors import FastApplyError
from lsp_bridge.debounce import Debounced
from lsp_bridge.uris import path_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapply.client import AsyncClient
    from lsp_bridge.documents import Documents

__all__ = ["Warming", "warmer"]

log = logging.getLogger(__name__)
_SECONDS = 0.5  # a document is left alone for so long before it is sent


class Warming:
    """Warm-up of the documents of one client; nothing without a service."""

    def __init__(self, client: AsyncClient | None, documents: Documents) -> None:
        self._client = client
        self._documents = documents
        self._debounced = Debounced(_SECONDS)

    def touched(self, uri: str) -> None:
        """A document was opened, changed or closed: what was being sent of it is of no use any more."""
        document = self._documents.get(uri)
        if self._client is None:
            return
        if document is None or path_of(uri) is None or not document.text.strip():
            self._debounced.cancel(uri)
        else:
            self._debounced.later(uri, lambda: self._send(uri))

    async def close(self) -> None:
        """Send nothing more."""
        await self._debounced.close()

    async def _send(self, uri: str) -> None:
        document = self._documents.get(uri)
        if document is None or self._client is None:
            return
        try:
            await self._client.warm(document.text, path=str(path_of(uri)))
        except FastApplyError as error:  # nobody asked for it, and the edit will say it again
            log.warning("a file could not be sent ahead: %s", error.code)


@contextlib.asynccontextmanager
async def warmer(url: str | None, key: str | None) -> AsyncIterator[AsyncClient | None]:
    """Who sends files to the service at `url`; None without one."""
    if url is None:
        yield None
        return
    from fastapply.client import AsyncClient

    async with AsyncClient(url, key, retries=0) as client:
        yield client
