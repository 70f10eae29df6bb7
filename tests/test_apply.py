from __future__ import annotations

import pytest

from fastapply import apply
from fastapply.apply import MAX_CHARACTERS
from fastapply.errors import DeadlineExceeded, EditRefused, InputTooLarge, InvalidRequest, UnknownLanguage
from fastapply.merge.text import BOM
from fastapply.merge.values import ApplyResult, Changes, Usage

ORIGINAL = "import os\n\n\ndef f():\n    setup()\n    return 1\n\n\ndef g():\n    setup()\n    return 1\n"
SNIPPET = "# ...\ndef g():\n    setup()\n    return 2\n"
MERGED = ORIGINAL[: ORIGINAL.index("def g")] + "def g():\n    setup()\n    return 2\n"


def edited(original: str, result: ApplyResult) -> str:
    """`original` with the answer's exact edits made."""
    for edit in reversed(result.edits):
        original = original[: edit.start] + edit.text + original[edit.end :]
    return original


@pytest.mark.parametrize("snippet", ["", "\n  \n\n", "```python\n```\n"])
def test_an_empty_snippet_is_in_doubt(snippet: str) -> None:
    """An edit without a line was hardly meant, and success would hide that."""
    result = apply(ORIGINAL, snippet, path="a.py", on_doubt="best")
    assert result.merged_code == ORIGINAL
    assert [doubt.kind for doubt in result.doubts] == ["nothing_applied"]


@pytest.mark.parametrize(
    ("snippet", "read_as"),
    [
        pytest.param("# ... existing code ...\n", "markers_only", id="a marker"),
        pytest.param("// ...\n\n<!-- ... -->\n", "markers_only", id="markers in several languages"),
        pytest.param("```python\n# ... existing code ...\n```", "markers_only", id="a marker in a fence"),
        pytest.param(ORIGINAL, "whole_file", id="the file itself"),
    ],
)
def test_a_snippet_that_asks_for_nothing(snippet: str, read_as: str) -> None:
    """The text is the original's, and the answer says that nothing was done and why."""
    result = apply(ORIGINAL, snippet, path="a.py")
    assert result.merged_code == ORIGINAL
    assert (result.edits, result.doubts, result.diff, result.changes) == ((), (), "", Changes(0, 0))
    assert result.format == read_as


def test_the_answer_says_all_there_is_to_know() -> None:
    """What was merged, how, by what and in how long."""
    result = apply(ORIGINAL, SNIPPET, path="src/a.py")
    assert result.merged_code == MERGED == edited(ORIGINAL, result)
    assert result.diff.startswith("--- a/src/a.py\n+++ b/src/a.py\n")
    assert result.diff.count("\n-    return 1\n+    return 2\n") == 1
    assert result.changes == Changes(1, 1)
    assert (result.engine, result.language, result.format, result.fallback) == ("structural", "python", "lazy", "")
    assert result.usage == Usage()
    assert {"read", "parse", "merge", "total"} <= result.timings.keys()
    assert [(span.source, span.start, span.end) for span in result.provenance] == [
        ("original", 0, 10),
        ("snippet", 10, 11),
    ]
    assert result.provenance[1].source_start == 3


FORMS = [
    pytest.param("\n", "", True, id="LF"),
    pytest.param("\r\n", "", True, id="CRLF"),
    pytest.param("\n", BOM, True, id="BOM"),
    pytest.param("\r\n", BOM, False, id="BOM and CRLF, no final newline"),
    pytest.param("\n", "", False, id="no final newline"),
]


def formed(text: str, ending: str, mark: str, final: bool) -> str:
    return mark + (text if final else text.removesuffix("\n")).replace("\n", ending)


@pytest.mark.parametrize(("ending", "mark", "final"), FORMS)
@pytest.mark.parametrize(
    ("snippet", "after"),
    [
        pytest.param(SNIPPET, MERGED, id="the last line replaced"),
        pytest.param(
            "import os\nimport sys\n# ...\n",
            ORIGINAL.replace("import os\n", "import os\nimport sys\n"),
            id="a line inserted",
        ),
        pytest.param("def g():\n    setup()\n    return 1\n\n\ng()\n", ORIGINAL + "\n\ng()\n", id="lines appended"),
        pytest.param(
            " def g():\n     setup()\n-    return 1\n",
            ORIGINAL.removesuffix("    return 1\n"),
            id="the last line deleted",
        ),
    ],
)
def test_the_form_of_the_file_is_kept(snippet: str, after: str, ending: str, mark: str, final: bool) -> None:
    """Line endings, BOM and the end of the file are the original's, whatever the snippet's are."""
    original = formed(ORIGINAL, ending, mark, final)
    result = apply(original, snippet, path="a.py")
    assert result.merged_code == formed(after, ending, mark, final) == edited(original, result)


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_the_snippets_line_endings_do_not_matter(ending: str) -> None:
    """Neither does its BOM."""
    assert apply(ORIGINAL, SNIPPET.replace("\n", ending), path="a.py").merged_code == MERGED
    assert apply(ORIGINAL, BOM + SNIPPET, path="a.py").merged_code == MERGED


