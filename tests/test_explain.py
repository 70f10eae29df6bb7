"""`fastapply explain`: what a person reads about each stage of a merge."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fastapply import apply
from fastapply.explain import render
from fastapply.explain.wording import WIDTH, spans
from fastapply.merge.deadline import Deadline
from fastapply.merge.language import by_name
from fastapply.merge.lazy import merge_lazy
from fastapply.merge.text import split_lines
from fastapply.merge.tree import encode, parse

GOLDEN = Path(__file__).parent / "golden"

BEFORE = """\
import os
import sys


def first(path):
    text = open(path).read()
    return text.split()


def second(path):
    for part in first(path):
        print(part)
    return None


def third(path):
    return os.stat(path).st_size
"""
SNIPPET = """\
import sys
import json

# ... existing code ...

def second(path, loud):
    for part in first(path):
        print(part.upper() if loud else part)
    return None

# ... existing code ...
"""


def sections(text: str) -> dict[str, list[str]]:
    """The lines of each section by its heading; the first one has none and is ""."""
    first, *others = (part.splitlines() for part in text.split("\n\n"))
    return {"": first} | {lines[0].split("   ")[0]: lines[1:] for lines in others}


def fields(text: str) -> dict[str, str]:
    return {line[:10].strip(): line[10:] for line in sections(text)[""]}


def row(text: str, number: int) -> list[str]:
    """Sign, fate and text of a snippet line."""
    (line,) = [line for line in sections(text)["Edit"] if line.startswith(f"{number:6} ")]
    return [line[7], line[9:18].strip(), line[19:]]


@pytest.fixture(scope="module")
def explained() -> str:
    return render(BEFORE, SNIPPET, path="a.py")


def test_it_begins_with_the_outcome_and_what_was_read(explained: str) -> None:
    assert fields(explained) == {
        "outcome": "merged: +3 −2 lines in 3 edits",
        "original": "17 lines of python (by its name)",
        "edit": "11 lines, read as a lazy edit",
        "fallback": "none: the grammar reads all of the original",
    }


def test_each_line_of_the_edit_has_the_original_line_that_it_was_matched_with(explained: str) -> None:
    assert row(explained, 1) == ["=", "2", "import sys"]
    assert row(explained, 2) == ["+", "new", "import json"]
    assert row(explained, 4) == ["…", "marker", "# ... existing code ..."]
    assert row(explained, 6) == ["~", "10", "def second(path, loud):"]
    assert row(explained, 7) == ["=", "11", "    for part in first(path):"]
    assert row(explained, 11) == ["…", "marker", "# ... existing code ..."]


def test_a_changed_line_shows_what_it_was(explained: str) -> None:
    lines = sections(explained)["Edit"]
    (at,) = [k for k, line in enumerate(lines) if "def second(path, loud):" in line]
    assert lines[at + 1] == "         was       def second(path):"


def test_gaps_say_what_becomes_of_the_original_lines(explained: str) -> None:
    gaps = " ".join(" ".join(sections(explained)["Gaps"]).split())
    assert gaps.startswith("line 1 start of the edit kept ")
    assert "lines 3–9 marker, line 4 inserted 1 line (line 2 of the edit) after line 2; kept lines 3–9" in gaps
    assert gaps.endswith("lines 14–17 marker, line 11 kept")


def test_edits_are_quoted(explained: str) -> None:
    edits = sections(explained)["Edits"]
    assert edits[:2] == ["  inserted 1 line (line 2 of the edit) after line 2", "    + import json"]
    assert "    -         print(part)" in edits
    assert "    +         print(part.upper() if loud else part)" in edits


def test_times_are_given_by_stage(explained: str) -> None:
    (times,) = sections(explained)["Time"]
    assert re.fullmatch(r"(?:\s+[a-z]+ \d+\.\d ms)+", times)
    assert "total" in times


def test_a_deletion_is_told_with_its_reason() -> None:
    snippet = "def first(path):\n    return text.split()\n# ... existing code ...\n"
    text = render(BEFORE, snippet, path="a.py", instruction="Remove the variable `text`")
    gaps = sections(text)["Gaps"]
    assert any(line.split() == "line 6 no marker deleted line 6".split() for line in gaps)
    assert gaps[-1] == "  named as to go, by the instruction or a note: lines 6–7"


def test_notes_and_removals_are_not_code() -> None:
    snippet = "import sys\n# ... existing code ...\n# removed: third\ndef first(path):\n    text = ''\n# ...\n"
    text = render(BEFORE, snippet, path="a.py")
    assert row(text, 3) == ["!", "removal", "# removed: third"]
    text = render(BEFORE, "import os\n# (add this below the import)\nimport json\n# ...\n", path="a.py")
    assert row(text, 2) == ["!", "left out", "# (add this below the import)"]


def test_a_fence_is_wrapping() -> None:
    text = render(BEFORE, f"```python\n{SNIPPET}```\n", path="a.py")
    assert row(text, 1) == [" ", "wrapping", "```python"]
    assert row(text, 2) == ["=", "2", "import sys"]
    assert row(text, 13) == [" ", "wrapping", "```"]


def test_lines_of_a_diff_that_go_are_marked() -> None:
    snippet = (
        " def first(path):\n-    text = open(path).read()\n+    text = path.read_text()\n     return text.split()\n"
    )
    text = render(BEFORE, snippet, path="a.py")
    assert row(text, 2) == ["-", "6", "    text = open(path).read()"]
    assert row(text, 3) == ["+", "new", "    text = path.read_text()"]


def test_blocks_out_of_order_are_named() -> None:
    snippet = """\
