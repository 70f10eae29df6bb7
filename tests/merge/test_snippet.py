from __future__ import annotations

import pytest

from fastapply.merge.layout import key_of
from fastapply.merge.snippet import Snippet, read_snippet
from fastapply.merge.text import split_lines, without_ending

ORIGINAL = """\
import os

def load(path):
    size = os.stat(path).st_size
    return size
"""


def read(text: str, original: str = ORIGINAL, path: str | None = "tool.py", prose: bool = False) -> Snippet:
    lines = [without_ending(line) for line in split_lines(original)]
    return read_snippet(text, lines, frozenset(key_of(line) for line in lines if line.strip()), path, prose)


PLAIN = [
    pytest.param(["x = 1", "", "y = 2"], id="code with a blank line"),
    pytest.param(["total = a", "    + b", "    - c"], id="signs of arithmetic, indented"),
    pytest.param(["-- loads the file"], id="a comment of dashes"),
    pytest.param(["foo(...args)"], id="a spread"),
    pytest.param(["x = 1", "```", "y = 2"], id="a fence in the midst"),
    pytest.param(["class Protocol:", "    def new(self) -> int:", "        ..."], id="the body of a new stub"),
]


@pytest.mark.parametrize("lines", PLAIN)
def test_plain_code_is_read_as_it_stands(lines: list[str]) -> None:
    """Nothing is a marker, a note, a sign or a wrapping."""
    snippet = read("\n".join(lines) + "\n")
    assert snippet.lines == lines
    assert snippet.numbers == list(range(len(lines)))
    assert (snippet.markers, snippet.notes, snippet.removals, snippet.signed) == ([], [], [], False)


def test_a_file_read_as_its_own_snippet_is_code() -> None:
    """Markers, notes and file names that the original holds are its text."""
    text = "# tool.py\n# ... existing code ...\n# removed: load\n...\n"
    assert read(text, original=text).lines == text.splitlines()


WRAPPED = [
    pytest.param("```python\nx = 1\ny = 2\n```\n", id="fence"),
    pytest.param("~~~\nx = 1\ny = 2\n~~~", id="fence of tildes"),
    pytest.param("\n\n```py\nx = 1\ny = 2\n```\n\n", id="blank lines around the fence"),
    pytest.param("tool.py\n```python\nx = 1\ny = 2\n```\n", id="file name above the fence"),
    pytest.param("Here is the edit:\n\n```python\nx = 1\ny = 2\n```\n", id="a sentence above the fence"),
    pytest.param("```python\n# src/tool.py\nx = 1\ny = 2\n```\n", id="file name in the fence"),
    pytest.param("# tool.py\nx = 1\ny = 2\n", id="file name as a comment"),
    pytest.param("// filepath: src/tool.py\nx = 1\ny = 2\n", id="file name with a label"),
    pytest.param("```python\nx = 1\ny = 2\n", id="fence that is not closed"),
]


@pytest.mark.parametrize("text", WRAPPED)
def test_wrapping_is_taken_off(text: str) -> None:
    """A fence and a line that names the file are no code."""
    assert read(text).lines == ["x = 1", "y = 2"]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        pytest.param("# other.py\nx = 1\n", "tool.py", id="another file's name"),
        pytest.param("# tool.py\nx = 1\n", None, id="no path is known"),
        pytest.param("x = 1\n# tool.py\n", "tool.py", id="not the first line"),
    ],
)
def test_a_line_that_need_not_name_the_file_is_kept(text: str, path: str | None) -> None:
    """Only the first line, and only with the file's own name, is wrapping."""
    assert read(text, path=path).lines == text.splitlines()


def test_numbers_count_the_lines_of_the_snippet_as_it_came() -> None:
    """Doubts and provenance point into the snippet with its fence, markers and notes."""
    snippet = read("```\n# ...\nx = 1\n# removed: load\ny = 2\n```\n")
    assert snippet.lines == ["x = 1", "y = 2"]
    assert snippet.numbers == [2, 4]
    assert [(marker.before, marker.line) for marker in snippet.markers] == [(0, 1)]
    assert [(removal.before, removal.line) for removal in snippet.removals] == [(1, 3)]
    assert [(note.line, note.text, note.dropped) for note in snippet.notes] == [(3, "# removed: load", True)]


