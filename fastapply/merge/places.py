"""Where new text belongs that stands between two markers, or between a marker and an open end."""

from __future__ import annotations

import re

from fastapply.merge.evidence import is_leader
from fastapply.merge.markers import names_in
from fastapply.merge.sheet import Gap, Sheet, is_container
from fastapply.merge.signature import bare_name
from fastapply.merge.snippet import Marker

MOST_ABOVE = 3  # lines of the file above the first match that new text at the snippet's head may stand for
_OPENERS = ("#!", "<?", "package ", "'use ", '"use ', "# -*-", "---")  # what new text at a file's head stands below


def _first_word(key: str) -> str:
    match = re.match(r"#?\s*[A-Za-z]\w*", key)
    return match[0] if match else ""


class Places:
    """Answers about one sheet; none of them changes it."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def place_for(
        self, gap: Gap, run: list[int], body: list[int], low: int, high: int, k: int, count: int
    ) -> int | None:
        """The original line before which the run belongs, or None where nothing tells. `low` and `high` bound
        the gap."""
        if not any(self._sheet.o.keys[j] for j in range(low, high)):
            return low
        filled = [i for i in body if self._sheet.sl.keys[i]]
        above = [m for m in gap.markers if m.before <= run[0]]
        below = [m for m in gap.markers if m.before > body[-1]]
        named = self._named_place(above[-1] if above else None, below[0] if below else None, low, high)
        if named is not None:
            return named
        if self._are_imports(filled):
            imports = [
                j
                for j in range(low, high)
                if (self._sheet.o.name(j) or ("", ""))[0] == "import" and self._sheet.o.head[j] < 0
            ]
            if imports:
                return max(self._sheet.o.end[j] for j in imports) + 1
        if gap.open_start and not above:
            return low if below and not gap.open_end else None
        if (
            gap.i1 >= 0
            and self._sheet.sl.depth[body[0]] <= self._sheet.sl.depth[gap.i1]
            and self._sheet.o.end[gap.j1] > gap.j1
            and above
            and above[0].before == gap.i1 + 1
        ):
            inside = self._sheet.o.end[gap.j1] + 1
            if low <= inside <= high:
                return inside
        if gap.open_end and not below:
            head = self._sheet.sl.head[body[0]]
            while head >= 0 and self._sheet.match[head] < 0:
                head = self._sheet.sl.head[head]
            if head >= 0:
                return min(high, max(low, self._sheet.o.end[self._sheet.match[head]] + 1))
            return self._end_of_text(low, high)
        return self._end_of_class(gap, filled) if k == count - 1 else None

    def may_head_file(self, gap: Gap, body: list[int], first: int) -> bool:
        """True where a snippet that has markers elsewhere begins without one, with new text, and few lines of the file
        stand above its first match, none of which has to come first: then the text may be new, or stand for them."""
        sheet = self._sheet
        above = [sheet.o.keys[j] for j in range(first, gap.j2) if sheet.o.keys[j]]
        if not gap.open_start or gap.markers or not sheet.s.markers or not 0 < len(above) <= MOST_ABOVE:
            return False
        known = any((sheet.o.name(j) or ("",))[0] == "import" for j in range(first, gap.j2))
        return not known and not any(key.startswith(_OPENERS) for key in above)

    def joins(self, body: list[int], j: int) -> bool:
        """True where new lines continue the group that ends with original line j: single lines at its depth, that begin
        with its word."""
        layout, original = self._sheet.sl, self._sheet.o
        if j < 0 or original.end[j] > j or original.opener[j] >= 0 or is_leader(original.keys[j]):
            return False
        word = _first_word(original.keys[j])
        return word != "" and all(
            _first_word(layout.keys[i]) == word
            and layout.end[i] == i
            and layout.depth[i] + self._sheet.shifts.of(i) == original.depth[j]
            for i in body
        )

    def _end_of_class(self, gap: Gap, filled: list[int]) -> int | None:
        """The last line of the class whose head the snippet shows above new methods, where it shows that line behind
        the marker below them; None where they are not only methods."""
        layout, original = self._sheet.sl, self._sheet.o
        head = layout.head[filled[0]]
        if head < 0 or self._sheet.match[head] < 0 or not is_container(layout, head):
            return None
        outermost = [i for i in filled if layout.depth[i] <= layout.depth[filled[0]]]
        if not all(
            layout.opener[i] >= 0 or is_leader(layout.keys[i]) or (layout.is_definition(i) and layout.end[i] > i)
            for i in outermost
        ):
            return None
        closes = not gap.open_end and original.opener[gap.j2] == self._sheet.match[head]
        return gap.j2 if closes and layout.opener[gap.i2] == head else None

    def _are_imports(self, filled: list[int]) -> bool:
        """True for imports, each on its line or in one group of brackets."""
        layout = self._sheet.sl
        plain = all((layout.name(i) or ("",))[0] == "import" for i in filled)
        grouped = (layout.name(filled[0]) or ("",))[0] == "import" and layout.keys[filled[0]].endswith(("(", "{"))
        return plain or (grouped and layout.opener[filled[-1]] == filled[0])

    def _end_of_text(self, low: int, high: int) -> int:
        return max(low, self._sheet.o.filled_above(high) + 1)

    def _named_place(self, above: Marker | None, below: Marker | None, low: int, high: int) -> int | None:
        """The place right after the last item that the marker above names, or before the first that the one below
        names."""
        heads: dict[str, list[int]] = {}
        for j in range(low, high):
            if name := self._sheet.o.definition(j):
                heads.setdefault(bare_name(name), []).append(j)
        if above is not None:
            named = [heads[n] for n in names_in(above.text) if n in heads]
            if named and all(len(places) == 1 for places in named):
                return max(self._sheet.o.end[places[0]] for places in named) + 1
        if below is not None:
            named = [heads[n] for n in names_in(below.text) if n in heads]
            if named and all(len(places) == 1 for places in named):
                return min(places[0] for places in named)
        return None
