from __future__ import annotations

import pytest

from fastapply import apply
from fastapply.errors import EditRefused
from fastapply.merge.values import ApplyResult


def created(snippet: str, original: str = "", path: str = "tool.py") -> ApplyResult:
    return apply(original, snippet, path=path)


@pytest.mark.parametrize("original", ["", "\n", "  \n\t\n"])
@pytest.mark.parametrize(
    "snippet",
    [
        pytest.param("", id="an empty snippet"),
        pytest.param("\n\n", id="blank lines"),
        pytest.param("# ... existing code ...\n", id="a marker keeps the nothing that is there"),
        pytest.param("```python\n```\n", id="an empty fence"),
    ],
)
def test_an_empty_file_stays_as_it_is(original: str, snippet: str) -> None:
    """A snippet without code makes no file."""
    assert created(snippet, original).merged_code == original


@pytest.mark.parametrize(
    ("snippet", "result"),
    [
        pytest.param("x = 1\ny = 2\n", "x = 1\ny = 2\n", id="as it stands"),
        pytest.param("x = 1", "x = 1", id="no final newline"),
        pytest.param("```python\nx = 1\n```", "x = 1\n", id="out of its fence"),
        pytest.param("# tool.py\nx = 1\n", "x = 1\n", id="below its name"),
        pytest.param("x = 1\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n", id="with its line endings"),
        pytest.param("def f(a, *b):\n    ...\n", "def f(a, *b):\n    ...\n", id="a stub's ellipsis"),
        pytest.param("--- /dev/null\n+++ b/tool.py\n@@ -0,0 +1,2 @@\n+x = 1\n+y = 2\n", "x = 1\ny = 2\n", id="a diff"),
    ],
)
def test_the_snippet_becomes_the_file(snippet: str, result: str) -> None:
    """All of it is new."""
    done = created(snippet)
    assert done.merged_code == result
    assert done.doubts == ()
    assert done.format == "new_file"


def test_blank_lines_give_way() -> None:
    """A file of nothing but white space is an empty one."""
    assert created("x = 1\n", "\n\n").merged_code == "x = 1\n"


def test_a_marker_in_a_new_file_is_a_doubt() -> None:
    """The snippet keeps code that does not exist: it was meant for another file."""
    with pytest.raises(EditRefused) as caught:
        created("import os\n# ... existing code ...\nx = 1\n")
    (doubt,) = caught.value.doubts
    assert doubt.kind == "no_anchor"
    assert doubt.snippet is not None
    assert (doubt.snippet.start, doubt.snippet.end) == (1, 2)


def test_each_line_comes_from_its_snippet_line() -> None:
    """Provenance counts the snippet's lines as they came."""
    spans = created("```\nx = 1\ny = 2\n```\n").provenance
    lines = [(span.source, span.source_start + k) for span in spans for k in range(span.end - span.start)]
    assert lines == [("snippet", 1), ("snippet", 2)]


@pytest.mark.parametrize("snippet", ["-x = 1\n", "-x = 1\n-y = 2\n", "import os\n-x = 1\n"])
def test_a_line_marked_as_removed_is_no_part_of_a_new_file(snippet: str) -> None:
    """What was to go is not there: the snippet is for another file, or has been applied."""
    with pytest.raises(EditRefused) as refused:
        created(snippet)
    assert [doubt.kind for doubt in refused.value.doubts] == ["format_mismatch"]
    assert "x = 1" not in refused.value.best_guess.merged_code


@pytest.mark.parametrize("path", ["notes.md", "notes.yaml", "notes.txt"])
def test_a_new_list_is_a_list(path: str) -> None:
    """In prose `-` opens an item."""
    assert created("- one\n- two\n", path=path).merged_code == "- one\n- two\n"
