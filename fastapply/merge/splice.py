"""Line edits into the original: the merged text, exact edits, provenance, diff. Nothing outside the edits is
touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from fastapply.merge.text import ending_of, without_ending
from fastapply.merge.values import Changes, Edit, LineEdit, Span

CONTEXT = 3  # lines of context in the diff


class Spliced(msgspec.Struct, frozen=True):
    """The result of edits: whole text, edits in characters, where each line comes from, and the diff."""

    text: str
    edits: tuple[Edit, ...]
    provenance: tuple[Span, ...]
    diff: str
    changes: Changes


def tidy(lines: Sequence[str], edits: Sequence[LineEdit]) -> list[LineEdit]:
    """The edits in order, without those that change nothing, and each without the lines it has in common with the
    original at its ends; edits that touch are one. `lines` are the original's, with endings. Edits must not overlap."""
    result: list[LineEdit] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end, edit.snippet_lines[:1])):
        less = _trimmed(lines, edit)
        if less.start < less.end or less.lines:
            if result and result[-1].end == less.start:
                less = _trimmed(lines, _one(result.pop(), less))
            if less.start < less.end or less.lines:
                result.append(less)
    return result


def _trimmed(lines: Sequence[str], edit: LineEdit) -> LineEdit:
    """The edit without the lines that it has in common with the original at its ends."""
    start, end = edit.start, edit.end
    first, last = 0, len(edit.lines)
    while start < end and first < last and _same(lines[start], edit.lines[first]):
        start, first = start + 1, first + 1
    while start < end and first < last and _same(lines[end - 1], edit.lines[last - 1]):
        end, last = end - 1, last - 1
    numbers = edit.snippet_lines or (-1,) * len(edit.lines)
    return LineEdit(start, end, edit.lines[first:last], numbers[first:last])


def _one(first: LineEdit, second: LineEdit) -> LineEdit:
    """Two edits that touch, as one."""
    return LineEdit(
        first.start, second.end, (*first.lines, *second.lines), (*first.snippet_lines, *second.snippet_lines)
    )


def _to_the_end(lines: Sequence[str], edits: Sequence[LineEdit]) -> list[LineEdit]:
    """The edits, the last of which leaves no empty line at the end of a file without a final newline: such a line
    would be no line there, and the ending of the one above it would become a final newline."""
    found = list(edits)
    if not found or found[-1].end < len(lines) or not lines or ending_of(lines[-1]):
        return found
    edit = found.pop()
    shown = len(edit.lines)
    while shown and not edit.lines[shown - 1]:
        shown -= 1
    start = edit.start
    if not shown:
        above = found[-1].end if found else 0
        while start > above and not without_ending(lines[start - 1]):
            start -= 1
        if edit.start == edit.end:  # the blank lines that it put in are gone, and nothing else was asked for
            return found
    numbers = edit.snippet_lines or (-1,) * len(edit.lines)
    less = LineEdit(start, edit.end, edit.lines[:shown], numbers[:shown])
    if found and found[-1].end == start and not shown:
        return _to_the_end(lines, [*found[:-1], _one(found[-1], less)])
    return [*found, less]


def _same(original: str, new: str) -> bool:
    """Equal but for the ending and trailing blanks: those are the original's."""
    return original.rstrip() == new.rstrip()


def splice(lines: Sequence[str], edits: Sequence[LineEdit], path: str | None = None) -> Spliced:
    """Apply `edits` (as `tidy` gives them) to `lines`."""
    edits = _to_the_end(lines, edits)
    pieces: list[str] = []
    exact: list[Edit] = []
    spans: list[Span] = []
    at = out = offset = 0
    for edit in edits:
        kept = lines[at : edit.start]
        pieces.extend(kept)
        offset += sum(map(len, kept))
        out = _span(spans, out, len(kept), "original", at)
        new = _with_endings(lines, edit)
        gone = "".join(lines[edit.start : edit.end])
        added = _apart(lines, edit, "".join(new))
        if edit.end == len(lines) and lines and not ending_of(lines[-1]) and edit.start:
            added, begin = _at_unfinished_end(pieces, edit, added)
            exact.append(Edit(offset - begin, offset + len(gone), added))
        else:
            exact.append(Edit(offset, offset + len(gone), added))
            pieces.append(added)
        offset += len(gone)
        for number, _ in _runs(edit):
            out = _span(
                spans,
                out,
                1,
                "snippet" if number >= 0 else "original",
                number if number >= 0 else max(0, edit.start - 1),
            )
        at = edit.end
    pieces.extend(lines[at:])
    _span(spans, out, len(lines) - at, "original", at)
    return Spliced("".join(pieces), tuple(exact), tuple(spans), unified_diff(lines, edits, path), _count(lines, edits))


def _apart(lines: Sequence[str], edit: LineEdit, added: str) -> str:
    """The text put in, with a CR more where a lone CR before it and an LF behind it would become one line ending."""
    above = lines[edit.start - 1] if edit.start else ""
    below = lines[edit.end] if edit.end < len(lines) else ""
    if above.endswith("\r") and (added or below).startswith("\n"):
        added = "\r" + added
    return added + "\r" if added.endswith("\r") and len(added) > 1 and below.startswith("\n") else added


