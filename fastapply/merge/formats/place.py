"""Where each hunk belongs in the original: one place, none because it is applied already, or a doubt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fastapply.merge.choices import Choices
from fastapply.merge.formats.fuzzy import Fit, clear_winner, fuzzy_fits
from fastapply.merge.formats.index import Index, Level, TooAlike, key_of
from fastapply.merge.formats.outcome import SEEMS_APPLIED, Applied, Found, Outcome, Placed, Search, doubt_about
from fastapply.merge.formats.rows import BLANKS, Hunk, Row, is_comment_elision, quoted
from fastapply.merge.formats.shift import NO_SHIFT, Shift, shift_between
from fastapply.merge.formats.together import seen_together
from fastapply.merge.formats.trust import Trust, nearest, trusts
from fastapply.merge.values import Doubt


def place_hunks(hunks: Sequence[Hunk], index: Index, choices: Choices) -> tuple[list[Placed], list[Doubt]]:
    """The place of every hunk in `index`, or the one chosen for it, and a doubt for every hunk that has no certain one.

    A hunk that changes nothing, or whose new side stands where its old side was, is in neither list.
    """
    hunks = [hunk for hunk in hunks if hunk.changes]
    searches = [_search(hunk, index) for hunk in hunks]
    outcomes: list[tuple[Hunk, Outcome]] = []
    for hunk, search, trust in zip(hunks, searches, trusts(hunks, searches), strict=True):
        try:
            outcomes.append((hunk, _decide(hunk, search, trust, index)))
        except TooAlike:
            outcomes.append((hunk, _too_alike(hunk)))
    outcomes = [_chosen_by_hand(*one, index, choices) for one in seen_together(outcomes, index)]
    placed = [outcome for _, outcome in outcomes if isinstance(outcome, Placed)]
    return placed, [outcome for _, outcome in outcomes if isinstance(outcome, Doubt)]


def _chosen_by_hand(hunk: Hunk, outcome: Outcome, index: Index, choices: Choices) -> tuple[Hunk, Outcome]:
    """The outcome, or the place that was chosen where it is a doubt: one where the old side was found."""
    if not isinstance(outcome, Doubt) or choices.open([outcome]):
        return hunk, outcome
    chosen = next(place for place in outcome.candidates if choices.takes("match", hunk.lines, place))
    search = _search(hunk, index)
    found = [old for old in search.olds if (old.start, old.end) == (chosen.start, chosen.end)] if search else []
    if found:
        return hunk, _placed_at(hunk, found[0], True)
    fits = [fit for fit in fuzzy_fits(hunk, index) if (fit.start, fit.end) == (chosen.start, chosen.end)]
    return hunk, Placed(hunk, fits[0].at, fits[0].shift, fits[0].start) if fits else outcome


def _search(hunk: Hunk, index: Index) -> Search | None:
    """The strictest level at which a side of `hunk` is found; None where the search had to be given up."""
    try:
        for level in Level:
            olds = _find(hunk.old, hunk, index, level)
            news = _find(hunk.new, hunk, index, level)
            if olds or news:
                return Search(level, olds, news)
    except TooAlike:
        return None
    return Search(Level.INDENT, [], [])


def _find(side: Sequence[Row], hunk: Hunk, index: Index, level: Level) -> list[Found]:
    if not side:
        return []
    found = []
    for start in index.places([row.text for row in side], level):
        shift: Shift | None = NO_SHIFT
        if level is Level.INDENT:
            index.spend(4 * len(side))
            lines = index.lines[start : start + len(side)]
            shift = shift_between(list(zip(side, lines, strict=True)), hunk.added)
        if shift is not None:
            found.append(Found(start, start + len(side), shift))
    return found


def _decide(hunk: Hunk, search: Search | None, trust: Trust, index: Index) -> Outcome:
    marker = next((row for row in hunk.added if is_comment_elision(row.text)), None)
    if marker and not index.where(marker.text, Level.INDENT):
        return doubt_about(hunk, "marker_left", f"the added line {quoted(marker.text)} stands for other lines")
    if search is None:
        return _too_alike(hunk)
    if not hunk.old:
        return _without_context(hunk, trust, index)
    if not search.olds and search.news:
        return _maybe_applied(hunk, search, trust, index)
    if not search.olds:
        return _fuzzy(hunk, index)
    if hunk.at_end and _at_end(search.news, index) and _tells(hunk):
        return Applied(tuple(_at_end(search.news, index)))
    chosen = _chosen(hunk, search.olds, trust, index)
    if isinstance(chosen, Doubt):
        return chosen
    return _against_others(hunk, chosen, search, trust, index)


def _chosen(hunk: Hunk, olds: list[Found], trust: Trust, index: Index) -> Found | Doubt:
    """The one of `olds` (not empty) that heads, end of file or line numbers point at."""
    if hunk.at_end:
        last = _at_end(olds, index)
        return (
            last[-1] if last else doubt_about(hunk, "ambiguous_anchor", "the hunk is not at the end of the file", olds)
        )
    if hunk.after_heads and any(all(old.end <= head for old in olds) for head in _first_heads(hunk, index)):
        return doubt_about(hunk, "ambiguous_anchor", f"the hunk's lines stand above {quoted(hunk.heads[0])} only", olds)
    if len(olds) > 1:
        olds = _below_heads(hunk, olds, index) or olds
    if len(olds) == 1:
        return olds[0]
    named = nearest(olds, trust)
    message = f"the hunk's lines stand in {len(olds)} places"
    return named or doubt_about(hunk, "ambiguous_anchor", message, olds, "Show more lines around the change.")


def _at_end(found: Iterable[Found], index: Index) -> list[Found]:
    """Those of `found` with only blank lines after them."""
    end = len(index)
    while end and not index.lines[end - 1].strip(BLANKS):
        end -= 1
    return [one for one in found if one.end >= end]


def _first_heads(hunk: Hunk, index: Index) -> list[int]:
    return [lines[0] for lines in map(index.heads, hunk.heads) if lines]


def _below_heads(hunk: Hunk, found: list[Found], index: Index) -> list[Found]:
    """Those of `found` that lie in the scope of every head the original has."""
    for lines in [lines for lines in map(index.heads, hunk.heads) if lines]:
        found = [
            one
            for one in found
            if any(one.start <= head < one.end or index.in_scope(head, one.start) for head in lines)
        ]
    return found


def _against_others(hunk: Hunk, old: Found, search: Search, trust: Trust, index: Index) -> Outcome:
    """`old` as the hunk's place, unless the new side is there already, or the hunk would fit elsewhere afterwards."""
    news = search.news
    if hunk.added:
        met = tuple(new for new in news if old.meets(new))
        if met and _tells(hunk):
            return Applied(met)
        if met:
            message = "the lines that the hunk adds stand there already"
            return doubt_about(hunk, "duplicated_line", message, [old, *met])
    elif _recurs(hunk, old, index):
        return doubt_about(hunk, "ambiguous_anchor", "the removed lines repeat each other", search.olds)
    else:
        news = [new for new in news if new.start < old.start or old.end < new.end]
    no_trace = hunk.leaves_no_trace
    numbered = [] if no_trace else [new for new in news if new.start in (trust.expected, trust.expected_new)]
    headed = _below_heads(hunk, news, index) if hunk.heads and _first_heads(hunk, index) else []
    if numbered or (headed and not _below_heads(hunk, [old], index)):
        return doubt_about(hunk, "ambiguous_anchor", SEEMS_APPLIED, [old, *(numbered or headed)])
    if no_trace:
        twins = _twins(hunk, old, search, trust, index)
        if twins:
            message = "the hunk leaves nothing to know its place by, and its lines stand elsewhere too"
            return doubt_about(hunk, "ambiguous_anchor", message, twins, "Show lines around the change.")
    return _placed_at(hunk, old, len(search.olds) > 1)