def third(path):
    return os.stat(path).st_mtime

# ... existing code ...

def first(path):
    text = path.read_text()
    return text.split()
"""
    text = render(BEFORE, snippet, path="a.py")
    assert fields(text)["outcome"].startswith("merged")
    assert sections(text)["Out of order"] == ["  lines 1–2 of the edit belongs to lines 16–17 of the original"]


def test_a_long_run_is_cut_short() -> None:
    before = "".join(f"line {number} of many\n" for number in range(30))
    text = render(before, before.replace("line 25 of", "last line of"), path="a.txt")
    lines = sections(text)["Edit"]
    assert lines[:2] == ["     1 = 1         line 0 of many", "     2 = 2         line 1 of many"]
    assert lines[3] == "       ⋮ 19 more"
    assert lines[4].split() == ["23", "=", "23", "line", "22", "of", "many"]


def test_doubts_are_told_with_their_places_and_hint() -> None:
    snippet = (
        "import os\n# ... existing code ...\nx = compute()\n# ... existing code ...\n    return os.stat(path).st_size\n"
    )
    doubt, *others = apply(BEFORE, snippet, path="a.py", on_doubt="best").doubts
    text = render(BEFORE, snippet, path="a.py")
    assert fields(text)["outcome"].startswith(f"refused: {doubt.kind}")
    assert fields(text)["guess"].startswith("+1 −0 lines in 1 edit")
    lines = sections(text)["Doubts"]
    assert lines[0] == f"  {doubt.kind}"
    assert doubt.message.split()[:8] == lines[1].split()[:8]
    assert any(re.fullmatch(r" {4}in the edit +line 3 +x = compute\(\)", line) for line in lines)
    assert all(f"  {other.kind}" in lines for other in others)
    assert any(line.startswith("    candidate ") for line in lines)
    assert any(line.split()[:4] == ["hint", *doubt.hint.split()[:3]] for line in lines)


@pytest.mark.parametrize(
    ("snippet", "read_as", "told"),
    [
        (
            "--- a/a.py\n+++ b/a.py\n@@ -1,2 +1,2 @@\n import os\n-import sys\n+import json\n",
            "a unified diff",
            "  replaced line 2 by 1 line (line 6 of the edit)",
        ),
        (
            "<<<<<<< SEARCH\nimport sys\n=======\nimport json\n>>>>>>> REPLACE\n",
            "search/replace blocks",
            "  replaced line 2 by 1 line (line 4 of the edit)",
        ),
        (
            "*** Begin Patch\n*** Update File: a.py\n@@\n import os\n-import sys\n+import json\n*** End Patch\n",
            "a patch (*** Begin Patch)",
            "  replaced line 2 by 1 line (line 6 of the edit)",
        ),
        (
            BEFORE.replace("import sys", "import json"),
            "the whole file",
            "  replaced line 2 by 1 line (line 2 of the edit)",
        ),
        ("# ... existing code ...\n", "markers alone", "  none"),
        ("", "empty", "  none"),
    ],
)
def test_every_format_is_named_and_its_edits_are_told(snippet: str, read_as: str, told: str) -> None:
    text = render(BEFORE, snippet, path="a.py")
    assert fields(text)["edit"].endswith(f"read as {read_as}")
    assert sections(text)["Edits"][0] == told


def test_a_new_file_is_the_edit() -> None:
    text = render("", "import os\n\nprint(os.name)\n", path="a.py")
    assert fields(text)["edit"].endswith("read as a new file")
    assert "    + print(os.name)" in sections(text)["The original is empty: the edit is the file"]


@pytest.mark.parametrize(
    ("path", "language", "before", "said"),
    [
        ("a.py", "ruby", "a = 1\n", "1 line of ruby (as told)"),
        ("a.py", None, "a = 1\n", "1 line of python (by its name)"),
        ("run", None, "#!/bin/sh\n", "1 line of bash (by its first line, or its name and content)"),
        ("notes", None, "a\n", "1 line of text (no other is known by its name or first line)"),
    ],
)
def test_the_language_is_told_with_its_reason(path: str, language: str | None, before: str, said: str) -> None:
    assert fields(render(before, before, path=path, language=language))["original"] == said


def test_a_fallback_to_lines_has_its_reason() -> None:
    assert fields(render("a\n", "a\nb\n", path="a.txt"))["fallback"] == "no grammar for text: merged by lines"
    assert "syntax error" in fields(render("def f(:\n    pass\n", "x = 1\n", path="a.py"))["fallback"]


def test_what_a_terminal_would_obey_is_made_visible() -> None:
    text = render("a = 1\nb = '\x1b[2J'\n", "a = 1\nb = '\x1b[2J\u202e'\n", path="a.py")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "b = '<U+001B>[2J<U+202E>'" in text


def test_colours_are_optional_and_change_nothing_else(explained: str) -> None:
    colored = render(BEFORE, SNIPPET, path="a.py", color=True)
    assert "\x1b[" not in explained
    assert "\x1b[32mmerged\x1b[0m" in colored
    plain = re.sub(r"\x1b\[\d+m", "", colored)
    assert plain.split("\nTime\n")[0] == explained.split("\nTime\n")[0]


def test_ranges_of_lines_in_words() -> None:
    assert spans([0, 1, 2, 4, 7, 8]) == "lines 1–3, line 5, lines 8–9"


each_golden_case = pytest.mark.parametrize(
    "folder",
    [path.parent for path in sorted(GOLDEN.glob("*/*/before.*"))],
    ids=lambda folder: f"{folder.parent.name}/{folder.name}",
)


@each_golden_case
def test_golden_cases_are_explained_in_lines_of_the_width(folder: Path) -> None:
    (before,), (snippet,) = folder.glob("before.*"), folder.glob("snippet.*")
    text = render(before.read_bytes().decode(), snippet.read_bytes().decode(), path=before.name)
    assert max(map(len, text.splitlines())) <= WIDTH
    assert fields(text).keys() - {"guess"} == {"outcome", "original", "edit", "fallback"}
    assert ("guess" in fields(text)) == fields(text)["outcome"].startswith("refused")


@each_golden_case
def test_the_reasons_for_a_reading_are_those_of_the_merge(folder: Path) -> None:
    """A reading without a doubt is preferred, and of those the one that moves, loses least."""
    (before,), (snippet,) = folder.glob("before.*"), folder.glob("snippet.*")
    text, edit = before.read_bytes().decode(), snippet.read_bytes().decode()
    if not text.strip():
        pytest.skip("no original")
    profile = by_name(folder.parent.name)
    limit = Deadline(60)
    lazy = merge_lazy(split_lines(text), text, parse(encode(text), profile), profile, edit, "", before.name, limit)
    ranks = [(bool(read.doubts), read.moved, read.lost) for read in (lazy.chosen, *lazy.rejected)]
    assert ranks[0] == min(ranks) or all(doubtful for doubtful, *_ in ranks)
