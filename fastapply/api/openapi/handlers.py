"""The routes of the document and its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency

from fastapply.api.models import Models
from fastapply.api.openapi.document import build
from fastapply.api.openapi.page import CONTENT_SECURITY_POLICY, render

__all__ = ["Documentation", "documentation", "openapi"]


@dataclass(frozen=True)
class Documentation:
    """Document and page, made once."""

    document: bytes
    page: bytes

    @classmethod
    def make(cls, needs_key: bool, models: Models) -> Self:
        """What describes a service that asks for keys, or one that does not, and has these models."""
        document = build(needs_key, models)
        return cls(msgspec.json.encode(document), render(document).encode())


@get("/schema")
async def documentation(described: NamedDependency[Documentation]) -> Response[bytes]:
    """Describe the service to people."""
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "X-Frame-Options": "DENY"}
    return Response(described.page, media_type="text/html", headers=headers)


@get("/schema/openapi.json")
async def openapi(described: NamedDependency[Documentation]) -> Response[bytes]:
    """Describe the service to programs."""
    return Response(described.document, media_type="application/json")
