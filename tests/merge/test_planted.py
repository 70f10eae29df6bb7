from __future__ import annotations

import pytest

from fastapply.merge.deadline import Deadline
from fastapply.merge.language import by_name
from fastapply.merge.planted import planted_outline
from fastapply.merge.snippet import read_snippet


def names(text: str, language: str) -> list[tuple[str, int, int]]:
    snippet = read_snippet(text, [], frozenset())
    return [(item.name, item.start, item.end) for item in planted_outline(snippet, by_name(language), Deadline(5))]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param("", "python", id="nothing"),
        pytest.param("# ...\n", "python", id="only a marker"),
        pytest.param("def f():\n    pass\n", "text", id="no grammar"),
        pytest.param("return 1\n", "python", id="a statement declares nothing"),
    ],
)
def test_no_declaration(text: str, language: str) -> None:
    """There is nothing to outline."""
    assert names(text, language) == []


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        pytest.param("def f():\n    # ...\n\n    x = 1\n", "python", "f", id="a marker in a body"),
        pytest.param("// ...\n\nfunction f() {\n  return 1;\n}\n", "javascript", "f", id="a marker above"),
        pytest.param(
            "  f() {\n    return 1;\n  }\n}\n\nfunction g() {\n}\n", "javascript", "g", id="a fragment before it"
        ),
        pytest.param("function f() {\n}\n", "php", "f", id="PHP without its opening tag"),
    ],
)
def test_whole_declarations_are_found_among_markers_and_fragments(text: str, language: str, expected: str) -> None:
    """What is no complete syntax does not hide what is."""
    assert expected in [name for name, _, _ in names(text, language)]


def test_lines_are_those_of_the_snippets_code() -> None:
    """What is planted adds no line, and neither does PHP's tag."""
    text = "function f() {\n  // ...\n}\n\nfunction g() {\n}\n"
    assert [(name, start) for name, start, _ in names(text, "javascript")] == [("f", 0), ("g", 3)]
    assert [(name, start) for name, start, _ in names(text, "php")] == [("f", 0), ("g", 3)]
