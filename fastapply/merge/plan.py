"""From an alignment to edits: what happens in each gap between two anchors, and what can't be decided."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from itertools import pairwise

from fastapply.merge.choices import inserts
from fastapply.merge.deadline import Deadline
from fastapply.merge.evidence import leaders_above
from fastapply.merge.layout import words
from fastapply.merge.losses import Losses
from fastapply.merge.places import Places
from fastapply.merge.replaced import Replaced
from fastapply.merge.sheet import Gap, Sheet, is_closed
from fastapply.merge.signature import bare_name
from fastapply.merge.values import Choice, Doubt, DoubtKind, LineEdit, LineRange


class Plan:
    """Collects edits and doubts while walking over the gaps of one chain."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.o, self.s, self.sl, self.match = sheet.o, sheet.s, sheet.sl, sheet.match
        self._losses, self._replaced, self._places = Losses(sheet), Replaced(sheet), Places(sheet)
        self.edits: list[LineEdit] = []
        self.doubts: list[Doubt] = []

    @property
    def lost(self) -> int:
        """Original lines that vanish with nothing in their place and no explanation."""
        return self._losses.lost

    # ---- walking

    def run(self, limit: Deadline | None = None) -> None:
        """Fill `edits` and `doubts`. Raises `DeadlineExceeded` where there is a limit and it is reached."""
        anchors = [i for i in self.sl.filled if self.match[i] >= 0]
        for i in anchors:
            self._anchor(i)
        befores = [marker.before for marker in self.s.markers]
        bounds = [-1, *anchors, len(self.sl.keys)]
        for i1, i2 in pairwise(bounds):
            if limit is not None:
                limit.check()
            j1 = self.match[i1] if i1 >= 0 else -1
            j2 = self.match[i2] if i2 < len(self.sl.keys) else len(self.o.keys)
            markers = tuple(self.s.markers[bisect_right(befores, i1) : bisect_right(befores, i2)])
            self._gap(Gap(i1, i2, j1, j2, markers, i1 < 0, i2 == len(self.sl.keys)))
        self._losses.judge()
        self.doubts += self._losses.doubts

    def _anchor(self, i: int) -> None:
        """An anchor whose text or depth changed is rewritten; any other keeps the original's bytes."""
        j = self.match[i]
        if self.s.signs[i] == "-":
            self.edits.append(LineEdit(j, j + 1, ()))
        elif self.sl.keys[i] != self.o.keys[j] or self.sheet.shifts.is_moved(i) or self._inner_blanks_differ(i, j):
            self._emit(j, j + 1, [i])

    def _inner_blanks_differ(self, i: int, j: int) -> bool:
        return self.sl.lines[i].strip() != self.o.lines[j].strip()

    def _emit(self, start: int, end: int, lines: list[int]) -> None:
        """Original lines start..end become the given snippet lines."""
        texts = tuple(self.sheet.shifts.place(i) for i in lines)
        self.edits.append(LineEdit(start, end, texts, tuple(self.s.numbers[i] for i in lines)))

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
        before = len(self.edits)
        if any(self.sl.keys[i] for i in tail):
            high = self._tail_run(gap, tail, low, last)
        behind = self.edits[before:]
        del self.edits[before:]
        for k, run in enumerate(middle):
            if any(self.sl.keys[i] for i in run):
                low = self._floating(gap, run, low, high, k, len(middle))
        self.edits += behind  # edits of one place stand in the order of the snippet

    def _remove_named(self, gap: Gap) -> None:
        """Delete the declarations of a gap that a removal note in it names, though a marker stands for the rest."""
        for removal in self.s.removals:
            if not gap.i1 < removal.before <= gap.i2:
                continue
            end = gap.j1 + 1
            for j in sorted(j for name in removal.names for j in self._called.get(name, ())):
                if not end <= j < gap.j2:
                    continue
                start, end = max(gap.j1 + 1, leaders_above(self.o, j)), min(gap.j2, self.o.end[j] + 1)
                if start > 0 and not self.o.keys[start - 1]:
                    start = self.o.filled_above(start) + 1
                elif end < gap.j2:
                    end += self.sheet.blanks(end, gap.j2)
                self.edits.append(LineEdit(start, end, ()))

    @cached_property
    def _called(self) -> dict[str, list[int]]:
        """The heads of the original's definitions by their bare names."""
        called: dict[str, list[int]] = {}
        for name, heads in self.o.definition_heads().items():
            called.setdefault(bare_name(name), []).extend(heads)
        return called

    def _starts_file(self, gap: Gap, filled: list[int]) -> bool:
        """True where a snippet without a leading marker begins where the file begins, so that its first lines replace
        the file's."""
        above = [j for j in range(gap.j2) if self.o.keys[j]]
        if not above:
            return True
        if all(j in self.sheet.evidence.explained for j in above):
            return True
        if any(r.before <= gap.i2 for r in self.s.removals) and len(above) <= 40:
            return True
        if not filled:
            return False
        if self._replaced.are_anew(filled, above):
            return True
        imports = [j for j in above if (self.o.name(j) or ("",))[0] == "import"]
        if not imports or len(imports) < len(above) or (self.sl.name(filled[0]) or ("",))[0] != "import":
            return False
        shown = words(" ".join(self.sl.keys[i] for i in filled))
        said = sum(bool(shown.intersection(re.findall(r"\w+", self.o.keys[j])[-1:])) for j in imports)
        return said * 2.5 >= len(imports)

    def _closed(self, gap: Gap, shown: list[int], filled: list[int]) -> None:
        """No marker between two anchors: the snippet shows all that is to stand there."""
        start, end = gap.j1 + 1, gap.j2
        if gap.open_start:
            start = min(self.o.filled[0], end)
            shown = [i for i in shown if not filled or i >= filled[0]]
        lost = [j for j in range(start, end) if self.o.keys[j]]
        if lost and self._kept(gap, shown, start, end):
            return
        if lost:
            self._losses.add(gap, lost, filled)
        if not lost and not filled and len(shown) == end - start:
            return
        while shown and start < end and not self.sl.keys[shown[0]] and not self.o.keys[start]:
            shown, start = shown[1:], start + 1
        while shown and start < end and not self.sl.keys[shown[-1]] and not self.o.keys[end - 1]:
            shown, end = shown[:-1], end - 1
        self._emit(start, end, shown)

    def _kept(self, gap: Gap, shown: list[int], start: int, end: int) -> bool:
        """True where it was chosen that the original lines of a closed gap stay, below or above the lines shown."""
        choices, around = self.sheet.choices, self.sheet.range(gap)
        if not is_closed(gap):
            return False
        place = choices.place_of(around, start, end)
        if place is not None:
            self._emit(place, place, shown)
        return place is not None or choices.takes("keep", around, LineRange(start, end))

    # ---- runs beside a marker

    def _head_run(self, gap: Gap, run: list[int], first: int, last: int, cuts: int) -> int:
        """New text right after an anchor, a marker behind it. Returns the first original line that the marker keeps."""
        lead, body, trail = self.sheet.strip(run)
        if self.s.signed:  # only what bears the sign `-` goes
            self._emit(first, first, lead + body + ([] if self.sheet.blanks(first, last) else trail))
            return first
        new, consumed = self._until_shown(body, first, last), first
        if len(new) == len(body):
            consumed = self._consumed_below(gap, run, first, last)
            new = self._until_shown(body, consumed, last)
        if not new and consumed == first:
            return first
        if len(new) < len(body):
            body, trail = self.sheet.strip(new)[1:] if new else ([], [])
        if consumed > first:
            lost = [j for j in range(first, consumed) if self.o.keys[j]]
            self._losses.add(gap, lost, body)
            start = first
            new = lead + body
            while new and start < consumed and not self.sl.keys[new[0]] and not self.o.keys[start]:
                new, start = new[1:], start + 1
            self._emit(start, consumed, new)
            return consumed
        if self._replaced.may_be_reworded(gap, body, first, last):
            below = next(j for j in range(first, last) if self.o.keys[j])
            old = LineRange(below, below + 1)
            message = "a line of text may be a new version of the next one, or be new beside it"
            if self._stands_for(old, first, message, "show the line behind it too, or none of its wording", body):
                self._emit(below, old.end, body)
                return old.end
        body, leaders = self._replaced.for_below(lead, body, trail, first, last)
        at = first + self.sheet.blanks(first, last)
        # beside kept text the original's blank lines count, unless it has none there
        if body:
            self._emit(first, first, lead + body + ([] if at > first else trail))
        if leaders and [self.sl.keys[i] for i in leaders] != self.o.keys[at : at + len(leaders)]:
            self._emit(at, at, leaders)
        return at if leaders else first

    def _until_shown(self, body: list[int], first: int, last: int) -> list[int]:
        return body[: self._replaced.shown_below(body, first, last)]

    def _consumed_below(self, gap: Gap, run: list[int], first: int, last: int) -> int:
        """The end of the original lines that a run right after an anchor replaces."""
        _, body, trail = self.sheet.strip(run)
        taken = self._replaced.consumed(
            body, first, self._replaced.limit(body, first, last), forward=True, trail=len(trail)
        )
        end = self._replaced.tail_of_item(gap, body, max(first, taken), last)
        consumed = max(taken, end, self._replaced.wrapped_to_end(gap, body, first, last))
        return consumed if consumed > first else self._replaced.after_dead_end(body, first, last)

    def _tail_run(self, gap: Gap, run: list[int], first: int, last: int) -> int:
        """New text right before an anchor, a marker above it. Returns the end of what the marker keeps."""
        run = run[self._replaced.shown_above(run, first, last) :]
        if not any(self.sl.keys[i] for i in run):
            return last
        lead, body, trail = self.sheet.strip(run)
        taken = (
            last
            if self.s.signed
            else min(
                self._replaced.consumed(body, first, last, forward=False),
                self._replaced.comment_above(gap, body, trail, first, last),
                self._replaced.header_above(gap, trail, first, last),
                self._replaced.decorator_above(gap, body, trail, first, last),
                self._replaced.group_above(body, trail, first, last),
            )
        )
        if taken < last:
            lost = [j for j in range(taken, last) if self.o.keys[j]]
            self._losses.add(gap, lost, body)
            end = last
            new = body + trail
            while new and end > taken and not self.sl.keys[new[-1]] and not self.o.keys[end - 1]:
                new, end = new[:-1], end - 1
            self._emit(taken, end, new)
            return taken
        if self._places.may_head_file(gap, body, first):
            message = "new text at the head of the snippet may stand below the file's first lines, or in their place"
            hint = "show the file's first line, or put a marker where it stays"
            if self._stands_for(LineRange(first, last), last, message, hint, body):
                self._emit(first, last, body + trail)
                return first
        blanks = last - max(first, self.o.filled_above(last) + 1)
        new = body + trail
        if blanks and trail and not lead and self._places.joins(body, last - blanks - 1):
            self._emit(last - blanks, last - blanks, body)
        elif blanks and trail:
            # the original's blank lines stand before the new text, the snippet's after it
            self._emit(last, last, new)
        elif blanks and lead and not trail:
            self._emit(last, last, body)
        elif lead and not blanks:
            self._emit(last, last, lead + new)
        else:
            self._emit(last, last, new)
        return last

    def _stands_for(self, old: LineRange, place: int, message: str, hint: str, body: list[int]) -> bool:
        """True where it was chosen that the run's body stands for the lines `old`. False, and a doubt where it was not
        chosen that it is new, at `place`."""
        shown = self._shown(body)
        new = LineRange(place, place)
        choices = self.sheet.choices
        if choices.takes("replace", shown, old):
            return True
        if not choices.takes("insert", shown, new):
            offered = (
                Choice("undecided_place", "replace", shown, old),
                Choice("undecided_place", "insert", shown, new),
            )
            self.doubts.append(Doubt("undecided_place", message, hint, shown, (old,), offered))
        return False

    def _shown(self, run: list[int]) -> LineRange:
        """The snippet lines, as they came, of a run that is not empty."""
        return LineRange(self.s.numbers[run[0]], self.s.numbers[run[-1]] + 1)

    def _floating(self, gap: Gap, run: list[int], low: int, high: int, k: int, count: int) -> int:
        """New text between two markers (or between a marker and an open end)."""
        lead, body, trail = self.sheet.strip(run)
        shown = self._shown(body)
        if (chosen := self.sheet.choices.place_of(shown, low, high)) is not None:
            self._insert(chosen, lead, body, trail, low, high)
            return chosen
        similar = None if self.s.signed else self._replaced.similar(body, low, high)
        if similar is not None:
            start, end = similar
            lost = [j for j in range(start, end) if self.o.keys[j]]
            self._losses.add(gap, lost, body)
            self._emit(start, end, body)
            return end
        place = self._places.place_for(gap, run, body, low, high, k, count)
        if place is None:
            lonely = all(j < 0 for j in self.match)
            kind: DoubtKind = "no_anchor" if lonely else "undecided_place"
            self.doubts.append(
                Doubt(
                    kind,
                    "nothing in the snippet is in the original, so nothing says where it belongs"
                    if lonely
                    else "new text stands between two markers, and nothing says where between them it belongs",
                    "show the line right before or right after the new text",
                    shown,
                    (LineRange(low, high),),
                    inserts(kind, shown, self.o, low, high),
                )
            )
            place = high
        self._insert(place, lead, body, trail, low, high)
        return place

    def _insert(self, place: int, lead: list[int], body: list[int], trail: list[int], low: int, high: int) -> None:
        above = place - self.o.filled_above(place) - 1
        below = self.sheet.blanks(place, len(self.o.keys))
        at_end = place + below >= len(self.o.keys)
        pre = lead[above:] if place - above > 0 else []
        post: list[int] = []
        if not at_end and not below and self.o.opener[place] < 0:
            post = trail or lead[:above]
        self._emit(place, place, pre + body + post)