def test_markers_part_the_code_into_segments() -> None:
    """Two markers in a row count twice; a marker behind the last line counts for no line."""
    snippet = read("a = 1\n# ...\nb = 2\n// ... existing code ...\n...\nc = 3\n# ...\n")
    assert snippet.lines == ["a = 1", "b = 2", "c = 3"]
    assert snippet.segments == [0, 1, 3]
    assert [marker.before for marker in snippet.markers] == [1, 2, 2, 3]


def test_an_inline_marker_stands_behind_its_code() -> None:
    """The code stays, the comment goes, and what closes behind it is a line of its own."""
    snippet = read("call(a, /* ... existing arguments ... */);\n")
    assert snippet.lines == ["call(a,", ");"]
    assert [marker.before for marker in snippet.markers] == [1]


def test_the_ellipsis_of_a_new_definition_is_its_body() -> None:
    """Below a head that the original lacks, `...` is code; below one that it has, it is a marker."""
    new = read("def save(path):\n    ...\n")
    assert (new.lines, new.markers) == (["def save(path):", "    ..."], [])
    known = read("def load(path):\n    ...\n")
    assert known.lines == ["def load(path):"]
    assert len(known.markers) == 1


def test_blank_lines_around_the_code_are_no_code() -> None:
    """Those before a trailing marker are kept: they may be wanted there."""
    assert read("x = 1\n\n\n").lines == ["x = 1"]
    assert read("x = 1\n\n# ...\n\n").lines == ["x = 1", ""]


NOT_SIGNED = [
    pytest.param("- one\n+ two\n", "- one\n", True, id="list items of a text that has such"),
    pytest.param("+1 555 0100\n", ORIGINAL, False, id="a number with a sign"),
    pytest.param("++count;\n", ORIGINAL, False, id="an increment"),
    pytest.param("- anything\n", ORIGINAL, True, id="a list item of prose"),
    pytest.param("--- a/one.py\n+++ b/one.py\n", ORIGINAL, False, id="only the head of a diff"),
]


@pytest.mark.parametrize(("text", "original", "prose"), NOT_SIGNED)
def test_a_plus_or_minus_that_is_text(text: str, original: str, prose: bool) -> None:
    """A sign is one only where the original says so."""
    snippet = read(text, original, prose=prose)
    assert not snippet.signed
    assert snippet.lines == text.splitlines()


@pytest.mark.parametrize("blank", [" ", ""], ids=["with the blank of context", "without it"])
def test_diff_signs_are_read(blank: str) -> None:
    """Context may or may not have a diff's leading blank; the line below the sign is what counts."""
    snippet = read(
        f"{blank}def load(path):\n"
        "-    size = os.stat(path).st_size\n"
        "+    size = os.path.getsize(path)\n"
        f"{blank}    return size\n"
    )
    assert snippet.signed
    assert snippet.signs == [" ", "-", "+", " "]
    assert snippet.lines == [
        "def load(path):",
        "    size = os.stat(path).st_size",
        "    size = os.path.getsize(path)",
        "    return size",
    ]


def test_a_signed_snippet_that_was_applied_is_read_without_signs() -> None:
    """Where all that is to go is gone and all that is new is there, the old lines are dropped."""
    snippet = read("-    size = old(path)\n+    size = os.stat(path).st_size\n     return size\n")
    assert snippet.lines == ["    size = os.stat(path).st_size", "    return size"]
    assert snippet.signs == [" ", " "]


@pytest.mark.parametrize(
    ("text", "signed"),
    [
        pytest.param("size = 1\n-sessions = 7\n", True, id="no blank behind it"),
        pytest.param("size = 1\n-    deep = 7\n", True, id="indented code behind it"),
        pytest.param("size = 1\n- item\n", False, id="an item"),
        pytest.param("size = 1\n---\n", False, id="a rule"),
    ],
)
def test_signs_of_lines_that_are_not_there(text: str, signed: bool) -> None:
    """Applied a second time, a removed line is nowhere; in prose it must not become an item of a list."""
    assert read(text, "size = 1\n", "a.txt", prose=True).signed is signed
    assert not read(text, "size = 1\n-v  verbose\n", "a.txt", prose=True).signed  # such lines are the file's own


def test_a_name_that_stands_twice_is_text() -> None:
    """It can't be what the code is wrapped in: applied again, it would be a line of the file."""
    assert read("# tool.py\n# tool.py\nx = 1\n").lines == ["# tool.py", "# tool.py", "x = 1"]


def test_blank_lines_within_the_wrapping_are_no_code() -> None:
    """They would be put in again each time."""
    assert read("```\n\nx = 1\n\n```\n").lines == read("# tool.py\n\nx = 1\n").lines == ["x = 1"]
