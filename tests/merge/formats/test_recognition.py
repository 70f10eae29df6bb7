"""What is none of the formats, and is left to the lazy edit."""

from __future__ import annotations

import pytest

from fastapply.merge.formats import read_format
from fastapply.merge.text import split_lines

CODE = "def f():\n    return 1\n\n\ndef g():\n    return 2\n"
CONFLICT = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> topic\nd\n"
README = "# Diffs\n\nA diff looks so:\n\n```diff\n@@ -1,2 +1,2 @@\n-old\n+new\n```\n\nThat is all.\n"
BLOCK = "<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\n"
PATCH_FILE = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"

NOT_OURS = [
    pytest.param("", CODE, None, id="empty snippet"),
    pytest.param("\n\n", CODE, None, id="only blank lines"),
    pytest.param("```\n```\n", CODE, None, id="an empty fence"),
    pytest.param(CODE, CODE, None, id="ordinary code"),
    pytest.param("# ... existing code ...\ndef g():\n    return 3\n", CODE, None, id="a lazy edit with a marker"),
    pytest.param("+import os\n def f():\n-    return 1\n+    return 3\n", CODE, None, id="signs, but no header at all"),
    pytest.param("def f():\n-    return 1\n+    return 3\n", CODE, None, id="signs in a lazy edit"),
    pytest.param("- one\n- two\n+ three\n", "- one\n", None, id="a list with signs as bullets"),
    pytest.param("Title\n=======\n\nText.\n", "Title\n=======\n", "a.rst", id="a heading underlined with seven signs"),
    pytest.param("---\ntitle: x\n---\n# A\n", "# A\n", "a.md", id="front matter between dashes"),
    pytest.param("+++\ntitle = 1\n+++\n# A\n", "# A\n", "a.md", id="front matter between pluses"),
    pytest.param("--- a\n", CODE, None, id="dashes without pluses"),
    pytest.param("--- a\n+++ b\ncode()\n", CODE, None, id="a header above lines without signs"),
    pytest.param("--- a\n+++ b\n", CODE, None, id="a header and nothing more"),
    pytest.param("@@ -1,2 +1,2 @@\n def f():\n", CODE, None, id="a hunk that changes nothing"),
    pytest.param("@@count = 1\n@@other = 2\n", "@@count = 0\n", "a.rb", id="class variables of Ruby"),
    pytest.param("x = '''\n@@ -1 +1 @@\n-a\n+b\n'''\n", CODE, None, id="a diff in a string"),
    pytest.param(f"PROMPT = '''\n{BLOCK}'''\n", CODE, None, id="a block in a string"),
    pytest.param("X = '''\n*** Begin Patch\n*** Update File: a\n'''\n", CODE, None, id="a patch in a string"),
    pytest.param("*** Begin Patch\n*** End Patch\n", CODE, None, id="a patch without a file"),
    pytest.param("*** stars ***\ncode()\n", CODE, None, id="a line of stars"),
    pytest.param(CONFLICT, CONFLICT, None, id="a merge conflict is no search/replace block"),
    pytest.param(CONFLICT.replace("\nb\n", "\nB\n"), CONFLICT, None, id="an edit of a merge conflict"),
    pytest.param(README, README, "README.md", id="a document about diffs, whole"),
    pytest.param(README, "# Other\n", "README.md", id="a document about diffs, new, told by its path"),
    pytest.param(README, README.replace("old", "was"), None, id="a document about diffs, told by its sentences"),
    pytest.param(f"Write a block:\n\n{BLOCK}", "# Other\n", "a.md", id="a document about blocks"),
    pytest.param(PATCH_FILE, PATCH_FILE, "x.patch", id="the original is that diff"),
    pytest.param(PATCH_FILE.replace("+c", "+d"), PATCH_FILE, None, id="the original is a diff with that header"),
    pytest.param(f"{BLOCK}print(1)\n", "old\n", None, id="code beside a block"),
    pytest.param(BLOCK, f"intro\n{BLOCK}", None, id="the original holds such blocks"),
    pytest.param("<<<<<<< SEARCHING\nold\n", "old\n", None, id="a longer word than the marker's"),
]


