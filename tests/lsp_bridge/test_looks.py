"""Quick looks at texts: edits are seen, and files as people write them are left alone."""

from __future__ import annotations

import pytest

from fastapply.merge.text import bare_lines
from lsp_bridge.looks import is_edit, language_of, left_markers, redefines
from support.golden import merged_cases


@pytest.mark.parametrize(
    "line",
    [
        "# ... existing code ...",
        "    // ... rest of the function unchanged ...",
        "<!-- ... existing content ... -->",
        "/* … remaining methods … */",
        "{/* ... existing code ... */}",
        "-- ... unchanged ...",
    ],
)
def test_a_marker_that_was_left_is_seen(line: str) -> None:
    assert list(left_markers(["a = 1", line, "b = 2"], "python")) == [1]


@pytest.mark.parametrize(
    "line",
    [
        "...",
        "    ...",
        "# ...",
        "# and so on ...",
        "# The rest of the existing code follows.",
        "x = [...]",
        "print('# ... existing code ...')",
        "// TODO: and the others ...",
    ],
)
def test_what_may_be_anybodys_own_is_not(line: str) -> None:
    assert list(left_markers([line], "python")) == []


def test_prose_may_speak_of_markers() -> None:
    assert list(left_markers(["# ... existing code ..."], "markdown")) == []


def test_no_file_of_the_golden_cases_is_marked() -> None:
    """Neither before nor after the edit."""
    for case in merged_cases():
        language = language_of(case.path, "", case.before)
        for text in (case.before, case.after):
            assert list(left_markers(bare_lines(text), language)) == [], case.name


def test_edits_are_told_from_code() -> None:
    assert is_edit("# ...\nx = 1\n")
    assert is_edit("@@ -1,2 +1,2 @@\n-a\n+b\n")
    assert is_edit("<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n")
    assert not is_edit("x = 1\n\n\ndef f():\n    return x\n")


def test_long_texts_are_looked_at_for_ellipses_alone() -> None:
    code = "x = 1\n" * 2000
    assert is_edit(code + "# ... existing code ...\n")
    assert is_edit("# rest of the code unchanged\n")
    assert not is_edit(code + "# rest of the code unchanged\n")


def test_a_definition_that_is_there_is_an_edit() -> None:
    rest = "class A:\n    def f(self):\n        return 1\n"
    assert redefines("    def f(self, x):\n        return x\n", rest)
    assert not redefines("    def g(self):\n        return 1\n", rest)
    assert not redefines("        return 1\n", rest)


def test_the_language_comes_from_the_path_or_the_editor() -> None:
    assert language_of("/a/b.py", "plaintext") == "python"
    assert language_of(None, "typescript") == "typescript"
    assert language_of("/a/b.unknown", "nothing") is None
