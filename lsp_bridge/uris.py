"""URIs of documents and paths of files. A document need not be a file."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["key_of", "name_of", "path_of", "uri_of"]


def path_of(uri: str) -> Path | None:
    """The file that a URI names; None where it names none, or one on another machine."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    path = unquote(parts.path, errors="surrogateescape")
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not path.startswith("/") or "\0" in path:
        return None
    return Path(path)


def uri_of(path: Path) -> str:
    """The URI of a file."""
    return path.as_uri()


def key_of(uri: str) -> str:
    """What two URIs of one document share, however each escapes its characters."""
    path = path_of(uri)
    return f"file:{path}" if path is not None else uri


def name_of(uri: str) -> str:
    """What a document is called, for a person and as a sign of its language."""
    path = path_of(uri)
    return path.name if path is not None else unquote(uri.partition(":")[2]).rsplit("/", 1)[-1]