def _recurs(hunk: Hunk, old: Found, index: Index) -> bool:
    """True where the old side would stand there again once the hunk is applied at `old`, as in `a a a` less one."""
    wanted = [key_of(row.text, Level.INDENT) for row in hunk.old]
    left = [key_of(row.text, Level.INDENT) for row in hunk.new]
    keys, size = index.keys(Level.INDENT), len(wanted)
    above = keys[max(0, old.start - size) : old.start]
    window = [*above, *left, *keys[old.end : old.end + size]]
    for at in range(min(len(above) + len(left), len(window) - size) + 1):
        if window[at] == wanted[0] and window[at + size - 1] == wanted[-1]:
            index.spend(size)
            if window[at : at + size] == wanted:
                return True
    return False


def _twins(hunk: Hunk, old: Found, search: Search, trust: Trust, index: Index) -> list[Found]:
    """`old` and the places where a hunk that leaves no trace may fit when applied again."""
    others = [one for one in search.olds if one != old]
    if trust.exact:
        return [] if old.start == trust.expected else [old, *others]
    if _below_heads(hunk, [old], index) and _first_heads(hunk, index):
        others = []
    for level in list(Level)[search.level + 1 :]:
        others += [one for one in _find(hunk.old, hunk, index, level) if one.start != old.start]
    return [old, *others] if others else []


def _placed_at(hunk: Hunk, old: Found, chosen: bool) -> Placed:
    return Placed(hunk, tuple(range(old.start, old.end)), old.shift, old.start, chosen)


def _tells(hunk: Hunk) -> bool:
    """True where the added lines are long enough, and new enough, that nobody wants them twice in a row."""
    old = {key_of(row.text, Level.INDENT) for row in hunk.old}
    weights = [row.weight for row in hunk.added if key_of(row.text, Level.INDENT) not in old]
    return max(weights, default=0) >= 8 or sum(weights) >= 16


