"""Reading a snippet: fences and file names off, markers and notes found, `+`/`-` lines told from code."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from fastapply.merge.deadline import Deadline, paced
from fastapply.merge.layout import TAB_WIDTH, key_of, width_of
from fastapply.merge.markers import LONGEST, comment_body, is_marker, is_note, is_removal_note, names_in, split_trailing
from fastapply.merge.signature import likeness
from fastapply.merge.text import FENCE, bare_lines
from fastapply.merge.values import Note

_UNLIKE_ITEM = re.compile(r"-(?:[^\s-]|\s{4,}\S)")  # no item of a list: a sign before a line, or before indented code
_FENCES = ("```", "~~~")
_FILE_LINE = re.compile(r"^\W*(?:file(?:name|path)?\s*:\s*)?(?P<path>[\w./\\@+\-\[\]()]+\.\w+)\W*$", re.IGNORECASE)
HEAD = 3  # lines of a file in which it may name itself
ALIKE = 0.75  # what the line behind such a name has in common at least with its new version


class Marker(msgspec.Struct, frozen=True):
    """A marker that stands before code line `before` (an index into `Snippet.lines`); `line` is its snippet line."""

    before: int
    line: int
    depth: int
    text: str


class Removal(msgspec.Struct, frozen=True):
    """A note that something is gone, standing before code line `before`; `names` are the identifiers it holds."""

    before: int
    line: int
    names: frozenset[str]


class Snippet(msgspec.Struct, frozen=True):
    """A snippet as the merge reads it.

    lines     the code lines, without endings, blank ones too; markers, notes and removed (`-`) lines are not among them
    numbers   for each, its line in the snippet as it came
    signs     for each, "+" where a diff sign said new, "-" where it said gone, else " "
    markers   in order
    """

    lines: list[str]
    numbers: list[int]
    signs: list[str]
    markers: list[Marker]
    notes: list[Note]
    removals: list[Removal]
    signed: bool

    @property
    def segments(self) -> list[int]:
        """For each code line, how many markers stand before it."""
        result, passed = [], 0
        for k in range(len(self.lines)):
            while passed < len(self.markers) and self.markers[passed].before <= k:
                passed += 1
            result.append(passed)
        return result


def read_snippet(
    text: str,
    original: list[str],
    original_keys: frozenset[str],
    path: str | None = None,
    prose: bool = False,
    limit: Deadline | None = None,
) -> Snippet:
    """Read `text` against the original's lines (without endings) and their keys. `prose`: a language in which `-` and
    `+` open list items. Raises `DeadlineExceeded` where there is a limit and it is reached."""
    raw = bare_lines(text)
    if limit is not None:
        limit.check()
    first, last = _unwrap(raw, original, original_keys, path, prose)
    signed = _is_signed(raw[first:last], original_keys, original, prose)
    snippet = Snippet([], [], [], [], [], [], signed)
    shifted = _either_way(original) if signed else frozenset()
    diff = signed and _all_blanked(raw[first:last], shifted)
    for number in paced(range(first, last), limit):
        _take(snippet, raw, number, original_keys, shifted, diff)
    _settle(snippet, original_keys)
    return _trimmed(snippet)


def _settle(snippet: Snippet, known: frozenset[str]) -> None:
    """Where all that is to go is gone and all that is new is there, the snippet was applied before: read it
    unsigned."""
    gone = [
        key_of(line) for line, sign in zip(snippet.lines, snippet.signs, strict=True) if sign == "-" and line.strip()
    ]
    new = [
        key_of(line) for line, sign in zip(snippet.lines, snippet.signs, strict=True) if sign == "+" and line.strip()
    ]
    if not new or any(key in known for key in gone if key not in new) or not all(key in known for key in new):
        return
    kept = [k for k, sign in enumerate(snippet.signs) if sign != "-"]
    index = {k: at for at, k in enumerate(kept)}
    index[len(snippet.lines)] = len(kept)
    for k in reversed(range(len(snippet.lines))):
        index.setdefault(k, index[k + 1])
    snippet.markers[:] = [Marker(index[m.before], m.line, m.depth, m.text) for m in snippet.markers]
    snippet.removals[:] = [Removal(index[r.before], r.line, r.names) for r in snippet.removals]
    snippet.lines[:] = [snippet.lines[k] for k in kept]
    snippet.numbers[:] = [snippet.numbers[k] for k in kept]
    snippet.signs[:] = [" "] * len(kept)


def _unwrap(
    raw: list[str], original: list[str], known: frozenset[str], path: str | None, prose: bool
) -> tuple[int, int]:
    """The range of lines inside a fence, and below a line that only names the file."""
    first, last = 0, len(raw)
    while first < last and not raw[first].strip():
        first += 1
    while last > first and not raw[last - 1].strip():
        last -= 1
    fences = [k for k in range(first, last) if raw[k].lstrip()[:3] in _FENCES]
    fences = [k for k in fences if len(raw[k]) <= LONGEST and FENCE.match(raw[k])]
    if len(fences) >= 2 and fences[-1] == last - 1 and raw[last - 1].strip().strip("`~") == "":
        opening = fences[0]
        lead = [line for line in raw[first:opening] if line.strip()]
        if (opening == first or (len(lead) <= 3 and not prose)) and (
            not prose or key_of(raw[opening]) not in known or not known
        ):
            first, last = opening + 1, last - 1
    elif len(fences) == 1 and fences[0] == first and not prose:
        first += 1
    named = next((k for k in range(first, last) if raw[k].strip()), None)
    if (
        named is not None
        and raw[named].rstrip() not in map(str.rstrip, original)
        and _names_file(raw[named], path)
        and not _heads_file(raw[named:last], original)
        and raw[named] not in raw[named + 1 : last]  # what stands twice is text, not what the text is wrapped in
    ):
        first = named + 1
    while first < last and not raw[first].strip():
        first += 1
    return first, last


def _names_file(line: str, path: str | None) -> bool:
    match = _FILE_LINE.match(comment_body(line) or line) if len(line) <= LONGEST else None
    if not match:
        return False
    named = match["path"].replace("\\", "/").lstrip("./")
    return path is not None and (
        path.replace("\\", "/").endswith(named) or named.endswith(path.replace("\\", "/").lstrip("./"))
    )


def _heads_file(lines: list[str], original: list[str]) -> bool:
    """True where the original begins with a comment that names a file, too, and `lines` go on behind theirs as it does:
    then the first of them is a new version of that comment, and no wrapping."""
    shown = next((key for line in lines[1:] if (key := key_of(line))), "")
    for k, head in enumerate(original[:HEAD]):
        body = comment_body(head)
        if body and _FILE_LINE.match(body):
            behind = next((key for line in original[k + 1 :] if (key := key_of(line))), "")
            if behind == shown or likeness(behind, shown) >= ALIKE:
                return True
    return False


def _is_signed(lines: list[str], known: frozenset[str], original: list[str], prose: bool) -> bool:
    """True where `+` and `-` in the first column are diff signs."""
    votes = 0
    if prose and any(line[:1] == "+" for line in lines):
        exact = {line.rstrip() for line in original}
        prose = not any(_is_blanked(line, exact) for line in lines)
    listed = _listed(known)
    for line in lines:
        if line[:1] not in ("+", "-") or line.startswith(("+++", "---")):
            continue
        whole, rest = key_of(line), key_of(line[1:])
        if whole in known:
            votes -= 2
        elif line[0] == "-":
            votes += 2 if rest in known and rest else int(not line.startswith("--") and (not prose or not listed(line)))
        elif not prose and not re.match(r"\+[+=]|\+\s*\d", line):
            votes += 1
    return votes > 0


def _either_way(original: list[str]) -> frozenset[str]:
    """The lines of the original, those that are indented by tabs by blanks, too: models write either."""
    bare = [line.rstrip() for line in original]
    return frozenset([*bare, *(line.expandtabs(TAB_WIDTH) for line in bare if line.startswith("\t"))])


def _is_blanked(line: str, exact: set[str] | frozenset[str]) -> bool:
    """True for a line of the original (`exact`: all of them) behind the blank that a diff puts before context."""
    bare = line[1:].rstrip()
    return line.startswith(" ") and bare != "" and line.rstrip() not in exact and bare in exact


def _listed(known: frozenset[str]) -> Callable[[str], bool]:
    """Tells where prose may have a list item in a line that begins with `-`: before a blank or a few, and before
    anything in a new file or in one that has such lines."""
    free = not known or any(key[0] == "-" and key[1:2] not in ("", "-", " ") for key in known if key)
    return lambda line: free or not _UNLIKE_ITEM.match(line)


def _all_blanked(lines: list[str], exact: frozenset[str]) -> bool:
    """True where some line needs that blank to be the original's, and none must not have it: then all have it, those
    too that the file also holds one column deeper, as it holds many a brace."""
    bare = [line.rstrip() for line in lines if line.startswith(" ") and line.strip()]
    return any(_is_blanked(line, exact) for line in bare) and all(
        line[1:] in exact or line not in exact for line in bare
    )


def _take(
    snippet: Snippet, raw: list[str], number: int, known: frozenset[str], exact: frozenset[str], diff: bool
) -> None:
    line, sign = raw[number], " "
    if snippet.signed and line[:1] in ("+", "-") and not _is_unsigned(line, known):
        sign, line = line[0], line[1:]
    elif snippet.signed and (_is_blanked(line, exact) or (diff and line[:1] == " " and line[1:].rstrip() in exact)):
        line = line[1:]
    here = len(snippet.lines)
    if sign == " ":
        if is_marker(line, known) and not _is_code_ellipsis(snippet, line, known):
            snippet.markers.append(Marker(here, number, width_of(line), line.strip()))
            return
        key = key_of(line)
        if key and key not in known and is_note(line):
            snippet.notes.append(Note(number, line.strip(), True))
            if is_removal_note(line):
                snippet.removals.append(Removal(here, number, names_in(line)))
            return
        if not key and number and _stands_apart(snippet, number):
            return  # the blank lines above and below a note were one before it was written
        split = split_trailing(line) if key not in known else None
        if split:
            code, after = split
            _add(snippet, code, number, sign)
            snippet.markers.append(Marker(len(snippet.lines), number, width_of(line) + 1, line.strip()))
            if after:
                _add(snippet, line[: len(line) - len(line.lstrip())] + after, number, sign)
            return
    _add(snippet, line, number, sign)


def _stands_apart(snippet: Snippet, number: int) -> bool:
    """True for a blank line right below a note that has a blank line right above it."""
    first = number
    while snippet.notes and any(note.line == first - 1 for note in snippet.notes[-3:]):
        first -= 1
    return (
        first < number
        and bool(snippet.numbers)
        and snippet.numbers[-1] == first - 1
        and not snippet.lines[-1].strip()
        and not (snippet.markers and snippet.markers[-1].line >= first)
    )


def _is_unsigned(line: str, known: frozenset[str]) -> bool:
    """True for a line of a signed snippet whose first `-` or `+` is its own: a known line, a `--` comment, a diff
    header."""
    return (
        key_of(line) in known or line.startswith(("+++ ", "--- ")) or (line.startswith("--") and is_marker(line, known))
    )


def _add(snippet: Snippet, line: str, number: int, sign: str) -> None:
    snippet.lines.append(line)
    snippet.numbers.append(number)
    snippet.signs.append(sign)


def _is_code_ellipsis(snippet: Snippet, line: str, known: frozenset[str]) -> bool:
    """True for a lone `...` that is the body of a new Python definition."""
    if line.strip() != "...":
        return False
    previous = next((text for text in reversed(snippet.lines) if text.strip()), "")
    return previous.rstrip().endswith(":") and key_of(previous) not in known and width_of(line) > width_of(previous)


def _trimmed(snippet: Snippet) -> Snippet:
    """Without the blank lines before the first and after the last code line or marker."""
    lines, numbers, signs = snippet.lines, snippet.numbers, snippet.signs
    last_marker = snippet.markers[-1].before if snippet.markers else 0
    while lines and len(lines) > last_marker and not lines[-1].strip() and signs[-1] == " ":
        lines.pop(), numbers.pop(), signs.pop()
    snippet.removals[:] = [Removal(min(note.before, len(lines)), note.line, note.names) for note in snippet.removals]
    return snippet
