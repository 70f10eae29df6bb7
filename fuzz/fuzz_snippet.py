"""Fuzz the reading of snippets: markers, notes, fences, diff signs, and the whole other formats.

    python fuzz/fuzz_snippet.py --minutes 10

An input is one byte that picks the original and the options, and the snippet in UTF-8.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import harness

try:
    import atheris

    with atheris.instrument_imports(include=["fastapply"]):
        from fastapply.merge.formats import read_format
        from fastapply.merge.snippet import read_snippet
except ImportError:
    from fastapply.merge.formats import read_format
    from fastapply.merge.snippet import read_snippet

from fastapply.merge.layout import key_of
from fastapply.merge.text import split_lines, without_ending
from properties.invariants import KINDS

GOLDEN = harness.ROOT / "tests" / "golden"
ORIGINALS = [path.read_bytes().decode("utf-8") for path in sorted(GOLDEN.glob("*/*/before.*"))][::4][:32]
PATHS = ("a.py", "src/app.ts", None, "README.md")


def one(data: bytes, findings: harness.Findings) -> None:
    """Read one snippet in both ways and check what comes back."""
    choice, snippet = (data[0] if data else 0), data[1:].decode("utf-8", "surrogateescape")
    original = ORIGINALS[choice % len(ORIGINALS)]
    path = PATHS[choice // len(ORIGINALS) % len(PATHS)]
    try:
        with harness.limited():
            check(original, snippet, path)
    except (Exception, harness.Hang) as error:
        findings.add("reading", error, original=original, snippet=snippet, path=path)


def check(original: str, snippet: str, path: str | None) -> None:
    """Nothing is raised, and every index points where it may."""
    lines = split_lines(original)
    bare = [without_ending(line) for line in lines]
    known = frozenset(map(key_of, bare)) - {""}
    rows = [without_ending(line) for line in split_lines(snippet)]
    for prose in (False, True):
        read = read_snippet(snippet, bare, known, path, prose)
        assert len(read.lines) == len(read.numbers) == len(read.signs) == len(read.segments)
        assert read.numbers == sorted(read.numbers), "lines out of order"
        taken = set(read.numbers) | {m.line for m in read.markers} | {n.line for n in read.notes}
        assert all(0 <= number < len(rows) for number in taken)
        assert all(0 <= m.before <= len(read.lines) for m in (*read.markers, *read.removals))
        assert all(line.strip() in rows[number].strip() for line, number in zip(read.lines, read.numbers, strict=True))
        again = read_snippet(snippet, bare, known, path, prose)
        assert again == read, "read otherwise the second time"
    found = read_format(snippet, lines, path)
    if found is not None:
        at = 0
        for edit in found.edits:
            assert at <= edit.start <= edit.end <= len(lines), "edits out of order or bounds"
            assert not edit.snippet_lines or len(edit.snippet_lines) == len(edit.lines)
            at = edit.end
        assert all(doubt.kind in KINDS and doubt.message for doubt in found.doubts)


def seeds() -> list[bytes]:
    """The snippets of the golden cases, and one of each other format."""
    texts = [path.read_bytes() for path in sorted(GOLDEN.glob("*/*/snippet.*"))]
    texts += [
        b"--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n-b\n+c\n d\n\\ No newline at end of file\n",
        b"<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n",
        b"*** Begin Patch\n*** Update File: a.py\n@@ def f():\n a\n-b\n+c\n*** End Patch\n",
    ]
    return [bytes([k % 256]) + text[:3900] for k, text in enumerate(texts)]


if __name__ == "__main__":
    harness.run("fuzz_snippet", seeds(), one)