def _maybe_applied(hunk: Hunk, search: Search, trust: Trust, index: Index) -> Outcome:
    """The new side is there and the old one is not, or only with other white space."""
    level, olds = search.level, list[Found]()
    while not olds and level < Level.INDENT:
        level = Level(level + 1)
        olds = _find(hunk.old, hunk, index, level)
    apart = [old for old in olds if not any(old.meets(new) for new in search.news)]
    if hunk.leaves_no_trace:
        chosen = _chosen(hunk, apart, trust, index) if apart else _not_found(hunk, index)
        if isinstance(chosen, Found):
            return _against_others(hunk, chosen, Search(level, apart, []), trust, index)
        return chosen
    if apart:
        return doubt_about(hunk, "ambiguous_anchor", SEEMS_APPLIED, [*apart, *search.news])
    named = any(new.start in (trust.expected, trust.expected_new) for new in search.news)
    if (named or len(search.news) == 1) and sum(row.weight for row in hunk.new) >= 2:
        return Applied(tuple(search.news))
    return _not_found(hunk, index)


def _without_context(hunk: Hunk, trust: Trust, index: Index) -> Outcome:
    """Only added lines: a place is known at the end of the file, in an empty file, and by a sound `-a,0` header."""
    start: int | None = None
    if hunk.at_end or not len(index):
        start = len(index)
    elif hunk.counted and hunk.stated is not None and trust.expected == hunk.stated <= len(index):
        start = hunk.stated
    here = _standing(hunk, start, index)
    if here and _tells(hunk):
        return Applied(tuple(here))
    if here:
        return doubt_about(hunk, "duplicated_line", "the lines that the hunk adds stand there already", here)
    if start is None:
        heads = [Found(head + 1, head + 1, NO_SHIFT) for one in hunk.heads for head in index.heads(one)]
        return doubt_about(
            hunk, "no_anchor", "nothing says where the added lines belong", heads, "Show a line beside them."
        )
    return Placed(hunk, (), NO_SHIFT, start)


def _standing(hunk: Hunk, start: int | None, index: Index) -> list[Found]:
    """Where the added lines of a hunk without old rows stand already: at its place, or at one that its header names."""
    lines = [row.text for row in hunk.added]
    named = {at for at in (start, hunk.stated, hunk.stated_new) if at is not None}
    starts = {at for at in named if hunk.counted or at == start}
    if start is not None:
        starts.add(start - len(lines))
    if lines == index.lines:
        starts.add(0)
    places = [Found(at, at + len(lines), NO_SHIFT) for at in sorted(starts) if at >= 0]
    return [place for place in places if index.lines[place.start : place.end] == lines]


def _fuzzy(hunk: Hunk, index: Index) -> Placed | Doubt:
    if index.names_missing([row.text for row in hunk.removed]):
        return _not_found(hunk, index)
    fits = fuzzy_fits(hunk, index)
    best = clear_winner(fits)
    if best is None:
        return _not_found(hunk, index, fits)
    if _fits_heads(hunk, best, index) and not _stands_already(hunk, best, index):
        return Placed(hunk, best.at, best.shift, best.start)
    near = [Found(best.start, best.end, NO_SHIFT)]
    return doubt_about(
        hunk, "format_mismatch", "the hunk fits only roughly, and other signs speak against the place", near
    )


def _fits_heads(hunk: Hunk, fit: Fit, index: Index) -> bool:
    place = Found(fit.start, fit.end, fit.shift)
    if hunk.at_end and any(line.strip(BLANKS) for line in index.lines[fit.end :]):
        return False
    return not (hunk.after_heads and _first_heads(hunk, index)) or bool(_below_heads(hunk, [place], index))


def _stands_already(hunk: Hunk, fit: Fit, index: Index) -> bool:
    """True where added lines stand beside the place they would go to."""
    window = range(max(0, fit.start - len(hunk.rows)), min(len(index), fit.end + len(hunk.rows)))
    there = {index.keys(Level.INDENT)[line] for line in window}
    old = {key_of(row.text, Level.INDENT) for row in hunk.old}
    added = {key_of(row.text, Level.INDENT) for row in hunk.added}
    return not hunk.removed and added <= there | old


def _not_found(hunk: Hunk, index: Index, fits: Sequence[Fit] = ()) -> Doubt:
    missing = index.names_missing([row.text for row in hunk.removed])
    if missing:
        return doubt_about(hunk, "format_mismatch", f"the line {missing}, to be removed, is not in the original")
    near = [Found(fit.start, fit.end, NO_SHIFT) for fit in fits if fit.is_good]
    missing = index.names_missing([row.text for row in hunk.old])
    if len(near) > 1:
        return doubt_about(hunk, "ambiguous_anchor", f"the hunk fits {len(near)} places about equally well", near)
    if missing:
        return doubt_about(hunk, "format_mismatch", f"the line {missing} is not in the original", near)
    message = "the hunk's lines are in the original, but not together as shown"
    return doubt_about(hunk, "format_mismatch", message, near, "Copy the lines around the change exactly.")


def _too_alike(hunk: Hunk) -> Doubt:
    return doubt_about(hunk, "ambiguous_anchor", "the hunk's lines stand in too many places to tell them apart")
