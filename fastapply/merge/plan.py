"""From an alignment to edits: what happens in each gap between two anchors, and what can't be decided."""

from __future__ import annotations

import re

import msgspec

from fastapply.merge.blocks import Blocks
from fastapply.merge.evidence import Evidence, is_leader, leaders_above
from fastapply.merge.indent import Shifts
from fastapply.merge.layout import Layout, word_count
from fastapply.merge.markers import comment_body, names_in
from fastapply.merge.signature import likeness
from fastapply.merge.snippet import Marker, Snippet
from fastapply.merge.values import Doubt, LineEdit, LineRange

# Original lines that may vanish where nothing explains it: with an instruction that does not speak of it, without any
# instruction, and where only one of the two anchors is sure.
MOST_LOST_UNEXPLAINED = 3
MOST_LOST_SILENT = 10
MOST_LOST_HALF_ANCHORED = 2
MOST_SHRUNK = 40  # lines by which a function that is shown whole may shrink unexplained
ALIKE_HEADS = 0.78  # likeness from which two heads of blocks may be one, changed
MOST_DEAD = 3  # original lines behind a new `return` that it replaces

_LEAVES = re.compile(r"(?:return|raise|throw|break|continue|goto|panic!?)\b")


class Gap(msgspec.Struct, frozen=True):
    """What lies between two anchors: snippet lines i1+1..i2-1, original lines j1+1..j2-1, and the markers there."""

    i1: int
    i2: int
    j1: int
    j2: int
    markers: tuple[Marker, ...]
    open_start: bool
    open_end: bool


