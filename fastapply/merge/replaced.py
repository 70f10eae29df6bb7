"""How far new text beside an anchor replaces the original lines there, when a marker stands behind it."""

from __future__ import annotations

import re
from collections import Counter

from fastapply.merge.evidence import is_leader
from fastapply.merge.layout import word_count
from fastapply.merge.markers import comment_body, speaks_of_body
from fastapply.merge.sheet import Gap, Sheet, is_function
from fastapply.merge.siblings import Siblings
from fastapply.merge.signature import LEAVES, goes_on, likeness, named_apart

PROSE = frozenset({"markdown", "text"})
ALIKE_LINES = 0.72  # likeness from which a line may be a new version of another
LEAST_ALIKE = 0.5  # the same for each line of a group of as many lines, one of which is that likely
ALIKE_HEADS = 0.78  # the same for a line that begins a block
MOST_PAIRS = 20_000  # pairs of lines compared for one run; a longer run is taken for new
MOST_LEFT = 3  # original lines at the end of a file that a new text there may hold
MOST_SHOWN = 12  # lines at the end of a run that may be shown only to say where it ends
MOST_DEAD = 12  # original lines behind a new `return` that it replaces
_ATTRIBUTE = re.compile(r"(?:@|#!?\[|\[)[\w.:]+")
QUOTES = ('"""', "'''")


def _attribute(key: str) -> str:
    """The name of the decorator or attribute that a line holds and nothing else, else nothing."""
    match = _ATTRIBUTE.match(key) if is_leader(key) and not key.endswith((";", ",")) else None
    return match[0] if match else ""


