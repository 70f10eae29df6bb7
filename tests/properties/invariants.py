"""What must hold of every answer, as functions that raise `AssertionError`; the properties and the fuzzers
share them."""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from typing import TYPE_CHECKING, get_args

from fastapply.errors import DeadlineExceeded
from fastapply.merge.language import detect
from fastapply.merge.text import ending_of, split_lines, without_ending, without_mark
from fastapply.merge.tree import encode, error_count, parse
from fastapply.merge.values import ApplyResult, Changes, Doubt, DoubtKind, LineRange

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BOM = "\ufeff"
LONGEST_PARSE = 2.0  # seconds; one that takes longer is not checked
KINDS = frozenset(get_args(DoubtKind))
_HUNK = re.compile(r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@\n")


def bare_lines(text: str) -> list[str]:
    """The lines of `text` without their endings and without a BOM."""
    return [without_ending(line) for line in split_lines(text.removeprefix(BOM))]


def spliced(original: str, result: ApplyResult) -> None:
    """The edits, in order and apart, make the original into the result; all else is the original's."""
    pieces, at = [], 0
    for edit in result.edits:
        assert at <= edit.start <= edit.end <= len(original), f"edit {edit} out of order or out of bounds"
        assert original[edit.start : edit.end] != edit.text, f"edit {edit} changes nothing"
        pieces += [original[at : edit.start], edit.text]
        at = edit.end
    assert "".join([*pieces, original[at:]]) == result.merged_code, "the edits do not make the result"
    assert result.merged_code.startswith(BOM) == original.startswith(BOM), "the BOM came or went"


def endings_kept(original: str, result: ApplyResult) -> None:
    """No line ends in a way that the original does not know, and the last line ends as it did."""
    before, after = split_lines(original.removeprefix(BOM)), split_lines(result.merged_code.removeprefix(BOM))
    known = {ending_of(line) for line in before} - {""}
    if {"\r", "\n"} <= known:
        known.add("\r\n")  # what keeps an LF apart from a lone CR that comes to stand before it
    if known:
        strange = {ending_of(line) for line in after} - {""} - known
        assert not strange, f"endings {strange} are not the original's {known}"
    if before and after and original.strip():
        assert bool(ending_of(before[-1])) == bool(ending_of(after[-1])), "the final newline came or went"


def provenance_tiles(original: str, snippet: str, result: ApplyResult, answer: str = "") -> None:
    """Every line of the result has one source, and is that line but for its indentation. `answer`: a model's."""
    sources = {
        "original": split_lines(original.removeprefix(BOM)),
        "snippet": split_lines(without_mark(snippet)),
        "model": split_lines(answer),
    }
    lines = split_lines(result.merged_code.removeprefix(BOM))
    at = 0
    for span in result.provenance:
        assert span.start == at < span.end, f"{span} does not go on from line {at}"
        at = span.end
        assert at <= len(lines), f"{span} goes beyond line {len(lines)}"
        start = span.source_start
        assert 0 <= start <= start + span.end - span.start <= len(sources[span.source]), f"{span}: no such lines"
        for k, source in zip(range(span.start, span.end), sources[span.source][start:], strict=False):
            if answer:  # a line that a model moves ends as its new neighbours do
                source = without_ending(source)
            _same_line(lines[k], source, span.source, k > 0 and ending_of(lines[k - 1]) == "\r")
    assert at == len(lines), f"provenance ends at line {at} of {len(lines)}"


def _same_line(line: str, source: str, kind: str, after_cr: bool) -> None:
    if kind == "original":
        # the last line may gain or lose its ending, and an LF right after a lone CR would make one ending of two
        same = line == source or not ending_of(source) or not ending_of(line) or (after_cr and not without_ending(line))
        assert same, f"{line!r} is not the original's {source!r}"
        assert without_ending(line) == without_ending(source), f"{line!r} is not the original's {source!r}"
    else:
        # a diff sign, a trailing marker or a trailing blank of the snippet line may be off
        new, shown = line.strip(), source.strip()
        assert new in shown if new else shown in ("", "+"), f"{line!r} is not the snippet's {source!r}"


def doubts_are_sound(original: str, snippet: str, doubts: Sequence[Doubt]) -> None:
    """Every doubt is of a known kind, says something and what would settle it, and points into the texts."""
    for doubt in doubts:
        assert doubt.kind in KINDS, doubt
        assert doubt.message.strip(), doubt
        assert doubt.hint.strip(), doubt
        if doubt.snippet is not None:
            _within(doubt.snippet, len(split_lines(snippet)), doubt)
        for candidate in doubt.candidates:
            _within(candidate, len(split_lines(original)), doubt)
        for choice in doubt.choices:
            assert (choice.kind, choice.snippet) == (doubt.kind, doubt.snippet), doubt
            _within(choice.place, len(split_lines(original)), doubt)


def _within(place: LineRange, length: int, doubt: Doubt) -> None:
    assert 0 <= place.start <= place.end <= length, f"{doubt} points outside {length} lines"


def diff_agrees(original: str, result: ApplyResult) -> None:
    """The diff makes the result's lines of the original's, and the changes count what it shows."""
    assert patched(bare_lines(original), result.diff) == bare_lines(result.merged_code), "the diff makes another text"
    signs = Counter(row[0] for hunk in hunks(result.diff) for row in hunk[2])
    assert result.changes == Changes(signs["+"], signs["-"]), f"{result.changes} but the diff has {signs}"


def hunks(diff: str) -> list[tuple[int, int, list[str]]]:
    """Each hunk as the 0-based start of its old and of its new lines, and its rows, as the header's counts
    delimit them."""
    if not diff:
        return []
    rows = diff.split("\n")
    assert rows.pop() == "", "the diff ends in an unfinished line"
    assert rows[0].startswith("--- ") and rows[1].startswith("+++ "), rows[:2]
    found, k = [], 2
    while k < len(rows):
        header = _HUNK.fullmatch(rows[k] + "\n")
        assert header, f"no hunk header: {rows[k]!r}"
        old_start, old, new_start, new = map(int, header.groups())
        body, k = [], k + 1
        while old or new or (k < len(rows) and rows[k].startswith("\\")):
            assert k < len(rows), "the hunk breaks off"
            if not rows[k].startswith("\\"):
                body.append(rows[k])
                old -= rows[k][0] in " -"
                new -= rows[k][0] in " +"
                assert min(old, new) >= 0, "the hunk's rows do not agree with its header"
            k += 1
        found.append((old_start - (header[2] != "0"), new_start - (header[4] != "0"), body))
    return found


def patched(lines: list[str], diff: str) -> list[str]:
    """What a program that believes every line number of `diff` makes of `lines`."""
    result, at = [], 0
    for old_start, new_start, rows in hunks(diff):
        result += lines[at:old_start]
        assert len(result) == new_start, f"a hunk says it begins at new line {new_start}, it does at {len(result)}"
        at = old_start
        for row in rows:
            if row[0] in " -":
                assert at < len(lines) and lines[at] == row[1:], f"the diff shows {row!r} at line {at}"
                at += 1
            if row[0] in " +":
                result.append(row[1:])
    return [*result, *lines[at:]]


def parses_no_worse(original: str, path: str | None, result: ApplyResult) -> None:
    """A result without doubts has no more syntax errors than the original, and is Python where that was."""
    profile = detect(path, None, original.removeprefix(BOM))
    if result.doubts or profile.grammar is None or profile.approximate:
        return
    counts = []
    for text in (original, result.merged_code):
        try:
            tree = parse(encode(text.removeprefix(BOM)), profile, limit_s=LONGEST_PARSE)
        except DeadlineExceeded:  # Kotlin's grammar takes minutes, and gigabytes, over some broken texts
            return
        counts.append(error_count(tree) if tree else 0)
    assert counts[1] <= counts[0], f"{counts[1]} syntax errors where there were {counts[0]}"
    if profile.check == "python" and compiles(original):
        assert compiles(result.merged_code), "Python can't parse the result"


def compiles(text: str) -> bool:
    """True where Python can parse `text`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text.removeprefix(BOM))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def always(original: str, snippet: str, result: ApplyResult, answer: str = "") -> None:
    """All that holds of a best guess too, however doubtful."""
    spliced(original, result)
    provenance_tiles(original, snippet, result, answer)
    doubts_are_sound(original, snippet, result.doubts)
    diff_agrees(original, result)


def same(first: ApplyResult, second: ApplyResult) -> None:
    """Two answers are the same in all but their timings."""
    for name in ApplyResult.__struct_fields__:
        if name != "timings":
            assert getattr(first, name) == getattr(second, name), f"{name} differs"


CHECKS: dict[str, Callable[[str, str, str | None, ApplyResult], None]] = {
    "spliced": lambda original, _s, _p, result: spliced(original, result),
    "endings": lambda original, _s, _p, result: endings_kept(original, result),
    "provenance": lambda original, snippet, _p, result: provenance_tiles(original, snippet, result),
    "doubts": lambda original, snippet, _p, result: doubts_are_sound(original, snippet, result.doubts),
    "diff": lambda original, _s, _p, result: diff_agrees(original, result),
    "parses": lambda original, _s, path, result: parses_no_worse(original, path, result),
}
