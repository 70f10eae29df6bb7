"""Which file an edit is for: an open document or one on disk, and only within the folders of the workspace."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.agent.roots import Roots
from fastapply.errors import InvalidRequest
from lsp_bridge.documents import Document
from lsp_bridge.positions import Text
from lsp_bridge.saved import saved
from lsp_bridge.uris import name_of, path_of, uri_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lsp_bridge.documents import Documents

__all__ = ["Files", "Target"]


@dataclass(frozen=True)
class Target:
    """What an edit changes. A file that is to be made holds nothing (`content` is None), and one that is not open has
    no version."""

    uri: str
    version: int | None
    language: str
    content: Text | None = field(repr=False)

    @classmethod
    def of(cls, document: Document) -> Target:
        """An open document."""
        return cls(document.uri, document.version, document.language, document.content)

    @property
    def text(self) -> str:
        """What it holds now."""
        return self.content.text if self.content else ""

    @property
    def name(self) -> str:
        """What to call it."""
        return name_of(self.uri)


class Files:
    """Documents that are open, and the files in the client's folders."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.folders: Sequence[Path] = ()

    def named(self, path: str, beside: str = "") -> Target:
        """The file of this path, absolute or relative to one of the folders: to the first that has it, else to that
        of the document `beside`, else to the first. Raises `OutsideWorkspace`, `NotText`, `InputTooLarge`."""
        return self._at(self._place(path, beside))

    def of_uri(self, uri: str) -> Target:
        """The document of this URI, which may be closed. Raises as `named` does."""
        if document := self._documents.get(uri):
            return Target.of(document)
        path = path_of(uri)
        if path is None:
            raise InvalidRequest("the document is neither open nor a file", field="uri")
        return self._at(self._roots().place(str(path)).path)

    def is_current(self, target: Target) -> bool:
        """True where the target is still what it was when it was read."""
        document = self._documents.get(target.uri)
        if target.version is not None:
            return document is not None and document.version == target.version
        path = path_of(target.uri)
        return document is None and path is not None and saved(path) == (target.content and target.text)

    def _at(self, path: Path) -> Target:
        if document := self._open(path):
            return Target.of(document)
        text = saved(path)
        return Target(uri_of(path), None, "", None if text is None else Text(text, self._documents.encoding))

    def _open(self, path: Path) -> Document | None:
        """The open document that is this file, by whatever links."""
        found = ((document, path_of(document.uri)) for document in self._documents)
        return next((document for document, its in found if its is not None and its.resolve() == path), None)

    def _place(self, path: str, beside: str) -> Path:
        roots = self._roots()
        if Path(path).is_absolute():
            return roots.place(path).path
        places = [roots.place(str(folder / path)).path for folder in self._nearest_first(roots.paths, beside)]
        return next((place for place in places if self._open(place) or place.is_file()), places[0])

    def _nearest_first(self, folders: Iterable[Path], beside: str) -> list[Path]:
        """The folders, those first that hold the document `beside`."""
        path = path_of(beside)
        there = path.resolve() if path is not None else None
        return sorted(folders, key=lambda folder: there is None or not there.is_relative_to(folder))

    def _roots(self) -> Roots:
        folders = [folder for folder in self.folders if folder.is_dir()]
        if not folders:
            raise InvalidRequest("the editor has no folder open, so that a path names no file", field="path")
        return Roots(folders)
