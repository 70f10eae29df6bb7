"""URIs and the files that they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_bridge.uris import key_of, name_of, path_of, uri_of


@pytest.mark.parametrize("path", ["/a/b.py", "/a b/ü#?.py", "/c:/x;y.py", "/a/100%.py", "/日本/😀.py"])
def test_a_path_survives_the_way(path: str) -> None:
    assert path_of(uri_of(Path(path))) == Path(path)


@pytest.mark.parametrize(
    "uri",
    [
        "untitled:Untitled-1",
        "git:/a/b.py?ref",
        "file://server/share/a.py",
        "vscode-notebook-cell:/a.ipynb#W0",
        "file:a",
        "http://[x/a.py",
        "file:///a%00b",
    ],
)
def test_others_are_no_file_here(uri: str) -> None:
    assert path_of(uri) is None


def test_one_document_has_one_key_however_its_uri_is_escaped() -> None:
    assert key_of("file:///a%20b/c%3A.py") == key_of("file:///a b/c:.py")
    assert key_of("untitled:a%20b") != key_of("untitled:a b")


def test_names() -> None:
    assert name_of("file:///a/b%20c.py") == "b c.py"
    assert name_of("untitled:Untitled-1") == "Untitled-1"
