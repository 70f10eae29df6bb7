from __future__ import annotations

import pytest

from fastapply.merge.deadline import Deadline
from fastapply.merge.language import by_name
from fastapply.merge.tree import encode, parse
from fastapply.merge.validate import syntax_doubt


def verdict(before: str, after: str, language: str) -> str | None:
    profile = by_name(language)
    doubt = syntax_doubt(before, parse(encode(before), profile), after, profile, Deadline(5))
    return doubt.kind if doubt else None


@pytest.mark.parametrize(
    ("before", "after", "language"),
    [
        pytest.param("x = 1\n", "x = 1\n", "python", id="nothing changed"),
        pytest.param("x = (\n", "x = (\n", "python", id="broken before, and nothing changed"),
        pytest.param("x = (\ny = 1\n", "x = (\ny = 2\n", "python", id="broken before, and no worse now"),
        pytest.param("x = (\n", "x = 1\n", "python", id="mended"),
        pytest.param("x = 1\n", "y = 2\n", "python", id="another program"),
        pytest.param("print 1\n", "print 2\n", "python", id="Python 2, which ast can't read before either"),
        pytest.param("\ufeffx = 1\n", "\ufeffy = 1\n", "python", id="a BOM before Python"),
        pytest.param("a b c\n", "((((\n", "text", id="text has no grammar"),
        pytest.param("", "int f(void) { return 1; }\n", "c", id="from nothing"),
        pytest.param("s = '\\d'\n", "s = '\\d\\w'\n", "python", id="an escape that Python only warns of"),
    ],
)
def test_a_result_that_parses_no_worse(before: str, after: str, language: str) -> None:
    """What was broken may stay broken; it is not ours to mend."""
    assert verdict(before, after, language) is None


@pytest.mark.parametrize(
    ("before", "after", "language"),
    [
        pytest.param("x = (1)\n", "x = (1\n", "python", id="a bracket lost"),
        pytest.param("f() {\n  a;\n}\n", "f() {\n  a;\n}\n}\n", "javascript", id="a brace too many"),
        pytest.param("def f():\n    a\n", "def f():\n", "python", id="an empty body: tree-sitter accepts it"),
        pytest.param(
            "def f():\n    a\n    b\n", "def f():\n    a\n     b\n", "python", id="a bad indent: tree-sitter accepts it"
        ),
        pytest.param('{"a": 1}\n', '{"a": 1\n', "json", id="an object left open"),
        pytest.param("a = ;\nf() {\n}\n", "a = ;\nf( {\n}\n", "javascript", id="broken before, and worse now"),
    ],
)
def test_a_result_that_parses_worse(before: str, after: str, language: str) -> None:
    """Syntax that an edit breaks is a doubt."""
    assert verdict(before, after, language) == "syntax_regressed"
