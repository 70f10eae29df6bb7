from __future__ import annotations

import pytest

from fastapply.merge.markers import comment_body, is_marker, is_note, is_removal_note, names_in, split_trailing

NO_MARKERS = [
    pytest.param("", id="nothing"),
    pytest.param("   ", id="blanks"),
    pytest.param("foo(...args)", id="spread of arguments"),
    pytest.param("  ...state,", id="spread of an object"),
    pytest.param("...props", id="spread at the end"),
    pytest.param("const [first, ...rest] = items;", id="a rest pattern, called rest"),
    pytest.param("{...rest}", id="spread of JSX attributes, called rest"),
    pytest.param("def f(*args: int) -> int: ...", id="stub on one line"),
    pytest.param('print("...")', id="ellipsis in a string"),
    pytest.param("x = a[..., 0]", id="ellipsis as an index"),
    pytest.param("for i in 0...10 {", id="Swift range"),
    pytest.param("// loads the file", id="plain comment"),
    pytest.param("# TODO: handle the rest", id="a comment about the rest"),
    pytest.param("// keep the existing connection open", id="a comment with words of markers"),
    pytest.param("// the same order as in the table", id="a comment about sameness"),
    pytest.param("// wait...", id="a comment that trails off"),
    pytest.param("# Based on prior work by ... Mullender ...", id="a sentence with words left out"),
    pytest.param(" * For more of the same, see above ...", id="a sentence that trails off, with words of markers"),
    pytest.param("/* ===== */", id="rule of a comment box"),
    pytest.param("return existing", id="code with words of markers"),
    pytest.param("#include <stdio.h>", id="preprocessor line"),
    pytest.param("#!/bin/sh", id="shebang"),
    pytest.param("---", id="front matter, no dashes of Lua"),
]
MARKERS = [
    "// ... existing code ...",
    "# ... existing code ...",
    "-- ... existing code ...",
    "/* ... existing code ... */",
    "{/* ... existing code ... */}",
    "<!-- ... existing code ... -->",
    "<%-- ... existing code ... --%>",
    "(* ... existing code ... *)",
    "{- ... existing code ... -}",
    "--[[ ... existing code ... ]]",
    "; ... existing code ...",
    "% ... existing code ...",
    "REM ... existing code ...",
    '""" ... existing code ... """',
    "// ... rest of the function unchanged ...",
    "// … same as before …",
    "# [... existing imports ...]",
    "# [...]",
    "// (...)",
    "...",
    "    …",
    "        // ...",
    "... existing code ...",
    "... rest of file ...",
    "// ... other methods",
    "// other methods ...",
    "// existing code here",
    "// rest of the file remains the same",
    "# (unchanged)",
    "// rest unchanged",
    "// ... keep imports ...,",
    "// existing code",
    "// remaining methods unchanged",
    "# ... setUp and tearDown stay the same ...",
    "// no changes here",
]


@pytest.mark.parametrize("line", NO_MARKERS)
def test_code_and_plain_comments_are_no_markers(line: str) -> None:
    """Code taken for a marker would be lost without a word."""
    assert not is_marker(line)


@pytest.mark.parametrize("line", MARKERS)
def test_markers_in_any_comment_syntax_and_wording(line: str) -> None:
    """Models write the marker of another language as often as not."""
    assert is_marker(line)
    assert is_marker("\t" + line + "  ")


@pytest.mark.parametrize("line", ["...", "    # ... existing code ...", "// rest unchanged"])
def test_a_line_that_the_original_holds_is_code(line: str) -> None:
    """What looks like a marker may be the file's own text, at any indentation."""
    assert is_marker(line)
    assert not is_marker(line, frozenset({line.strip()}))


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("x = 1", id="plain code"),
        pytest.param("foo(...args)", id="spread"),
        pytest.param("return { ...state, ready: true };", id="spread in a literal"),
        pytest.param('url = "http://a.b/..."', id="two slashes and an ellipsis in a string"),
        pytest.param("x = 1  # first", id="a plain comment behind code"),
        pytest.param("x = load()  # this may take a while...", id="a comment that trails off behind code"),
        pytest.param("def f() -> None: ...", id="a stub on one line"),
        pytest.param("// ... existing code ...", id="a whole line is no trailing marker"),
        pytest.param("", id="nothing"),
    ],
)
def test_no_marker_at_the_end_of_the_line(line: str) -> None:
    """The line is code to its end."""
    assert split_trailing(line) is None