def test_a_byte_order_mark_in_the_snippet_alone_is_not_taken() -> None:
    """Even where the first line is the snippet's, and wherever above its first line of code the mark stands."""
    edit = "import os, sys\n\n\ndef f():\n    # ...\n"
    for snippet in (BOM + edit, f"\n{BOM}{edit}", f"```python\n{BOM}{edit}```\n"):
        result = apply(ORIGINAL, snippet, path="a.py")
        assert result.merged_code == ORIGINAL.replace("import os", "import os, sys")
        marked = apply(BOM + ORIGINAL, snippet, path="a.py")
        assert marked.merged_code == BOM + result.merged_code


@pytest.mark.parametrize("text", ["text = 'a\u2028b'\n", "x = 1\n\f\n", "x = 'a\x85b'\n"])
def test_odd_characters_are_no_line_ends(text: str) -> None:
    """They stay where they are, in an edit beside them too."""
    assert apply(text + "y = 1\n", "# ...\ny = 2\n", path="a.py").merged_code == text + "y = 2\n"


@pytest.mark.parametrize(
    ("snippet", "read_as"),
    [
        pytest.param(
            "--- a/a.py\n+++ b/a.py\n@@ -9,3 +9,3 @@\n def g():\n     setup()\n-    return 1\n+    return 2\n",
            "unified_diff",
            id="diff",
        ),
        pytest.param(
            "<<<<<<< SEARCH\ndef g():\n    setup()\n    return 1\n=======\n"
            "def g():\n    setup()\n    return 2\n>>>>>>> REPLACE\n",
            "search_replace",
            id="search and replace",
        ),
        pytest.param(
            "*** Begin Patch\n*** Update File: a.py\n@@ def g():\n"
            "     setup()\n-    return 1\n+    return 2\n*** End Patch\n",
            "patch",
            id="patch",
        ),
        pytest.param(f"```python\n{SNIPPET}```\n", "lazy", id="fence"),
        pytest.param(f"a.py\n```python\n{SNIPPET}```\n", "lazy", id="file name and fence"),
    ],
)
def test_every_form_of_edit_gives_the_same_merge(snippet: str, read_as: str) -> None:
    """The answer says how the snippet was read."""
    result = apply(ORIGINAL, snippet, path="a.py")
    assert (result.merged_code, result.format) == (MERGED, read_as)


@pytest.mark.parametrize(
    ("original", "snippet", "path", "result"),
    [
        pytest.param(
            "from typing import Protocol\n\n\nclass P(Protocol):\n    def f(self) -> int:\n        ...\n",
            "class P(Protocol):\n    # ...\n\n    def g(self) -> int:\n        ...\n",
            "a.pyi",
            "from typing import Protocol\n\n\nclass P(Protocol):\n    def f(self) -> int:\n        ...\n\n"
            "    def g(self) -> int:\n        ...\n",
            id="the body of a Python stub",
        ),
        pytest.param(
            "const a = {\n  ...base,\n  one: 1,\n};\nexport default a;\n",
            "const a = {\n  ...base,\n  ...props,\n  one: 1,\n};\n// ...\n",
            "a.ts",
            "const a = {\n  ...base,\n  ...props,\n  one: 1,\n};\nexport default a;\n",
            id="a TypeScript spread",
        ),
        pytest.param(
            "function f(...args) {\n  return g(...args);\n}\n",
            "function f(...args) {\n  check(...args);\n  return g(...args);\n}\n",
            "a.js",
            "function f(...args) {\n  check(...args);\n  return g(...args);\n}\n",
            id="a rest parameter",
        ),
    ],
)
def test_dots_that_are_code(original: str, snippet: str, path: str, result: str) -> None:
    """An ellipsis of the language is kept like any other code."""
    assert apply(original, snippet, path=path).merged_code == result


