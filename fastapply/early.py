"""Which edits of a snippet are certain before it is whole.

No rule can prove that of a lazy edit: a line to come may always show that an earlier one stands for another. So an edit
counts as certain that whatever is likely to come leaves as it is: the end of the snippet, a marker, and the rest of the
file. It must be pinned from behind, too, by lines that the file holds once, and be none that a line to come explains
otherwise: nothing is only removed, and no line is moved. How rarely that is wrong is measured, by
`benchmarks/early_edits.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from fastapply.errors import DeadlineExceeded
from fastapply.merge.deadline import Deadline
from fastapply.merge.formats import read_format
from fastapply.merge.guess import recognise
from fastapply.merge.layout import key_of, word_count
from fastapply.merge.lazy import merge_lazy
from fastapply.merge.text import BOM, bare_lines, split_lines, without_mark
from fastapply.merge.tree import original_tree
from fastapply.merge.values import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapply.merge.language import Profile
    from fastapply.merge.lazy import LazyMerge
    from fastapply.merge.tree import Tree

__all__ = ["PINS", "certain_edits", "is_pin"]

PINS = 2
"""Lines behind an edit that the snippet shows and the file holds once: so many make it certain."""

_LEAST_PIN = 3  # characters
_MARKER = "// ... existing code ..."
_FENCES = ("```", "~~~")


def is_pin(key: str, count: int) -> bool:
    """True for a line with this key, of which the file has `count`, that says where it stands."""
    return count == 1 and len(key) >= _LEAST_PIN


def certain_edits(
    original_code: str,
    begun: str,
    *,
    instruction: str = "",
    path: str | None = None,
    language: str | None = None,
    deadline: float = 5.0,
) -> tuple[Edit, ...]:
    """The edits that a snippet makes to `original_code` whose lines so far are `begun`, as far as they are certain.

    Of a snippet that is no lazy edit there are none. The other arguments are those of `fastapply.apply`; raises
    `UnknownLanguage`, and `DeadlineExceeded` after `deadline` seconds.
    """
    try:
        return _Begun(original_code, begun, instruction, path, language, Deadline(deadline)).certain()
    except DeadlineExceeded:
        raise DeadlineExceeded(deadline) from None


class _Begun:
    """A snippet of which the first lines are there, and the file it edits."""

    def __init__(
        self, original: str, begun: str, instruction: str, path: str | None, language: str | None, limit: Deadline
    ) -> None:
        self._mark = BOM if original.startswith(BOM) else ""
        self._text, self._begun = original[len(self._mark) :], without_mark(begun)
        self._instruction, self._limit = instruction, limit
        self._profile: Profile
        self._tree: Tree | None
        self._profile, tree, self._path, _ = recognise(self._text, path, language, limit, self._begun, instruction)
        self._tree = tree or original_tree(self._text, self._profile, limit)
        self._lines = split_lines(self._text)
        self._starts = [0, *accumulate(map(len, self._lines))]

    def certain(self) -> tuple[Edit, ...]:
        shown = bare_lines(self._begun)
        if not self._text.strip() or _is_talk(shown) or read_format(self._begun, self._lines, self._path, self._limit):
            return ()
        first = self._merged(f"{_depth(shown)}{_MARKER}\n")
        if first.chosen.doubts or len(first.chosen.readings) > 1:
            return ()
        edits = {edit for edit in self._edits(first) if self._is_pinned(edit, first) and self._stays(edit, first)}
        for rest in ("", self._rest(first)):
            if edits:
                edits &= self._edits(self._merged(rest))
        shift = len(self._mark)
        return tuple(Edit(edit.start + shift, edit.end + shift, edit.text) for edit in sorted(edits, key=_start))

    def _merged(self, rest: str) -> LazyMerge:
        return merge_lazy(
            self._lines,
            self._text,
            self._tree,
            self._profile,
            self._begun + rest,
            self._instruction,
            self._path,
            self._limit,
        )

    def _edits(self, merged: LazyMerge) -> set[Edit]:
        return set(merged.chosen.spliced.edits)

    def _rest(self, merged: LazyMerge) -> str:
        """What follows in the file on the last line that the snippet shows."""
        last = max((line for _, line in _matches(merged)), default=len(self._lines))
        return "".join(self._lines[last + 1 :])

    def _is_pinned(self, edit: Edit, merged: LazyMerge) -> bool:
        count = merged.original.count
        keys = merged.original.keys
        behind = (line for key, line in _matches(merged) if key == keys[line] and self._starts[line] >= edit.end)
        return sum(is_pin(keys[line], count[keys[line]]) for line in behind) >= PINS

    def _stays(self, edit: Edit, merged: LazyMerge) -> bool:
        """False where a line to come may explain the edit otherwise: it only removes, or it shows anew a line that
        stands elsewhere in the file."""
        new = {key_of(line) for line in bare_lines(edit.text)}
        first, last = (bisect_right(self._starts, at) - 1 for at in (edit.start, edit.end))
        old = set(merged.original.keys[first:last])
        return any(new) and not any(
            word_count(key) and merged.original.count[key] == 1 and key not in old for key in new
        )


def _matches(merged: LazyMerge) -> Iterator[tuple[str, int]]:
    """The key of each line of the snippet that stands for a line of the file, and that line."""
    for reading in merged.chosen.readings:
        for shown, line in enumerate(reading.alignment.match):
            if line >= 0:
                yield reading.layout.keys[shown], line


def _is_talk(shown: list[str]) -> bool:
    """True where words stand before a fence: they come off when it is closed, which it is not yet."""
    fence = next((k for k, line in enumerate(shown) if line.lstrip().startswith(_FENCES)), 0)
    return any(line.strip() for line in shown[:fence])


def _depth(shown: list[str]) -> str:
    """The indentation of the last line."""
    last = next((line for line in reversed(shown) if line.strip()), "")
    return last[: len(last) - len(last.lstrip())]


def _start(edit: Edit) -> tuple[int, int]:
    return edit.start, edit.end