@pytest.mark.parametrize(
    ("line", "code", "after"),
    [
        ("class A {  // ... existing code ...", "class A {", ""),
        ("    def f(self):  # ... existing code ...", "    def f(self):", ""),
        ("call(a, /* ... existing arguments ... */);", "call(a,", ");"),
        ("\tlocal t = { -- ... existing entries ...", "\tlocal t = {", ""),
        ("<ul> {/* ... existing items ... */}", "<ul>", ""),
        ("<ul> <!-- ... existing items ... -->", "<ul>", ""),
    ],
)
def test_a_marker_at_the_end_of_the_line_is_split_off(line: str, code: str, after: str) -> None:
    """The code before it keeps its indentation; what closes behind it is code again."""
    assert split_trailing(line) == (code, after)


NO_NOTES = [
    pytest.param("x = 1", id="code"),
    pytest.param("removed = True", id="code that begins like a note"),
    pytest.param("// NEW: retry twice", id="new behaviour, explained to readers"),
    pytest.param("# Remove the entry if it is stale", id="a comment on what the code does, with a condition"),
    pytest.param("# Add the totals of both tables", id="a comment on what the code does"),
    pytest.param("// updates the cache after a write", id="a doc comment"),
    pytest.param("// changed files are sorted first", id="a word of change as an adjective"),
    pytest.param("# deletes stale sessions from the store", id="a doc comment about deleting"),
    pytest.param("// drop privileges before the fork", id="a comment about dropping"),
    pytest.param("# new in version 2", id="a version comment"),
    pytest.param("// these lines changed hands", id="words of a note that go on"),
    pytest.param("# slow (move this to a worker)", id="a wish in brackets that names no place"),
    pytest.param("// insert into the table", id="a comment about inserting"),
    pytest.param("# region: helpers", id="fold of an editor"),
    pytest.param("// NOTE: not thread safe", id="a note to readers"),
    pytest.param("# --remove deletes the file", id="an option explained"),
]


@pytest.mark.parametrize("line", NO_NOTES)
def test_comments_for_readers_are_kept(line: str) -> None:
    """When unsure, a comment is code."""
    assert not is_note(line)
    assert not is_removal_note(line)


@pytest.mark.parametrize(
    "line",
    [
        "// add this after parse()",
        "# insert the new method here",
        "// CHANGE 1: added",
        "# This line changed:",
        "// the lines below were updated, EDIT 3 - (insert these before run)",
        "// NEW: parse the command line (put this right after main)",
        "// FIRST_EDIT:",
        "# SECOND_EDIT",
        "// BEGIN ADD",
        "/* END CHANGES */",
        "<!-- START NEW CODE -->",
        "# (added)",
        "// <<< replaced the loop >>>",
        "// === new helper below ===",
        "// replace this line with:",
        "// changed: use the pool",
        "# NOTE: insert right before main()",
    ],
)
def test_notes_to_the_merger(line: str) -> None:
    """The wording talks about the edit, not about the code."""
    assert is_note(line)
    assert not is_removal_note(line)


@pytest.mark.parametrize(
    "line",
    [
        "// removed: old helper",
        "# Removed old_helper()",
        "# remove Block",
        "// delete `parse`",
        "/* deleted the loop */",
        "<!-- removed the footer -->",
        "-- dropped unused function",
        "// (removed the cache)",
        "# NOTE: removed legacy path",
        "// delete this function",
    ],
)
def test_notes_of_removal(line: str) -> None:
    """They are notes, and evidence for a deletion."""
    assert is_removal_note(line)
    assert is_note(line)


def test_names_in_a_note_are_identifiers() -> None:
    """The comment's own signs are not among them."""
    assert {"old_helper", "$el"} <= names_in("// removed: old_helper() and $el")
    assert "//" not in names_in("// removed: old_helper() and $el")


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("// text", "text"),
        ("  # text  ", "text"),
        ("/* text */", "text"),
        ("/** text */", "text"),
        ("{/* text */}", "text"),
        ("<!-- text -->", "text"),
        ("-- text", "text"),
        (" * text", "text"),
        ("#", ""),
        ("text // more", None),
        ("x = a * b", None),
        ("*pointer = 1;", None),
        ("", None),
    ],
)
def test_the_body_of_a_comment(line: str, body: str | None) -> None:
    """Any language's comment is read; code with a comment behind it is none."""
    assert comment_body(line) == body