@pytest.mark.parametrize(("snippet", "original", "path"), NOT_OURS)
def test_other_text_is_none_of_the_formats(snippet: str, original: str, path: str | None) -> None:
    assert read_format(snippet, split_lines(original), path) is None


OURS = [
    pytest.param("@@ -1,2 +1,2 @@\n def f():\n-    return 1\n+    return 3\n", "unified_diff", id="numbers"),
    pytest.param("@@\n-    return 1\n+    return 3\n", "unified_diff", id="no numbers"),
    pytest.param("@@ ... @@\n-    return 1\n+    return 3\n", "unified_diff", id="dots for numbers"),
    pytest.param("--- a/x.py\n+++ b/x.py\n-    return 1\n+    return 3\n", "unified_diff", id="a file header only"),
    pytest.param("```diff\n@@\n-    return 1\n+    return 3\n```\n", "unified_diff", id="a fence"),
    pytest.param("Here it is:\n\n```\n@@\n-    return 1\n+    return 3\n```\n", "unified_diff", id="a sentence above"),
    pytest.param("<<<<<<< SEARCH\n    return 1\n=======\n    return 3\n>>>>>>> REPLACE", "search_replace", id="block"),
    pytest.param("<<<<< SEARCH\n    return 1\n=====\n    return 3\n>>>>> REPLACE", "search_replace", id="five signs"),
    pytest.param(
        "<<<<<<<<< ORIGINAL\n    return 1\n=========\n    return 3\n>>>>>>>>> UPDATED",
        "search_replace",
        id="nine signs, other words",
    ),
    pytest.param(
        "------- SEARCH\n    return 1\n=======\n    return 3\n+++++++ REPLACE\n",
        "search_replace",
        id="dashes and pluses",
    ),
    pytest.param(
        "x.py\n```python\n<<<<<<< SEARCH\n    return 1\n=======\n    return 3\n>>>>>>> REPLACE\n```\n",
        "search_replace",
        id="a path and a fence",
    ),
    pytest.param(
        "<<<<<<< SEARCH\n:start_line:2\n-------\n    return 1\n=======\n    return 3\n>>>>>>> REPLACE\n",
        "search_replace",
        id="a line number in the block",
    ),
    pytest.param(
        "*** Begin Patch\n*** Update File: x.py\n@@\n-    return 1\n+    return 3\n*** End Patch\n", "patch", id="patch"
    ),
    pytest.param("*** Update File: x.py\n-    return 1\n+    return 3\n", "patch", id="a file section alone"),
    pytest.param(
        "apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: x.py\n@@\n-    return 1\n+    return 3\n"
        "*** End Patch\nEOF\n",
        "patch",
        id="a patch as a command",
    ),
]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize(("snippet", "name"), OURS)
def test_each_way_to_write_a_format_is_read_and_applied(snippet: str, name: str, ending: str, apply) -> None:
    original = CODE.replace("\n", ending)
    done = apply(snippet.replace("\n", ending), original, "x.py")
    assert (done.read.format, done.doubts) == (name, [])
    assert done.text == original.replace("return 1", "return 3")


@pytest.mark.parametrize(("snippet", "name"), OURS)
def test_applied_again_nothing_changes(snippet: str, name: str, apply) -> None:
    again = apply(snippet, apply(snippet, CODE, "x.py").text, "x.py")
    assert (again.read.format, again.read.edits, again.doubts) == (name, (), [])


@pytest.mark.parametrize(("snippet", "name"), OURS)
def test_the_byte_order_mark_stays_first(snippet: str, name: str, apply) -> None:
    original = "\ufeff    return 1\nx\n"
    done = apply(snippet.replace(" def f():\n", "").replace("-1,2 +1,2", "-1 +1").replace(":2\n", ":1\n"), original)
    assert (done.text, done.doubts) == ("\ufeff    return 3\nx\n", [])
