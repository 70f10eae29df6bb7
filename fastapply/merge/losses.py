"""Whether original lines may vanish: the more would go, and the less sure what is beside them, the more it takes."""

from __future__ import annotations

from collections import Counter

from fastapply.merge.choices import losing
from fastapply.merge.layout import word_count, words
from fastapply.merge.sheet import Gap, Sheet, is_closed, is_function
from fastapply.merge.values import Doubt, DoubtKind, LineRange

# Original lines that may vanish where nothing explains it: with an instruction that does not speak of it, without any
# instruction, and where only one of the two anchors is sure.
MOST_LOST_UNEXPLAINED = 3
MOST_LOST_SILENT = 10
MOST_LOST_HALF_ANCHORED = 2
MOST_SHRUNK = 40  # lines by which a function that is shown whole may shrink unexplained
MOST_PAIRS = 20_000  # lost and new lines compared in one gap


class Losses:
    """Collects the gaps in which lines vanish, and judges them when all are known."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._judged: list[tuple[Gap, list[int], list[int]]] = []
        self._changes: Counter[int] | None = None  # by segment
        self.doubts: list[Doubt] = []
        self.lost = 0  # original lines that vanish with nothing in their place

    def add(self, gap: Gap, lost: list[int], shown: list[int]) -> None:
        """Note that in `gap` the original lines `lost` vanish, and the snippet lines `shown` come in their place."""
        self._judged.append((gap, lost, shown))

    def judge(self) -> None:
        """Fill `doubts` and `lost`."""
        for gap, lost, shown in self._judged:
            if shown:
                self._judge_replacement(gap, lost, shown)
            else:
                self._judge_deletion(gap, lost)

    def _bare(self, gap: Gap, lost: list[int], shown: list[int]) -> list[int]:
        """The lost lines that nothing accounts for: neither named by a note or the instruction, nor said anew, word
        for word, within one new line in their place or a changed line beside it."""
        sheet = self._sheet
        bare = [j for j in lost if j not in sheet.evidence.explained]
        beside = [i for i in (gap.i1, gap.i2) if 0 <= i < len(sheet.match)]
        new = [*shown, *(i for i in beside if sheet.sl.keys[i] != sheet.o.keys[sheet.match[i]])]
        if not new or len(bare) * len(new) > MOST_PAIRS:
            return bare
        said = [words(sheet.sl.keys[i]) for i in new]
        saying = {j: words(sheet.o.keys[j]) for j in bare}
        left = {j for j in bare if saying[j] and not any(saying[j] <= line for line in said)}
        if not left and any(saying.values()):
            return []
        return [j for j in bare if j in left or not saying[j]]

    def _judge_deletion(self, gap: Gap, lost: list[int]) -> None:
        """Original lines vanish and nothing takes their place."""
        bare = self._bare(gap, lost, [])
        noted = any(gap.i1 < removal.before <= gap.i2 for removal in self._sheet.s.removals)
        if not bare or noted or self._sheet.is_whole_file():
            return
        if self._sheet.s.signed:
            self._doubt_loss(gap, f"{len(lost)} line(s) of the original would vanish that no sign says are to go")
            return
        if self._is_needless(gap, lost):
            self.lost += len(bare)
            self._doubt_loss(
                gap, f"{len(lost)} line(s) of the original would vanish though the lines shown stand together"
            )
            return
        firm = 0 if self._is_wrapped(gap.i1) or self._is_wrapped(gap.i2) else self._solid(gap)
        spoken = not self._sheet.evidence.instruction or self._sheet.evidence.removes
        if firm == 2 and spoken and not self._sheet.s.signed and self._only_change(gap):
            return  # this part of the snippet is there for no other reason
        self.lost += len(bare)
        allowed = (
            0,
            MOST_LOST_HALF_ANCHORED,
            MOST_LOST_UNEXPLAINED if self._sheet.evidence.instruction else MOST_LOST_SILENT,
        )[firm]
        # where other lines bear signs, those that are to go bear one
        if len(bare) > allowed or self._sheet.s.signed or self._loses_members(gap, bare):
            self._doubt_loss(
                gap,
                f"{len(lost)} line(s) of the original would vanish between two lines that the snippet"
                f" shows side by side",
            )

    def _is_needless(self, gap: Gap, lost: list[int]) -> bool:
        """True where all that this part of the snippet shows on one side of the gap stands at the other end of the lost
        lines, too: with that place nothing would go, and it was left for one at an end of the file, perhaps."""
        sheet = self._sheet
        if gap.i1 < 0 or gap.i2 >= len(sheet.match):
            return False
        part = [i for i in sheet.sl.filled if sheet.segments[i] == sheet.segments[gap.i2]]
        above = [sheet.sl.keys[i] for i in part if i <= gap.i1]
        below = [sheet.sl.keys[i] for i in part if i >= gap.i2]
        gone = [sheet.o.keys[j] for j in lost if sheet.o.keys[j]]
        return gone[: len(below)] == below or gone[-len(above) :] == above

    def _judge_replacement(self, gap: Gap, lost: list[int], filled: list[int]) -> None:
        """Original lines give way to others."""
        bare = self._bare(gap, lost, filled)
        layout = self._sheet.sl
        shown = sum(layout.is_definition(i) and layout.end[i] > i for i in filled)
        if self._sheet.is_whole_file():
            return
        if self._declared(bare) > max(1, shown):
            self._doubt_loss(gap, f"{self._declared(bare)} declarations of the original would give way to {shown}")
            return
        if len(bare) <= len(filled):
            return
        self.lost += len(bare) - len(filled)
        if self._shown_whole(gap, filled):
            if len(bare) - len(filled) > MOST_SHRUNK:
                self._doubt_loss(gap, f"a body would shrink by {len(bare) - len(filled)} lines", "shrunk_body")
            return
        firm = self._solid(gap)
        allowed = (0, MOST_LOST_HALF_ANCHORED + len(filled), MOST_LOST_SILENT + len(filled))[firm]
        if self._sheet.evidence.instruction:
            allowed = min(allowed, MOST_LOST_UNEXPLAINED + len(filled))
        if len(bare) - len(filled) > allowed:
            self._doubt_loss(gap, f"{len(lost)} lines of the original would give way to {len(filled)}")

    def _loses_members(self, gap: Gap, bare: list[int]) -> bool:
        """True where declarations would go as they do when a marker was forgotten: between the head of what holds them
        and one of them, several at once, or under an instruction that speaks of something else."""
        declared = self._declared(bare)
        below_head = gap.i1 >= 0 and self._sheet.sl.head[gap.i2] == gap.i1 if gap.i2 < len(self._sheet.match) else False
        return declared > 0 and (below_head or declared > 1 or bool(self._sheet.evidence.instruction))

    def _declared(self, lines: list[int]) -> int:
        """How many functions and classes begin in these original lines."""
        return sum(self._sheet.o.is_definition(j) and self._sheet.o.end[j] > j for j in lines)

    def _only_change(self, gap: Gap) -> bool:
        """True where the part of the snippet between two markers that holds the gap changes nothing else."""
        if self._changes is None:
            self._changes = Counter(
                self._sheet.segments[i]
                for i in self._sheet.sl.filled
                if self._sheet.match[i] < 0 or self._sheet.sl.keys[i] != self._sheet.o.keys[self._sheet.match[i]]
            )
            self._changes.update(self._segment(pair) for pair, _, shown in self._judged if not shown)
        return self._changes[self._segment(gap)] == 1  # the gap itself

    def _segment(self, gap: Gap) -> int:
        return self._sheet.segments[max(0, gap.i1)]

    def _shown_whole(self, gap: Gap, filled: list[int]) -> bool:
        """True where the snippet shows the definition around the gap from head to end without a marker."""
        inner = filled[0] if filled else gap.i2
        head = self._sheet.sl.head[inner] if inner < len(self._sheet.sl.head) else -1
        while head >= 0 and not is_function(self._sheet.sl, head):
            head = self._sheet.sl.head[head]
        if head < 0:
            return False
        end = self._sheet.sl.end[head]
        return not any(head < marker.before <= end for marker in self._sheet.s.markers)

    def _doubt_loss(self, gap: Gap, message: str, kind: DoubtKind = "unexplained_deletion") -> None:
        shown, gone = self._sheet.range(gap), LineRange(gap.j1 + 1, gap.j2)
        new = any(self._sheet.sl.keys[gap.i1 + 1 : gap.i2])
        self.doubts.append(
            Doubt(
                kind,
                message + ", and nothing says that they should",
                "put a marker where original lines are to stay, or a note such as `removed: NAME` where they are to go",
                shown,
                (gone,),
                losing(kind, shown, gone, new, is_closed(gap)),
            )
        )

    def _solid(self, gap: Gap) -> int:
        """How sure the anchors of a gap are: 2 where each side has two lines in a row or a unique line, 1, 0."""
        return sum(self._firm(i, step) for i, step in ((gap.i1, -1), (gap.i2, 1)))

    def _is_wrapped(self, i: int) -> bool:
        """True where anchor i was moved into a block that the snippet begins: it may as well be a new line there."""
        sheet = self._sheet
        if not 0 <= i < len(sheet.match) or not sheet.shifts.is_moved(i):
            return False
        head = sheet.sl.head[i]
        return head >= 0 and sheet.match[head] < 0

    def _firm(self, i: int, step: int) -> bool:
        """True where an anchor, or a match right behind it, can't be another line: it occurs once, it closes what a
        matched head opened, or it is the file's first or last line as it is the snippet's."""
        if not 0 <= i < len(self._sheet.match):
            return True
        last = -1
        while 0 <= i < len(self._sheet.match) and (self._sheet.match[i] >= 0 or not self._sheet.sl.keys[i]):
            if key := self._sheet.sl.keys[i]:
                j = last = self._sheet.match[i]
                if (
                    key == self._sheet.o.keys[j]
                    and word_count(key)
                    and self._sheet.o.count[key] == self._sheet.sl.count[key] == 1
                ):
                    return True
                begun = self._sheet.sl.opener[i]
                if begun >= 0 and self._sheet.match[begun] >= 0 and self._sheet.match[begun] == self._sheet.o.opener[j]:
                    return True
            i += step
        return not 0 <= i < len(self._sheet.match) and last == self._sheet.o.filled[-1 if step > 0 else 0]
