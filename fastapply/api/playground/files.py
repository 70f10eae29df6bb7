"""The files of the page as they are served: with a type, an ETag, and compressed where they are larger."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from fastapply import __version__
from fastapply.api.openapi.page import CONTENT_SECURITY_POLICY, STYLE

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BUNDLE", "File", "Playground"]

BUNDLE = Path(str(files(__package__))) / "bundle"
"""Where the built page lies, if it was built."""

_TYPES = {".js": "text/javascript", ".css": "text/css", ".txt": "text/plain", ".svg": "image/svg+xml"}
_HTML = "text/html"
_PLAIN = Path(str(files(__package__))) / "plain.html"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""Editors live in shadow roots, whose style sheets are objects and no elements: even they need no more than this."""

_PLACE = "{{service}}"
"""Where the page holds what it is to know of the service."""


@dataclass(frozen=True)
class File:
    """One file: `packed` is its content by gzip, empty where that was not made. `policy` is for pages."""

    content: bytes
    media_type: str
    lasting: bool
    packed: bytes = b""
    policy: str = ""

    @property
    def tag(self) -> str:
        """The ETag of `content`."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


class Playground:
    """The page and what it loads."""

    def __init__(self, page: File, assets: Mapping[str, File]) -> None:
        """`assets` by name, without folders."""
        self.page = page
        self.assets = assets

    @classmethod
    def load(cls, service: Mapping[str, Any]) -> Self:
        """What was built, its page told of `service`; where nothing was, a page that says how to build it."""
        index = BUNDLE / "index.html"
        if not index.exists():
            return cls(_plain_page(), {})
        told = json.dumps({"version": __version__, **service}, separators=(",", ":"))
        text = index.read_text("utf-8").replace(_PLACE, escape(told))
        page = File(text.encode(), _HTML, lasting=False, policy=_POLICY)
        return cls(page, {path.name: _asset(path) for path in BUNDLE.iterdir() if path.suffix in _TYPES})


def _asset(path: Path) -> File:
    packed = path.with_name(path.name + ".gz")
    # The names of scripts and styles change with their content, so what was fetched once is good for ever.
    lasting = path.suffix in (".js", ".css")
    return File(path.read_bytes(), _TYPES[path.suffix], lasting, packed.read_bytes() if packed.exists() else b"")


def _plain_page() -> File:
    text = _PLAIN.read_text("utf-8").replace("{{style}}", STYLE).replace("{{version}}", __version__)
    return File(text.encode(), _HTML, lasting=False, policy=CONTENT_SECURITY_POLICY)