def test_a_whole_file() -> None:
    """Shown from its first line to its last, without a marker."""
    new = ORIGINAL.replace("import os", "import os, sys")
    result = apply(ORIGINAL, new, path="a.py")
    assert (result.merged_code, result.format) == (new, "whole_file")


def test_notes_to_the_merger_are_reported_and_not_merged() -> None:
    """Each with its line of the snippet."""
    result = apply(ORIGINAL, "# ...\ndef g():\n    # removed: setup\n    return 1\n", path="a.py")
    assert [(note.line, note.text, note.dropped) for note in result.notes] == [(2, "# removed: setup", True)]
    assert "removed" not in result.merged_code


@pytest.mark.parametrize(
    ("path", "language", "name"),
    [
        pytest.param("a.py", None, "python", id="by the path"),
        pytest.param(None, "py", "python", id="by an alias"),
        pytest.param("a.txt", "python", "python", id="the language before the path"),
        pytest.param("notes", None, "text", id="by nothing"),
    ],
)
def test_the_language(path: str | None, language: str | None, name: str) -> None:
    """A file of an unknown language is text, and merged all the same."""
    result = apply(ORIGINAL, SNIPPET, path=path, language=language)
    assert (result.merged_code, result.language) == (MERGED, name)
    assert bool(result.fallback) is (name == "text")


def test_a_language_that_nobody_named_is_guessed() -> None:
    """The answer says so, and is the same as with a name."""
    original, snippet = ORIGINAL.replace("    setup()\n", ""), SNIPPET.replace("    setup()\n", "")
    result = apply(original, snippet)
    assert result.merged_code == apply(original, snippet, path="a.py").merged_code
    assert result.language == "python"
    assert result.fallback == "neither path nor language given: python guessed"


def test_a_path_above_the_snippet_is_no_code() -> None:
    """It names the file, and with it the language."""
    result = apply("def f():\n    return 1\n", "# src/a.py\ndef f():\n    return 2\n")
    assert (result.language, result.merged_code) == ("python", "def f():\n    return 2\n")


def test_a_broken_original_is_merged_by_lines() -> None:
    """The answer says why structure could not be used."""
    original = ORIGINAL.replace("def f():", "def f(:")
    result = apply(original, SNIPPET, path="a.py")
    assert result.merged_code == original.replace(
        "def g():\n    setup()\n    return 1", "def g():\n    setup()\n    return 2"
    )
    assert "syntax error" in result.fallback


def test_an_unknown_language_is_an_error() -> None:
    """It is not merged as text in silence."""
    with pytest.raises(UnknownLanguage):
        apply(ORIGINAL, SNIPPET, language="klingon")


@pytest.mark.parametrize("field", ["original_code", "edit_snippet", "instruction"])
def test_what_is_no_text_is_an_error(field: str) -> None:
    """The error names the argument."""
    arguments = {"original_code": ORIGINAL, "edit_snippet": SNIPPET, "instruction": "", field: b"bytes"}
    with pytest.raises(InvalidRequest, match="bytes") as caught:
        apply(**arguments, path="a.py")  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize("field", ["original_code", "edit_snippet"])
def test_what_is_too_long_is_an_error(field: str) -> None:
    """Before anything is done with it."""
    arguments = {"original_code": ORIGINAL, "edit_snippet": SNIPPET, field: "x" * (MAX_CHARACTERS + 1)}
    with pytest.raises(InputTooLarge) as caught:
        apply(**arguments)  # type: ignore[arg-type]
    assert caught.value.field == field


def test_the_deadline_is_kept() -> None:
    """A merge that takes too long ends in an error, not in a guess."""
    with pytest.raises(DeadlineExceeded):
        apply("same(line)\n" * 5000, "same(line)\nother()\n# ...\n" * 500, path="a.py", deadline=0.01)


def test_the_instruction_does_not_complete_the_edit() -> None:
    """What the snippet shows is applied, no more."""
    result = apply(ORIGINAL, SNIPPET, path="a.py", instruction="Rename f to h and return 2 from g")
    assert result.merged_code == MERGED


def test_a_refusal_leaves_the_caller_with_what_to_do() -> None:
    """Every doubt has a message and a hint."""
    with pytest.raises(EditRefused) as caught:
        apply(ORIGINAL, "    setup()\n    check()\n    # ...\n", path="a.py")
    assert all(doubt.message and doubt.hint for doubt in caught.value.doubts)
