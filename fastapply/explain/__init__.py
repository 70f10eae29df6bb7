"""What each stage of a merge saw and decided, as a person wants to read it.

The merge runs twice: once whole, for its outcome and its times, and once by `merge_lazy` alone, which gives its inner
values away. Both give the same, always. Lines are counted from 1 here, since people read it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from fastapply.apply import apply
from fastapply.explain.gaps import describe_edit, gap_rows, joined_edits
from fastapply.explain.readings import differences, objection, verdict
from fastapply.explain.rows import Row, grouped, rows_of
from fastapply.explain.wording import ENDS, MOST_ALIKE, clip, count, painter, span, spans, visible, wrapped
from fastapply.merge.deadline import Deadline
from fastapply.merge.evidence import gather
from fastapply.merge.formats import read_format
from fastapply.merge.language import Profile, by_name, detect
from fastapply.merge.lazy import PROSE, Candidate, LazyMerge, merge_lazy
from fastapply.merge.newfile import new_file
from fastapply.merge.text import BOM, split_lines, without_ending, without_mark
from fastapply.merge.tree import original_tree
from fastapply.merge.values import ApplyResult, Doubt, LineEdit, LineRange

__all__ = ["render"]

_SECONDS = 60.0  # who asks for an explanation has time
_BOLD, _DIM, _RED, _GREEN, _YELLOW = "1", "2", "31", "32", "33"
_STYLES = {"=": _DIM, "+": _GREEN, "~": _YELLOW, "-": _RED, "…": _DIM, "!": _YELLOW}


def render(
    original: str,
    snippet: str,
    *,
    path: str | None = None,
    language: str | None = None,
    instruction: str = "",
    color: bool = False,
) -> str:
    """What each stage of the merge of `snippet` into `original` saw and decided; the arguments are those of `apply`."""
    result = apply(
        original, snippet, path=path, language=language, instruction=instruction, on_doubt="best", deadline=_SECONDS
    )
    text, edit = original.removeprefix(BOM), without_mark(snippet)
    story = _Story(text, edit, result, painter(color))
    profile = by_name(result.language)
    sections = [
        story.summary(_how_known(profile, path, language, text)),
        *_body(story, profile, path, instruction),
        story.doubts(),
        story.timings(),
    ]
    return "\n".join("".join(f"{line.rstrip()}\n" for line in section) for section in map(list, sections) if section)


def _body(story: _Story, profile: Profile, path: str | None, instruction: str) -> Iterable[Iterable[str]]:
    """The sections that depend on how the snippet was read."""
    if not story.text.strip():
        spliced, _ = new_file(story.lines, story.edit, path, profile.name in PROSE)
        edit = LineEdit(0, len(story.lines), tuple(map(without_ending, split_lines(spliced.text))))
        return [story.edits("The original is empty: the edit is the file", [edit])]
    if found := read_format(story.edit, story.lines, path):
        return [story.edits("Edits", found.edits)]
    limit = Deadline(_SECONDS)
    tree = original_tree(story.text, profile, limit)
    lazy = merge_lazy(story.lines, story.text, tree, profile, story.edit, instruction, path, limit)
    return [
        story.rows(lazy),
        story.parts(lazy.chosen),
        story.gaps(lazy, gather(lazy.original, lazy.snippet, instruction, profile).explained),
        story.edits("Edits", joined_edits(lazy.chosen, story.lines)),
        story.readings(lazy),
    ]


def _how_known(profile: Profile, path: str | None, language: str | None, text: str) -> str:
    if language is not None:
        return "as told"
    if profile.name == "text":
        return "no other is known by its name or first line"
    if detect(path, None, text).name != profile.name:
        return "guessed"
    return "by its name" if detect(path, None).name == profile.name else "by its first line, or its name and content"


class _Story:
    """The sections, each as lines. `text` and `edit` are the original and the snippet without a byte order mark."""

    def __init__(self, text: str, edit: str, result: ApplyResult, paint: Callable[[str, str], str]) -> None:
        self.text, self.edit, self.result, self._paint = text, edit, result, paint
        self.lines = split_lines(text)
        self._shown = [without_ending(line) for line in split_lines(edit)]

    # ---- the whole

    def summary(self, how_known: str) -> Iterator[str]:
        """The outcome, and what was read as what."""
        result = self.result
        changes = f"+{result.changes.added} −{result.changes.removed} lines in {count(len(result.edits), 'edit')}"
        fields = []
        if result.doubts:
            kinds = ", ".join(dict.fromkeys(doubt.kind for doubt in result.doubts))
            outcome = self._paint("refused", _RED) + f": {kinds}"
            fields.append(("guess", f"{changes}, were it merged all the same"))
        else:
            outcome = self._paint("merged", _GREEN) + (f": {changes}" if result.edits else ": nothing to change")
        yield from self._fields(
            ("outcome", outcome),
            *fields,
            ("original", f"{count(len(self.lines), 'line')} of {result.language} ({how_known})"),
            ("edit", f"{count(len(self._shown), 'line')}, read as {_FORMATS.get(result.format, result.format)}"),
            ("fallback", result.fallback or "none: the grammar reads all of the original"),
        )

    def _fields(self, *fields: tuple[str, str]) -> Iterator[str]:
        for name, value in fields:
            yield f"{self._paint(f'{name:<10}', _BOLD)}{value}"

    def _heading(self, title: str, remark: str = "") -> str:
        return self._paint(title, _BOLD) + (self._paint(f"   {remark}", _DIM) if remark else "")

    def timings(self) -> Iterator[str]:
        """Milliseconds by stage."""
        yield self._heading("Time")
        yield "  " + "   ".join(f"{stage} {ms:.1f} ms" for stage, ms in self.result.timings.items())

    # ---- the snippet, line by line

    def rows(self, lazy: LazyMerge) -> Iterator[str]:
        """Each snippet line with what it was taken for."""
        yield self._heading("Edit", "= as in the original  ~ changed  + new  - gone  … marker  ! note")
        for group in grouped(list(rows_of(lazy, self._shown))):
            if len(group) <= MOST_ALIKE:
                yield from self._printed(group)
                continue
            yield from self._printed(group[:ENDS])
            yield self._paint(f"       ⋮ {len(group) - 2 * ENDS} more", _DIM)
            yield from self._printed(group[-ENDS:])

    def _printed(self, rows: Iterable[Row]) -> Iterator[str]:
        for row in rows:
            line = clip(f"{row.number + 1:6} {row.sign or ' '} {row.fate:<9} {visible(row.text)}")
            yield self._paint(line, _STYLES.get(row.sign, ""))
            if row.was:
                yield self._paint(clip(f"{'':8} {'was':<9} {visible(row.was)}"), _DIM)

    def parts(self, candidate: Candidate) -> Iterator[str]:
        """The blocks that stand out of order."""
        if len(candidate.readings) == 1:
            return
        yield self._heading("Out of order", "each merged by itself, at its own place in the original")
        for reading in candidate.readings[1:]:
            numbers, places = reading.snippet.numbers, [j for j in reading.alignment.match if j >= 0]
            where = f"belongs to {span(min(places), max(places) + 1)} of the original" if places else "has no place"
            yield f"  {span(numbers[0], numbers[-1] + 1)} of the edit {where}"

    # ---- the gaps

    def gaps(self, lazy: LazyMerge, explained: set[int]) -> Iterator[str]:
        """What lies between two anchors, and what becomes of it; and which lines are said to go (`explained`)."""
        yield self._heading("Gaps", "between lines that were matched with the original")
        rows = list(gap_rows(lazy, self.lines))
        for row in rows:
            yield from wrapped(f"  {row.place:<16} {row.bound:<18} ", row.fate)
        if not rows:
            yield "  none: every line follows the line that it follows in the original"
        if explained:
            yield from wrapped("  named as to go, by the instruction or a note: ", spans(sorted(explained)))

    def edits(self, title: str, edits: Sequence[LineEdit]) -> Iterator[str]:
        """The edits to the original, in its order."""
        yield self._heading(title)
        if not edits:
            yield "  none"
        for edit in edits:
            yield f"  {describe_edit(edit)}"
            yield from self._quoted("-", [without_ending(line) for line in self.lines[edit.start : edit.end]], _RED)
            yield from self._quoted("+", edit.lines, _GREEN)

    def _quoted(self, sign: str, lines: Sequence[str], style: str) -> Iterator[str]:
        shown = lines if len(lines) <= MOST_ALIKE else lines[:ENDS]
        for line in shown:
            yield self._paint(clip(f"    {sign} {visible(line)}"), style)
        if len(shown) < len(lines):
            yield self._paint(f"    {sign} … {len(lines) - len(shown)} more", _DIM)

    # ---- what was open

    def doubts(self) -> Iterator[str]:
        """What could not be decided."""
        if self.result.doubts:
            yield self._heading("Doubts")
        for doubt in self.result.doubts:
            yield f"  {self._paint(doubt.kind, _YELLOW)}"
            yield from wrapped("    ", visible(doubt.message))
            yield from self._places(doubt)
            if doubt.hint:
                yield from wrapped("    hint         ", visible(doubt.hint))

    def _places(self, doubt: Doubt) -> Iterator[str]:
        if doubt.snippet is not None:
            yield from self._place("in the edit", doubt.snippet, self._shown)
        for candidate in doubt.candidates[:MOST_ALIKE]:
            yield from self._place("candidate", candidate, self.lines)
        if len(doubt.candidates) > MOST_ALIKE:
            yield f"    and {len(doubt.candidates) - MOST_ALIKE} more candidates"

    def _place(self, name: str, lines: LineRange, text: Sequence[str]) -> Iterator[str]:
        first = next((line for line in text[lines.start : lines.end] if line.strip()), "")
        yield clip(f"    {name:<12} {span(lines.start, lines.end):<14} {visible(without_ending(first))}")

    def readings(self, lazy: LazyMerge) -> Iterator[str]:
        """Which reading of the snippet was chosen, and what spoke against each other one."""
        if not lazy.rejected:
            return
        yield self._heading("Readings", f"{len(lazy.rejected) + 1} were tried")
        yield f"  chosen    {verdict(lazy.chosen)}"
        for candidate in lazy.rejected:
            yield f"  rejected  {verdict(candidate)}"
            yield f"            {objection(lazy.chosen, candidate)}"
            yield from (f"            {line}" for line in differences(lazy.chosen, candidate))


_FORMATS = {
    "lazy": "a lazy edit",
    "whole_file": "the whole file",
    "unified_diff": "a unified diff",
    "search_replace": "search/replace blocks",
    "patch": "a patch (*** Begin Patch)",
    "new_file": "a new file",
    "markers_only": "markers alone",
    "empty": "empty",
}