class Replaced:
    """Answers about one sheet; none of them changes it."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._siblings = Siblings(sheet)

    def comment_above(self, gap: Gap, body: list[int], trail: list[int], first: int, last: int) -> int:
        """The start of the original comment right above the anchor that the run's own comment replaces; `last` if
        none."""
        if (
            trail
            or gap.open_end
            or not is_leader(self._sheet.sl.keys[body[-1]])
            or comment_body(self._sheet.sl.keys[body[-1]]) is None
        ):
            return last
        start = last
        while (
            start > first
            and self._sheet.o.keys[start - 1]
            and comment_body(self._sheet.o.keys[start - 1]) is not None
            and self._sheet.o.depth[start - 1] - self._sheet.o.depth[gap.j2] in (0, 1)
        ):
            start -= 1
        return start

    def decorator_above(self, gap: Gap, body: list[int], trail: list[int], first: int, last: int) -> int:
        """The start of the original decorators or attributes right above the anchor, from the first of a name that the
        run's last lines bear; `last` if none."""
        sheet = self._sheet
        mine = Counter[str]()
        for i in reversed(body):
            if not (name := _attribute(sheet.sl.keys[i])):
                break
            mine[name] += 1
        start = taken = last
        while mine and not trail and not gap.open_end and start > first:
            if not (name := _attribute(sheet.o.keys[start - 1])):
                break
            start -= 1
            if mine[name] > 0:
                mine[name] -= 1
                taken = start
        return taken

    def header_above(self, gap: Gap, trail: list[int], first: int, last: int) -> int:
        """The start of the original header whose later lines begin with the anchor, when the snippet's run ends right
        above it: the run shows the header's first lines anew. `last` where the anchor begins its own header."""
        start = self._sheet.o.head_start.get(gap.j2, last)
        while start < last and is_leader(self._sheet.o.keys[start]):
            start += 1
        return start if not trail and not gap.open_end and first <= start else last

    def group_above(self, body: list[int], trail: list[int], first: int, last: int) -> int:
        """The start of the original lines between a blank line and the anchor that the run shows anew, line for line;
        `last` where they are more or fewer, or some line is too unlike."""
        sheet = self._sheet
        end = sheet.o.filled_above(last) + 1
        start = end
        while start > first and sheet.o.keys[start - 1]:
            start -= 1
        whole = end - start == len(body) >= 2 and not (start and sheet.o.keys[start - 1])
        if not whole or (end < last) != bool(trail):
            return last
        alike = []
        for i, j in zip(body, range(start, end), strict=True):
            mine, theirs = sheet.sl.keys[i], sheet.o.keys[j]
            if not mine or sheet.o.count[mine] or sheet.sl.count[theirs] or named_apart(mine, theirs):
                return last
            alike.append(likeness(mine, theirs))
        return start if min(alike) >= LEAST_ALIKE and max(alike) >= ALIKE_LINES else last

    def for_below(
        self, lead: list[int], body: list[int], trail: list[int], first: int, last: int
    ) -> tuple[list[int], list[int]]:
        """The run's lines, and those at its end, set off by a blank line, that belong to what the marker behind them
        keeps: a comment, or a decorator."""
        sheet = self._sheet
        at = len(body)
        while at and sheet.sl.keys[body[at - 1]] and is_leader(sheet.sl.keys[body[at - 1]]):
            at -= 1
        apart = at < len(body) and (lead if at == 0 else not sheet.sl.keys[body[at - 1]])
        if not apart or trail or not sheet.blanks(first, last):
            return body, []
        end = at
        while end and not sheet.sl.keys[body[end - 1]]:
            end -= 1
        return body[:end], body[at:]

    def shown_above(self, run: list[int], first: int, last: int) -> int:
        """How many lines at the start of a run are a comment set off by blank lines, as the original has it right
        above the anchor: those are shown, not new."""
        sheet = self._sheet
        start = next((k for k, i in enumerate(run) if sheet.sl.keys[i]), 0)
        end = start
        while end < len(run) and sheet.sl.keys[run[end]]:
            end += 1
        below = sheet.o.filled_above(last) + 1
        keys = [sheet.sl.keys[i] for i in run[start:end]]
        if end == len(run) or below == last or below - len(keys) < first or not all(map(is_leader, keys)):
            return 0
        if keys != sheet.o.keys[below - len(keys) : below]:
            return 0
        while end < len(run) and not sheet.sl.keys[run[end]]:
            end += 1
        return end

    def shown_below(self, body: list[int], first: int, last: int) -> int:
        """Where in a run the lines begin that the original has right below the run's place, at the same depth: those
        are shown, not new. The run's length where it has none, or where one of them closes what the run opens."""
        sheet = self._sheet
        below = [j for j in range(first, min(last, first + 2 * MOST_SHOWN)) if sheet.o.keys[j]]
        for start in range(max(0, len(body) - MOST_SHOWN), len(body)):
            shown = [k for k in body[start:] if sheet.sl.keys[k]]
            if sheet.sl.keys[body[start]] and len(shown) <= len(below) and all(map(self._is_shown, shown, below)):
                return len(body) if any(sheet.sl.opener[k] >= body[0] for k in shown) else start
        return len(body)

    def _is_shown(self, i: int, j: int) -> bool:
        """True where snippet line i is original line j, at its depth."""
        sheet = self._sheet
        depth = sheet.sl.depth[i] + sheet.shifts.of(i)
        return sheet.sl.keys[i] == sheet.o.keys[j] and depth == sheet.o.depth[j]

    def limit(self, body: list[int], first: int, last: int) -> int:
        """How far from its anchor a run of this length is compared with the original."""
        return min(last, first + 3 * len(body) + 12)

    def consumed(self, body: list[int], first: int, last: int, forward: bool, trail: int = 0) -> int:
        """How far the run replaces original lines beside its anchor: to the farthest line that it is like."""
        mine = [i for i in body if self._sheet.sl.keys[i]]
        group = first
        while group < last and self._sheet.o.keys[group]:
            group += 1
        # a group of lines up to a blank one, shown as many lines up to a blank one: the group itself, changed
        shaped = bool(trail) and group - first == len(body) == len(mine)
        if forward:
            theirs = [j for j in range(first, min(last, first + 3 * len(mine) + 12)) if self._sheet.o.keys[j]]
        else:
            theirs = [j for j in range(max(first, last - 3 * len(mine) - 12), last) if self._sheet.o.keys[j]]
            theirs.reverse()
            mine.reverse()
        if len(mine) * len(theirs) > MOST_PAIRS:
            return first if forward else last
        gain = [[0.0] * (len(theirs) + 1) for _ in range(len(mine) + 1)]
        for b in range(1, len(theirs) + 1):
            gain[0][b] = gain[0][b - 1] - 0.25
        for a in range(1, len(mine) + 1):
            row, above = gain[a], gain[a - 1]
            row[0] = 0.0
            for b in range(1, len(theirs) + 1):
                pair = self._pair(mine[a - 1], theirs[b - 1], shaped, a == b == 1)
                row[b] = max(above[b], row[b - 1] - 0.25, above[b - 1] + pair if pair > 0 else -9.0)
        final = gain[len(mine)]
        best = max(range(len(theirs) + 1), key=lambda b: (final[b], -b))
        if best == 0 or final[best] < 0.1:
            return first if forward else last
        return theirs[best - 1] + 1 if forward else theirs[best - 1]

    def _pair(self, i: int, j: int, shaped: bool = False, next_to: bool = False) -> float:
        """What it is worth to take snippet line i for a new version of original line j; 0 for nothing. `next_to`: both
        stand right beside the anchor."""
        mine, theirs = self._sheet.sl.keys[i], self._sheet.o.keys[j]
        if min(len(mine), len(theirs)) < 6 and not (word_count(mine) and word_count(theirs)):
            return 0.02 if mine == theirs else 0.0
        if is_leader(mine) or is_leader(theirs):
            return (
                0.4 if comment_body(mine) == theirs or comment_body(theirs) == mine else 0.02 if mine == theirs else 0.0
            )
        if self._sheet.o.count[mine]:
            return 0.0  # a copy of another line is no new version of this one
        if not self._same_head(i, j):
            return 0.0
        if not self._sheet.blocks.same(i, j) or self._sheet.sl.count[theirs] >= self._sheet.o.count[theirs]:
            return 0.0
        if not shaped and named_apart(mine, theirs):
            return 0.0
        if bool(LEAVES.match(mine)) != bool(LEAVES.match(theirs)):
            return 0.0
        alike = likeness(mine, theirs)
        if not shaped and self._siblings.has_one_more(mine, j):
            return 0.0
        if self._sheet.o.depth[j] != self._sheet.sl.depth[i] + self._sheet.shifts.of(i):
            alike -= 0.15
        least = ALIKE_HEADS if self._sheet.o.end[j] > j else ALIKE_LINES
        if next_to and goes_on(mine, theirs):
            alike = max(alike, least)
        return alike - 0.6 if alike >= least else 0.0

    def _same_head(self, i: int, j: int) -> bool:
        """False where snippet line i stands in a block that is not the one around original line j."""
        head, there = self._sheet.sl.head[i], self._sheet.o.head[j]
        while head >= 0 and self._sheet.segments[head] == self._sheet.segments[i]:
            if self._sheet.match[head] >= 0:
                return self._sheet.match[head] == there
            if there < 0 or likeness(self._sheet.sl.keys[head], self._sheet.o.keys[there]) < ALIKE_HEADS:
                return False
            head, there = self._sheet.sl.head[head], self._sheet.o.head[there]
        return True

    def may_be_reworded(self, gap: Gap, body: list[int], first: int, last: int) -> bool:
        """True in prose, where the run's first line is neither like nor unlike the next original one, or where the
        snippet ends with another text under a heading than the original has there."""
        sheet = self._sheet
        below = next((j for j in range(first, last) if sheet.o.keys[j]), None)
        if sheet.evidence.language not in PROSE or below is None or sheet.o.count[sheet.sl.keys[body[0]]]:
            return False
        if gap.open_end and not gap.markers and gap.i1 >= 0 and sheet.o.keys[gap.j1].startswith("#"):
            return not sheet.o.keys[below].startswith("#")
        return 0.5 <= likeness(sheet.sl.keys[body[0]], sheet.o.keys[below]) < ALIKE_LINES

    def tail_of_item(self, gap: Gap, body: list[int], first: int, last: int) -> int:
        """The end of the original function whose whole body the snippet shows anew; `first` where that is not so."""
        if not body or gap.i1 < 0:
            return first
        head = body[-1]
        marker = gap.markers[0] if gap.markers else None
        while head >= 0 and not (self._sheet.match[head] >= 0 and is_function(self._sheet.sl, head)):
            head = self._sheet.sl.head[head] if self._sheet.sl.opener[head] < 0 else self._sheet.sl.opener[head]
        if head < 0 or self._sheet.segments[head] != self._sheet.segments[body[-1]]:
            return first
        if self._sheet.evidence.indent_blocks:
            if marker is not None and marker.before <= gap.i2 and self._is_inside(gap, head):
                return first
            if marker is not None and self._is_docstring(head + 1, body[-1]):
                return first  # a body is more than its docstring: the marker stands for it, wherever it is indented
        elif not self._is_closed(head, body[-1]):
            return first
        end = self._sheet.o.end[self._sheet.match[head]] + 1
        return max(first, min(end, last))

    def _is_inside(self, gap: Gap, head: int) -> bool:
        """True where the first marker of the gap stands for the rest of the head's body: it is deeper than the head, it
        says so, or another marker follows it at once, for what lies behind the body."""
        marker, *others = gap.markers
        behind = others[0].before if others else 0
        twice = behind > 0 and not any(self._sheet.sl.keys[marker.before : behind])
        return marker.depth > self._sheet.sl.depth[head] or twice or speaks_of_body(marker.text)

    def _is_docstring(self, start: int, last: int) -> bool:
        """True where snippet lines start..last are one docstring, behind a header of one line."""
        shown = [self._sheet.sl.keys[i] for i in range(start, last + 1) if self._sheet.sl.keys[i]]
        quote = next((mark for mark in QUOTES if shown and mark in shown[0][:4]), None)
        text = "\n".join(shown)
        return quote is not None and text.endswith(quote) and text.count(quote) == 2

    def _is_closed(self, head: int, last: int) -> bool:
        """True where snippet lines head..last close what the head opens, or the head's body is an expression."""
        if any(
            self._sheet.sl.opener[i] == head and self._sheet.sl.keys[i][0] != "{" for i in range(head + 1, last + 1)
        ):
            return True
        text = " ".join(self._sheet.sl.keys[head : last + 1])
        balanced = all(text.count(opening) == text.count(closing) for opening, closing in ("()", "[]", "{}"))
        return balanced and last > head and self._sheet.sl.keys[head].endswith(("=", "=>", "->"))

    def wrapped_to_end(self, gap: Gap, body: list[int], first: int, last: int) -> int:
        """The end of the file, where the snippet ends with new text that holds each of the few lines left in it, or
        with a new version of each."""
        left = [j for j in range(first, last) if self._sheet.o.keys[j]]
        if gap.markers or not gap.open_end or not 0 < len(left) <= MOST_LEFT:
            return first
        shown = [self._sheet.sl.keys[i] for i in body]
        held = all(any(self._sheet.o.keys[j] in key for key in shown) for j in left)
        return last if held or self.are_anew(body, left) else first

    def are_anew(self, run: list[int], lines: list[int]) -> bool:
        """True where the run is the few original lines at an end of the file anew, line for line: the snippet, which
        has markers elsewhere, has none there. Imports are listed, so others may stand beside them."""
        sheet = self._sheet
        mine = [i for i in run if sheet.sl.keys[i]]
        if not sheet.s.markers or len(mine) != len(lines) or len(lines) > MOST_LEFT:
            return False
        if any((sheet.o.name(j) or ("",))[0] == "import" for j in lines):
            return False
        pairs = [(sheet.sl.keys[i], sheet.o.keys[j]) for i, j in zip(mine, lines, strict=True)]
        if len(pairs) == 1 and self._siblings.has_one_more(pairs[0][0], lines[0]):
            return False
        return all(likeness(*pair) >= LEAST_ALIKE for pair in pairs)

    def after_dead_end(self, body: list[int], first: int, last: int) -> int:
        """Where the run ends its block (return, raise, break, ...), the end of the original lines of that block, which
        could never run behind it."""
        final = body[-1]
        if not LEAVES.match(self._sheet.sl.keys[final]) or first >= last:
            return first
        j = first + self._sheet.blanks(first, last)
        depth = self._sheet.sl.depth[final] + self._sheet.shifts.of(final)
        while (
            j < last
            and self._sheet.o.keys[j]
            and self._sheet.o.depth[j] == depth
            and not is_leader(self._sheet.o.keys[j])
            and self._sheet.o.opener[j] < 0
        ):
            j = self._sheet.o.end[j] + 1
        dead = [k for k in range(first, j) if self._sheet.o.keys[k]]
        return j if 0 < len(dead) <= MOST_DEAD else first

    def _imports(self, body: list[int], low: int, high: int) -> tuple[int, int] | None:
        """The original imports side by side that a group of imports holds all of, and so replaces."""
        name = self._sheet.sl.name(body[0])
        if name is None or name[0] != "import":
            return None
        shown = set(re.findall(r"[\w./@-]+", " ".join(self._sheet.sl.keys[i] for i in body)))
        found = [j for j in range(low, high) if (self._sheet.o.name(j) or ("",))[0] == "import"]
        if not found or self._sheet.o.head[found[0]] >= 0:
            return None
        end = max(self._sheet.o.end[j] for j in found) + 1
        lines = [j for j in range(found[0], end) if self._sheet.o.keys[j]]
        held = all(set(re.findall(r"[\w./@-]+", self._sheet.o.keys[j])) <= shown for j in lines)
        return (found[0], end) if held else None

    def similar(self, body: list[int], low: int, high: int) -> tuple[int, int] | None:
        """The original lines that a floating run replaces, by signature or near equality of all its lines."""
        if imports := self._imports(body, low, high):
            return imports
        filled = [i for i in body if self._sheet.sl.keys[i]]
        pairs: list[tuple[int, int]] = []
        for i in (filled[0], filled[-1]):
            scored = sorted(
                (
                    (likeness(self._sheet.sl.keys[i], self._sheet.o.keys[j]), j)
                    for j in range(low, high)
                    if self._sheet.o.keys[j] and not named_apart(self._sheet.sl.keys[i], self._sheet.o.keys[j])
                ),
                reverse=True,
            )[:2]
            if not scored or scored[0][0] < 0.75 or (len(scored) > 1 and scored[1][0] > scored[0][0] - 0.08):
                return None
            pairs.append((i, scored[0][1]))
        (_, a), (_, b) = pairs
        if b < a or b - a > 2 * len(filled) + 4:
            return None
        if len(filled) == 1:
            return a, self._sheet.o.end[a] + 1 if self._sheet.sl.end[filled[0]] > filled[0] else a + 1
        return a, b + 1