def _runs(edit: LineEdit) -> Iterator[tuple[int, str]]:
    numbers = edit.snippet_lines or (-1,) * len(edit.lines)
    previous = next((number for number in numbers if number >= 0), -1)
    for number, line in zip(numbers, edit.lines, strict=True):
        previous = number if number >= 0 else previous
        yield previous, line


def _at_unfinished_end(pieces: list[str], edit: LineEdit, added: str) -> tuple[str, int]:
    """An edit at the end of a file without a final newline: the line before it gives up its ending, or lends one.

    Returns the text to put in and how many characters before the edit it replaces.
    """
    before = pieces[-1] if pieces else ""
    if edit.lines:
        pieces.append(added)
        return added, 0
    ending = ending_of(before)
    pieces[-1] = without_ending(before)
    return "", len(ending)


def _with_endings(lines: Sequence[str], edit: LineEdit) -> list[str]:
    """The edit's lines with the endings that their neighbours have; the last line of the file keeps what it had."""
    near = [lines[j] for j in (*range(edit.start, edit.end), edit.start - 1, edit.end) if 0 <= j < len(lines)]
    ending = next((found for line in near if (found := ending_of(line))), None) or _common_ending(lines)
    new = [line + ending for line in edit.lines]
    if new and edit.end == len(lines) and lines and not ending_of(lines[-1]):
        new[-1] = edit.lines[-1]
        if edit.start == len(lines):
            new[0] = ending + new[0]
    return new


def _common_ending(lines: Sequence[str]) -> str:
    endings = Counter(ending for line in lines[:1000] if (ending := ending_of(line)))
    return endings.most_common(1)[0][0] if endings else "\n"


def _span(spans: list[Span], out: int, count: int, source: str, start: int) -> int:
    """Append `count` lines from `source`, joined to the span before where they go on from it."""
    if count:
        last = spans[-1] if spans else None
        if last and last.source == source and last.source_start + last.end - last.start == start:
            spans[-1] = Span(last.start, out + count, last.source, last.source_start)
        else:
            spans.append(Span(out, out + count, source, start))  # type: ignore[arg-type]
    return out + count


def _count(lines: Sequence[str], edits: Sequence[LineEdit]) -> Changes:
    edits = _as_shown(lines, edits)
    return Changes(sum(len(edit.lines) for edit in edits), sum(edit.end - edit.start for edit in edits))


def unified_diff(lines: Sequence[str], edits: Sequence[LineEdit], path: str | None = None) -> str:
    """A unified diff made from the edits themselves, so that it costs nothing in long files."""
    if not edits:
        return ""
    edits = _as_shown(lines, edits)
    name = (path or "").lstrip("/") or "file"  # as git says an absolute path
    out = [f"--- a/{name}\n", f"+++ b/{name}\n"]
    drift = 0
    for hunk in _hunks(edits, len(lines)):
        start, end = max(0, hunk[0].start - CONTEXT), min(len(lines), hunk[-1].end + CONTEXT)
        added = sum(len(edit.lines) for edit in hunk)
        removed = sum(edit.end - edit.start for edit in hunk)
        old, new = end - start, end - start - removed + added
        out.append(f"@@ -{start + (old > 0)},{old} +{start + drift + (new > 0)},{new} @@\n")
        drift += added - removed
        at = start
        for edit in hunk:
            out.extend(_diff_line(" ", line) for line in lines[at : edit.start])
            out.extend(_diff_line("-", line) for line in lines[edit.start : edit.end])
            out.extend(_diff_line("+", line + "\n") for line in edit.lines)
            if edit.lines and edit.end == len(lines) and lines and not ending_of(lines[-1]):
                out.append("\\ No newline at end of file\n")
            at = edit.end
        out.extend(_diff_line(" ", line) for line in lines[at:end])
    return "".join(out)


def _as_shown(lines: Sequence[str], edits: Sequence[LineEdit]) -> list[LineEdit]:
    """The edits as a diff shows them: with the line above the last one where that line of an unfinished file gains or
    loses its ending."""
    if not edits:
        return []
    edit = edits[-1]
    finished = edit.end < len(lines) or not lines or ending_of(lines[-1])
    if finished or not edit.start or (edit.lines and edit.start < edit.end):
        return list(edits)
    above = without_ending(lines[edit.start - 1])
    return [*edits[:-1], LineEdit(edit.start - 1, edit.end, (above, *edit.lines), (-1, *edit.snippet_lines))]


def _diff_line(sign: str, line: str) -> str:
    return sign + without_ending(line) + "\n" + ("" if ending_of(line) else "\\ No newline at end of file\n")


def _hunks(edits: Sequence[LineEdit], length: int) -> Iterator[list[LineEdit]]:
    hunk = [edits[0]]
    for edit in edits[1:]:
        if edit.start - hunk[-1].end > 2 * CONTEXT:
            yield hunk
            hunk = []
        hunk.append(edit)
    yield hunk