class Plan:
    """Collects edits and doubts while walking over the gaps of one chain."""

    def __init__(
        self,
        original: Layout,
        snippet: Snippet,
        layout: Layout,
        match: list[int],
        segments: list[int],
        evidence: Evidence,
        blocks: Blocks,
    ) -> None:
        self.o, self.s, self.sl, self.match = original, snippet, layout, match
        self.evidence = evidence
        self.blocks = blocks
        self.segments = segments
        self.shifts = Shifts(original, layout, self.segments, match)
        self.edits: list[LineEdit] = []
        self.doubts: list[Doubt] = []
        self.lost = 0  # original lines that vanish with nothing in their place
        self.log: list[tuple] = []

    # ---- walking

    def run(self) -> None:
        anchors = [i for i in self.sl.filled if self.match[i] >= 0]
        for i in anchors:
            self._anchor(i)
        self._judged: list[tuple[Gap, list[int], list[int]]] = []
        bounds = [-1, *anchors, len(self.sl.keys)]
        for i1, i2 in zip(bounds, bounds[1:]):
            j1 = self.match[i1] if i1 >= 0 else -1
            j2 = self.match[i2] if i2 < len(self.sl.keys) else len(self.o.keys)
            markers = tuple(m for m in self.s.markers if i1 < m.before <= i2)
            self._gap(Gap(i1, i2, j1, j2, markers, i1 < 0, i2 == len(self.sl.keys)))
        for gap, lost, filled in self._judged:
            if filled:
                self._judge_replacement(gap, lost, filled)
            else:
                self._judge_deletion(gap, lost)

    def _anchor(self, i: int) -> None:
        """An anchor whose text or depth changed is rewritten; any other keeps the original's bytes."""
        j = self.match[i]
        if self.s.signs[i] == "-":
            self.edits.append(LineEdit(j, j + 1, ()))
        elif self.sl.keys[i] != self.o.keys[j] or self.shifts.is_moved(i) or self._inner_blanks_differ(i, j):
            self._emit(j, j + 1, [i])

    def _inner_blanks_differ(self, i: int, j: int) -> bool:
        return self.sl.lines[i].strip() != self.o.lines[j].strip()

    def _emit(self, start: int, end: int, lines: list[int]) -> None:
        """Original lines start..end become the given snippet lines; `-1` stands for a blank line of the original."""
        texts = tuple(self.shifts.place(i) if i >= 0 else "" for i in lines)
        self.edits.append(LineEdit(start, end, texts, tuple(self.s.numbers[i] if i >= 0 else -1 for i in lines)))

    # ---- gaps

    def _gap(self, gap: Gap) -> None:
        shown = [i for i in range(gap.i1 + 1, gap.i2) if self.s.signs[i] != "-"]
        filled = [i for i in shown if self.sl.keys[i]]
        if not gap.markers and not gap.open_end and (not gap.open_start or self._starts_file(gap, filled)):
            self._closed(gap, shown, filled)
            return
        self._remove_named(gap)
        if not filled:
            return
        cuts = [m.before for m in gap.markers]
        if gap.open_start:
            cuts.insert(0, gap.i1 + 1)
        if gap.open_end:
            cuts.append(gap.i2)
        runs = []
        at = gap.i1 + 1
        for cut in cuts:
            runs.append([i for i in range(at, cut) if self.s.signs[i] != "-"])
            at = cut
        runs.append([i for i in range(at, gap.i2) if self.s.signs[i] != "-"])
        first, last = gap.j1 + 1, gap.j2
        head, tail, middle = runs[0], runs[-1], runs[1:-1]
        low, high = first, last
        if any(self.sl.keys[i] for i in head):
            low = self._head_run(gap, head, first, last, len(cuts))
        if any(self.sl.keys[i] for i in tail):
            high = self._tail_run(gap, tail, low, last)
        for k, run in enumerate(middle):
            if any(self.sl.keys[i] for i in run):
                low = self._floating(gap, run, low, high, k, len(middle))

    def _remove_named(self, gap: Gap) -> None:
        """Delete the declarations of a gap that a removal note in it names, though a marker stands for the rest."""
        for removal in self.s.removals:
            if not gap.i1 < removal.before <= gap.i2:
                continue
            j = gap.j1 + 1
            while j < gap.j2:
                name = self.o.name(j) if self.o.keys[j] else None
                if name and name[0] == "def" and re.split(r"[.:]", name[1])[-1] in removal.names:
                    start, end = max(gap.j1 + 1, leaders_above(self.o, j)), min(gap.j2, self.o.end[j] + 1)
                    if start > 0 and not self.o.keys[start - 1]:
                        start = self._above(start)
                    elif end < gap.j2:
                        end += self._blanks(end, gap.j2)
                    self.edits.append(LineEdit(start, end, ()))
                    j = end
                else:
                    j += 1

    def _above(self, j: int) -> int:
        """The first of the blank lines right above line j."""
        while j > 0 and not self.o.keys[j - 1]:
            j -= 1
        return j

    def _starts_file(self, gap: Gap, filled: list[int]) -> bool:
        """True where a snippet without a leading marker begins where the file begins, so that its first lines replace the file's."""
        above = [j for j in range(gap.j2) if self.o.keys[j]]
        if not above:
            return True
        if all(j in self.evidence.explained for j in above):
            return True
        if any(r.before <= gap.i2 for r in self.s.removals) and len(above) <= 40:
            return True
        if not filled and self.is_whole_file():
            return True
        if not filled:
            return False
        imports = [j for j in above if (self.o.name(j) or ("",))[0] == "import"]
        if not imports or len(imports) < len(above) or (self.sl.name(filled[0]) or ("",))[0] != "import":
            return False
        shown = set(re.findall(r"\w+", " ".join(self.sl.keys[i] for i in filled)))
        said = sum(bool(shown.intersection(re.findall(r"\w+", self.o.keys[j])[-1:])) for j in imports)
        return said * 2.5 >= len(imports)

    def is_whole_file(self) -> bool:
        """True where a snippet without a marker ends with the file's last line and shows most of the file."""
        if self.s.markers:
            return False
        matched = [j for j in self.match if j >= 0]
        return bool(matched) and matched[-1] == self.o.filled[-1] and len(matched) > 0.6 * len(self.o.filled)

    def _closed(self, gap: Gap, shown: list[int], filled: list[int]) -> None:
        """No marker between two anchors: the snippet shows all that is to stand there."""
        start, end = gap.j1 + 1, gap.j2
        if gap.open_start:
            start = min(self.o.filled[0], end)
            shown = [i for i in shown if not filled or i >= filled[0]]
        lost = [j for j in range(start, end) if self.o.keys[j]]
        if lost:
            self._judged.append((gap, lost, filled))
        if not lost and not filled and len(shown) == end - start:
            return
        while shown and start < end and not self.sl.keys[shown[0]] and not self.o.keys[start]:
            shown, start = shown[1:], start + 1
        while shown and start < end and not self.sl.keys[shown[-1]] and not self.o.keys[end - 1]:
            shown, end = shown[:-1], end - 1
        self._emit(start, end, shown)

    def _judge_deletion(self, gap: Gap, lost: list[int]) -> None:
        """Original lines vanish and nothing takes their place."""
        bare = [j for j in lost if j not in self.evidence.explained]
        noted = any(gap.i1 < removal.before <= gap.i2 for removal in self.s.removals)
        if not bare or noted or self.is_whole_file():
            return
        firm = self._solid(gap)
        self.log.append(("del", len(bare), 0, firm))
        if firm == 2 and self._only_change(gap):
            return  # this part of the snippet is there for no other reason
        self.lost += len(bare)
        allowed = (
            0,
            MOST_LOST_HALF_ANCHORED,
            MOST_LOST_UNEXPLAINED if self.evidence.instruction else MOST_LOST_SILENT,
        )[firm]
        if len(bare) > allowed:
            self._doubt_loss(
                gap,
                f"{len(lost)} line(s) of the original would vanish between two lines that the snippet shows side by side",
            )

    def _judge_replacement(self, gap: Gap, lost: list[int], filled: list[int]) -> None:
        """Original lines give way to others."""
        bare = [j for j in lost if j not in self.evidence.explained]
        if len(bare) <= len(filled) or self.is_whole_file():
            return
        self.lost += len(bare) - len(filled)
        if self._shown_whole(gap, filled) and len(bare) - len(filled) <= MOST_SHRUNK:
            return
        firm = self._solid(gap)
        self.log.append(("rep", len(bare) - len(filled), 0, firm))
        allowed = (0, MOST_LOST_HALF_ANCHORED + len(filled), MOST_LOST_SILENT + len(filled))[firm]
        if self.evidence.instruction and not self._shown_whole(gap, filled):
            allowed = min(allowed, MOST_LOST_UNEXPLAINED + len(filled))
        if len(bare) - len(filled) > allowed:
            self._doubt_loss(gap, f"{len(lost)} lines of the original would give way to {len(filled)}")

    def _only_change(self, gap: Gap) -> bool:
        """True where the part of the snippet between two markers that holds the gap changes nothing else."""
        segment = self.segments[gap.i1] if gap.i1 >= 0 else 0
        part = [i for i in self.sl.filled if self.segments[i] == segment]
        if any(self.match[i] < 0 or self.sl.keys[i] != self.o.keys[self.match[i]] for i in part):
            return False
        others = [
            pair
            for pair, _, filled in self._judged
            if pair is not gap and not filled and self.segments[max(0, pair.i1)] == segment
        ]
        return not others

    def _shown_whole(self, gap: Gap, filled: list[int]) -> bool:
        """True where the snippet shows the definition around the gap from head to end without a marker."""
        inner = filled[0] if filled else gap.i2
        head = self.sl.head[inner] if inner < len(self.sl.head) else -1
        while head >= 0 and not _is_function(self.sl, head):
            head = self.sl.head[head]
        if head < 0:
            return False
        end = self.sl.end[head]
        return not any(head < marker.before <= end for marker in self.s.markers)

    def _doubt_loss(self, gap: Gap, message: str) -> None:
        self.doubts.append(
            Doubt(
                "unexplained_deletion",
                message + ", and nothing says that they should",
                "put a marker where original lines are to stay, or a note such as `removed: NAME` where they are to go",
                self._range(gap),
                (LineRange(gap.j1 + 1, gap.j2),),
            )
        )

    def _solid(self, gap: Gap) -> int:
        """How sure the anchors of a gap are: 2 where each side has two lines in a row or a unique line, 1, 0."""
        return sum(self._firm(i, step) for i, step in ((gap.i1, -1), (gap.i2, 1)))

    def _firm(self, i: int, step: int) -> bool:
        """True where an anchor, or a match right behind it, can't be another line: it occurs once, it closes what a
        matched head opened, or it is the file's first or last line as it is the snippet's."""
        if not 0 <= i < len(self.match):
            return True
        last = -1
        while 0 <= i < len(self.match) and (self.match[i] >= 0 or not self.sl.keys[i]):
            if key := self.sl.keys[i]:
                j = last = self.match[i]
                if key == self.o.keys[j] and word_count(key) and self.o.count[key] == self.sl.count[key] == 1:
                    return True
                begun = self.sl.opener[i]
                if begun >= 0 and self.match[begun] >= 0 and self.match[begun] == self.o.opener[j]:
                    return True
            i += step
        return not 0 <= i < len(self.match) and last == self.o.filled[-1 if step > 0 else 0]

    def _range(self, gap: Gap) -> LineRange:
        first = self.s.numbers[gap.i1] if gap.i1 >= 0 else 0
        last = (
            self.s.numbers[gap.i2] + 1
            if gap.i2 < len(self.s.numbers)
            else (self.s.numbers[-1] + 1 if self.s.numbers else 0)
        )
        return LineRange(first, last)

    # ---- runs beside a marker

    def _head_run(self, gap: Gap, run: list[int], first: int, last: int, cuts: int) -> int:
        """New text right after an anchor, a marker behind it. Returns the first original line that the marker keeps."""
        lead, body, trail = self._strip(run)
        taken = self._consumed(body, first, self._limit(body, first, last), forward=True)
        end = self._tail_of_item(gap, body, max(first, taken), last)
        consumed = max(taken, end, self._wrapped_to_end(gap, body, first, last))
        if consumed == first:
            consumed = self._after_dead_end(body, first, last)
        if consumed > first:
            lost = [j for j in range(first, consumed) if self.o.keys[j]]
            self._judged.append((gap, lost, body))
            start = first
            new = lead + body
            while new and start < consumed and not self.sl.keys[new[0]] and not self.o.keys[start]:
                new, start = new[1:], start + 1
            self._emit(start, consumed, new)
            return consumed
        # beside kept text the original's blank lines count, unless it has none there
        self._emit(first, first, lead + body + ([] if self._blanks(first, last) else trail))
        return first

    def _tail_run(self, gap: Gap, run: list[int], first: int, last: int) -> int:
        """New text right before an anchor, a marker above it. Returns the end of what the marker keeps."""
        lead, body, trail = self._strip(run)
        taken = min(
            self._consumed(body, first, last, forward=False), self._comment_above(gap, body, trail, first, last)
        )
        if taken < last:
            lost = [j for j in range(taken, last) if self.o.keys[j]]
            self._judged.append((gap, lost, body))
            end = last
            new = body + trail
            while new and end > taken and not self.sl.keys[new[-1]] and not self.o.keys[end - 1]:
                new, end = new[:-1], end - 1
            self._emit(taken, end, new)
            return taken
        blanks = 0
        while last - blanks - 1 >= first and not self.o.keys[last - blanks - 1]:
            blanks += 1
        new = body + trail
        if blanks and trail:
            # the original's blank lines stand before the new text, the snippet's after it
            self._emit(last, last, new)
        elif blanks and lead and not trail:
            self._emit(last, last, body)
        elif lead and not blanks:
            self._emit(last, last, lead + new)
        else:
            self._emit(last, last, new)
        return last

    def _comment_above(self, gap: Gap, body: list[int], trail: list[int], first: int, last: int) -> int:
        """The start of the original comment right above the anchor that the run's own comment replaces; `last` if none."""
        if (
            trail
            or gap.open_end
            or not is_leader(self.sl.keys[body[-1]])
            or comment_body(self.sl.keys[body[-1]]) is None
        ):
            return last
        start = last
        while (
            start > first
            and self.o.keys[start - 1]
            and comment_body(self.o.keys[start - 1]) is not None
            and self.o.depth[start - 1] - self.o.depth[gap.j2] in (0, 1)
        ):
            start -= 1
        return start

    def _floating(self, gap: Gap, run: list[int], low: int, high: int, k: int, count: int) -> int:
        """New text between two markers (or between a marker and an open end)."""
        lead, body, trail = self._strip(run)
        similar = self._similar(body, low, high)
        if similar is not None:
            start, end = similar
            lost = [j for j in range(start, end) if self.o.keys[j]]
            self._judged.append((gap, lost, body))
            self._emit(start, end, body)
            return end
        place = self._place_for(gap, run, body, low, high, k, count)
        if place is None:
            lonely = all(j < 0 for j in self.match)
            self.doubts.append(
                Doubt(
                    "no_anchor" if lonely else "undecided_place",
                    "nothing in the snippet is in the original, so nothing says where it belongs"
                    if lonely
                    else "new text stands between two markers, and nothing says where between them it belongs",
                    "show the line right before or right after the new text",
                    LineRange(self.s.numbers[body[0]], self.s.numbers[body[-1]] + 1),
                    (LineRange(low, high),),
                )
            )
            place = high
        self._insert(place, lead, body, trail, low, high)
        return place

    def _insert(self, place: int, lead: list[int], body: list[int], trail: list[int], low: int, high: int) -> None:
        above = 0
        while place - above - 1 >= 0 and not self.o.keys[place - above - 1]:
            above += 1
        below = self._blanks(place, len(self.o.keys))
        at_end = place + below >= len(self.o.keys)
        pre = [-1] * max(0, len(lead) - above) if place - above > 0 else []
        post: list[int] = []
        if not at_end and not below:
            post = trail or ([-1] * above if above and lead else [])
        self._emit(place, place, pre + body + post)

    # ---- questions

    def _strip(self, run: list[int]) -> tuple[list[int], list[int], list[int]]:
        first = next(k for k, i in enumerate(run) if self.sl.keys[i])
        last = max(k for k, i in enumerate(run) if self.sl.keys[i]) + 1
        return run[:first], run[first:last], run[last:]

    def _blanks(self, start: int, end: int) -> int:
        k = start
        while k < end and not self.o.keys[k]:
            k += 1
        return k - start

    def _limit(self, body: list[int], first: int, last: int) -> int:
        return min(last, first + 3 * len(body) + 12)

    def _consumed(self, body: list[int], first: int, last: int, forward: bool) -> int:
        """How far the run replaces original lines beside its anchor: to the farthest line that it is like."""
        mine = [i for i in body if self.sl.keys[i]]
        if forward:
            theirs = [j for j in range(first, min(last, first + 3 * len(mine) + 12)) if self.o.keys[j]]
        else:
            theirs = [j for j in range(max(first, last - 3 * len(mine) - 12), last) if self.o.keys[j]]
            theirs.reverse()
            mine.reverse()
        # best[k]: best total for the first k original lines consumed, with any number of snippet lines
        gain = [[0.0] * (len(theirs) + 1) for _ in range(len(mine) + 1)]
        for b in range(1, len(theirs) + 1):
            gain[0][b] = gain[0][b - 1] - 0.25
        for a in range(1, len(mine) + 1):
            row, above = gain[a], gain[a - 1]
            row[0] = 0.0
            for b in range(1, len(theirs) + 1):
                pair = self._pair(mine[a - 1], theirs[b - 1])
                row[b] = max(above[b], row[b - 1] - 0.25, above[b - 1] + pair if pair > 0 else -9.0)
        final = gain[len(mine)]
        best = max(range(len(theirs) + 1), key=lambda b: (final[b], -b))
        if best == 0 or final[best] < 0.1:
            return first if forward else last
        return theirs[best - 1] + 1 if forward else theirs[best - 1]

    def _pair(self, i: int, j: int) -> float:
        """What it is worth to take snippet line i for a new version of original line j; 0 for nothing."""
        mine, theirs = self.sl.keys[i], self.o.keys[j]
        if min(len(mine), len(theirs)) < 6 and not (word_count(mine) and word_count(theirs)):
            return 0.02 if mine == theirs else 0.0
        if is_leader(mine) or is_leader(theirs):
            return (
                0.4 if comment_body(mine) == theirs or comment_body(theirs) == mine else 0.02 if mine == theirs else 0.0
            )
        if self.o.count[mine]:
            return 0.0  # a copy of another line is no new version of this one
        if not self._same_head(i, j):
            return 0.0
        if not self.blocks.same(i, j) or self.sl.count[theirs] >= self.o.count[theirs]:
            return 0.0
        alike = likeness(mine, theirs)
        if self.o.depth[j] != self.sl.depth[i] + self.shifts.of(i):
            alike -= 0.15
        least = 0.8 if self.o.end[j] > j else 0.72
        return alike - 0.6 if alike >= least else 0.0

    def _same_head(self, i: int, j: int) -> bool:
        """False where snippet line i stands in a block that is not the one around original line j."""
        head, there = self.sl.head[i], self.o.head[j]
        while head >= 0 and self.segments[head] == self.segments[i]:
            if self.match[head] >= 0:
                return self.match[head] == there
            if there < 0 or likeness(self.sl.keys[head], self.o.keys[there]) < ALIKE_HEADS:
                return False
            head, there = self.sl.head[head], self.o.head[there]
        return True

    def _tail_of_item(self, gap: Gap, body: list[int], first: int, last: int) -> int:
        """The end of the original function whose whole body the snippet shows anew; `first` where that is not so."""
        if not body or gap.i1 < 0:
            return first
        head = body[-1]
        marker = gap.markers[0] if gap.markers else None
        while head >= 0 and not (self.match[head] >= 0 and _is_function(self.sl, head)):
            head = self.sl.head[head] if self.sl.opener[head] < 0 else self.sl.opener[head]
        if head < 0 or self.segments[head] != self.segments[body[-1]]:
            return first
        if self.evidence.indent_blocks:
            if marker is not None and marker.depth > self.sl.depth[head] and marker.before <= gap.i2:
                return first
        elif not self._is_closed(head, body[-1]):
            return first
        end = self.o.end[self.match[head]] + 1
        return max(first, min(end, last))

    def _is_closed(self, head: int, last: int) -> bool:
        """True where snippet lines head..last close what the head opens, or the head's body is an expression."""
        if any(self.sl.opener[i] == head and self.sl.keys[i][0] != "{" for i in range(head + 1, last + 1)):
            return True
        text = " ".join(self.sl.keys[head : last + 1])
        balanced = all(text.count(opening) == text.count(closing) for opening, closing in ("()", "[]", "{}"))
        return balanced and last > head and self.sl.keys[head].endswith(("=", "=>", "->"))

    def _wrapped_to_end(self, gap: Gap, body: list[int], first: int, last: int) -> int:
        """The end of the file, where the snippet ends with new text that holds each of the few lines left in it."""
        left = [j for j in range(first, last) if self.o.keys[j]]
        if gap.markers or not gap.open_end or not 0 < len(left) <= MOST_DEAD:
            return first
        shown = [self.sl.keys[i] for i in body]
        return last if all(any(self.o.keys[j] in key for key in shown) for j in left) else first

    def _after_dead_end(self, body: list[int], first: int, last: int) -> int:
        """Where the run ends its block (return, raise, break, ...), the end of the original lines of that block, which
        could never run behind it."""
        final = body[-1]
        if not _LEAVES.match(self.sl.keys[final]) or first >= last:
            return first
        j = first
        depth = self.sl.depth[final] + self.shifts.of(final)
        while (
            j < last
            and self.o.keys[j]
            and self.o.depth[j] == depth
            and not is_leader(self.o.keys[j])
            and self.o.opener[j] < 0
        ):
            j = self.o.end[j] + 1
        return j if first < j <= first + MOST_DEAD else first

    def _similar(self, body: list[int], low: int, high: int) -> tuple[int, int] | None:
        """The original lines that a floating run replaces, by signature or near equality of all its lines."""
        filled = [i for i in body if self.sl.keys[i]]
        pairs: list[tuple[int, int]] = []
        for i in (filled[0], filled[-1]):
            scored = sorted(
                ((likeness(self.sl.keys[i], self.o.keys[j]), j) for j in range(low, high) if self.o.keys[j]),
                reverse=True,
            )[:2]
            if not scored or scored[0][0] < 0.75 or (len(scored) > 1 and scored[1][0] > scored[0][0] - 0.08):
                return None
            pairs.append((i, scored[0][1]))
        (_, a), (_, b) = pairs
        if b < a or b - a > 2 * len(filled) + 4:
            return None
        if len(filled) == 1:
            return a, self.o.end[a] + 1 if self.sl.end[filled[0]] > filled[0] else a + 1
        return a, b + 1

    def _place_for(
        self, gap: Gap, run: list[int], body: list[int], low: int, high: int, k: int, count: int
    ) -> int | None:
        filled = [i for i in body if self.sl.keys[i]]
        above = [m for m in gap.markers if m.before <= run[0]]
        below = [m for m in gap.markers if m.before > body[-1]]
        named = self._named_place(above[-1] if above else None, below[0] if below else None, low, high)
        if named is not None:
            return named
        if all((self.sl.name(i) or ("", ""))[0] == "import" for i in filled):
            imports = [
                j
                for j in range(low, high)
                if (self.o.name(j) or ("", ""))[0] == "import" and self.o.head[j] < 0
            ]
            if imports:
                return imports[-1] + 1
        if gap.open_start and not above:
            return low if below and not gap.open_end else None
        if (
            gap.i1 >= 0
            and self.sl.depth[body[0]] <= self.sl.depth[gap.i1]
            and self.o.end[gap.j1] > gap.j1
            and above
            and above[0].before == gap.i1 + 1
        ):
            inside = self.o.end[gap.j1] + 1
            if low <= inside <= high:
                return inside
        if gap.open_end and not below:
            head = self.sl.head[body[0]]
            while head >= 0 and self.match[head] < 0:
                head = self.sl.head[head]
            if head >= 0:
                return min(high, max(low, self.o.end[self.match[head]] + 1))
            return self._end_of_text(low, high)
        return None

    def _end_of_text(self, low: int, high: int) -> int:
        end = high
        while end > low and not self.o.keys[end - 1]:
            end -= 1
        return end

    def _named_place(self, above: Marker | None, below: Marker | None, low: int, high: int) -> int | None:
        """The place right after the last item that the marker above names, or before the first that the one below names."""
        heads = {}
        for j in range(low, high):
            name = self.o.name(j)
            if name and name[0] == "def":
                heads.setdefault(re.split(r"[.:]", name[1])[-1], []).append(j)
        if above is not None:
            named = [heads[n] for n in names_in(above.text) if n in heads]
            if named and all(len(places) == 1 for places in named):
                return max(self.o.end[places[0]] for places in named) + 1
        if below is not None:
            named = [heads[n] for n in names_in(below.text) if n in heads]
            if named and all(len(places) == 1 for places in named):
                return min(places[0] for places in named)
        return None


_CONTAINER = re.compile(
    r"^(?:[\w@.()]+\s+)*?(?:class|struct|interface|enum|trait|impl|namespace|module|object|protocol|extension|mod)\b"
    r"|^(?:describe|context)\b"
)


def _is_function(layout: Layout, k: int) -> bool:
    """True for the head of a definition that holds statements, not members."""
    return layout.is_definition(k) and not _CONTAINER.search(layout.keys[k])
