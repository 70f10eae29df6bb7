"""Unified diffs: with or without file headers, with right, wrong or no line numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from fastapply.merge.formats.frame import Numbered, is_document, unframed
from fastapply.merge.formats.index import Index, Level
from fastapply.merge.formats.rows import FilePart, Hunk, Row, is_elision, settled_rows
from fastapply.merge.values import Doubt, LineRange

_NUMBERED = re.compile(r"@@ *-(\d{1,9})(?:,(\d{1,9}))? +\+(\d{1,9})(?:,(\d{1,9}))? *@@(.*)", re.DOTALL)
_BARE = re.compile(r"@@(?:[ \t].*)?", re.DOTALL)
_COMBINED = re.compile(r"@@@+ -\d.*@@@+.*", re.DOTALL)
_PREAMBLE = re.compile(
    r"(?:diff --|diff -\w|index [0-9a-f]{4,}\.\.|(?:new|deleted) file mode |(?:old|new) mode \d|"
    r"(?:dis)?similarity index |(?:rename|copy) (?:from|to) |Index: |={60,}$|Binary files |GIT binary patch).*",
    re.DOTALL,
)
_FILE_STARTS = ("diff --git ", "Index: ")
_UNSUPPORTED = re.compile(
    r"(?:rename from|rename to|Binary files|GIT binary patch|diff --(?:cc|combined)|@@@).*", re.DOTALL
)


def read_unified_diff(lines: Sequence[str], index: Index, path: str | None) -> list[FilePart] | None:
    """The files and hunks of a unified diff given as `lines` (without endings); None where it is not one.

    A diff begins with a hunk header, a `---`/`+++` pair or git's preamble; without a hunk header, every line of its
    body must bear a sign.
    """
    framed = unframed(lines)
    if framed is None or is_document(framed[1], index.lines, path):
        return None
    content = [line for line in framed[0] if line[1]]
    if not content or not _begins(content) or _quotes_original(content, index):
        return None
    parts = list(_files(framed[0], index))
    spans = [hunk.lines for part in parts for hunk in part.hunks]
    signed = any(lines[at].startswith(("+", "-")) for span in spans for at in range(span.start, span.end))
    return parts if signed or any(part.doubts for part in parts) else None


def _begins(content: Sequence[Numbered]) -> bool:
    first = content[0][1]
    if is_hunk_header(first) or _COMBINED.fullmatch(first):
        return True
    if _is_file_header(content, 0):
        headed = any(is_hunk_header(text) for _, text in content)
        return headed or all(text[:1] in (" ", "-", "+", "\\", "") for _, text in content)
    if not _PREAMBLE.fullmatch(first):
        return False
    return first.startswith("diff --git ") or any(
        is_hunk_header(text) or _is_file_header(content, at) for at, (_, text) in enumerate(content)
    )


def _quotes_original(content: Sequence[Numbered], index: Index) -> bool:
    """True where the original holds the diff's own header lines: then the file is a diff, and this is text of it."""
    headers = [
        text
        for at, (_, text) in enumerate(content)
        if is_hunk_header(text) or _is_file_header(content, at) or text.startswith("diff --git ")
    ]
    return any(index.where(text, Level.TRAILING) for text in headers)


def is_hunk_header(text: str) -> bool:
    """True for `@@ -a,b +c,d @@`, `@@`, `@@ ... @@` and `@@ some line`."""
    if not text.startswith("@@"):
        return False
    return _NUMBERED.fullmatch(text) is not None or _BARE.fullmatch(text) is not None


def _is_file_header(content: Sequence[Numbered], at: int) -> bool:
    if at + 1 >= len(content):
        return False
    return content[at][1].startswith("--- ") and content[at + 1][1].startswith("+++ ")


def _files(content: Sequence[Numbered], index: Index) -> Iterator[FilePart]:
    at = 0
    while at < len(content):
        start = at
        while at < len(content) and not is_hunk_header(content[at][1]) and not _is_file_header(content, at):
            if at > start and content[at][1].startswith(_FILE_STARTS):
                break
            at += 1
        preamble = [text for _, text in content[start:at]]
        name, creates, at = _file_header(content, at, preamble)
        hunks: list[Hunk] = []
        while at < len(content) and not _ends_file(content, at):
            end = _hunk_end(content, at)
            if end - at > 1 or not is_hunk_header(content[at][1]):
                hunks += split_at_elisions(read_hunk(content[at:end]), index)
            at = end
        yield _part(name, creates, hunks, preamble, (start, at), content)


def _file_header(content: Sequence[Numbered], at: int, preamble: Sequence[str]) -> tuple[str | None, bool, int]:
    """The file's name, whether it is new, and where its hunks begin."""
    git = next((text for text in preamble if text.startswith("diff --git ")), "")
    name: str | None = git.rpartition(" ")[2] or None
    creates = any(text.startswith("new file mode") for text in preamble)
    if not _is_file_header(content, at):
        return name, creates, at
    old, new = (content[at + k][1][4:].partition("\t")[0].strip() for k in (0, 1))
    return old if new == "/dev/null" else new, creates or old == "/dev/null", at + 2


def _part(
    name: str | None,
    creates: bool,
    hunks: list[Hunk],
    preamble: list[str],
    span: tuple[int, int],
    content: Sequence[Numbered],
) -> FilePart:
    lines = LineRange(content[span[0]][0], content[span[1] - 1][0] + 1)
    texts = [*preamble, *(text for _, text in content[span[0] + len(preamble) : span[0] + len(preamble) + 2])]
    problem = ""
    if any(text.startswith("deleted file mode") or text.split()[:2] == ["+++", "/dev/null"] for text in texts):
        problem = "the diff deletes the file"
    elif any(_UNSUPPORTED.fullmatch(text) for text in texts):
        problem = "the diff renames the file, is binary or compares more than two versions"
    elif not hunks and preamble:
        problem = "the diff holds no hunk"
    doubts = (Doubt("format_mismatch", problem, "", lines),) if problem else ()
    return FilePart(name, () if problem else tuple(hunks), creates, doubts)


def _ends_file(content: Sequence[Numbered], at: int) -> bool:
    text = content[at][1]
    return text.startswith(_FILE_STARTS) or _is_file_header(content, at)


def _hunk_end(content: Sequence[Numbered], start: int) -> int:
    """Where the hunk that begins at `start` ends: at the next header, unless its counts say that this is its text."""
    header = _NUMBERED.fullmatch(content[start][1])
    old, new = (int(header[2] or 1), int(header[4] or 1)) if header else (0, 0)
    at = start
    while at < len(content):
        text = content[at][1]
        if at > start:
            if is_hunk_header(text) or text.startswith(_FILE_STARTS):
                break
            if _is_file_header(content, at) and not _is_text(content, at, old, new):
                break
        if at > start or header is None:
            old -= text[:1] not in ("+", "\\")
            new -= text[:1] not in ("-", "\\")
        at += 1
    return at


def _is_text(content: Sequence[Numbered], at: int, old: int, new: int) -> bool:
    """True where `--- x`, `+++ y` at `at` must be a removed and an added line: `old` and `new` lines are still due."""
    if old < 1 or new < 1:
        return False
    last = at + 2 >= len(content) or is_hunk_header(content[at + 2][1])
    return not last or old == new == 1


def read_hunk(content: Sequence[Numbered]) -> Hunk:
    """The hunk that `content` holds, its header first if it has one."""
    first = content[0][1]
    header = _NUMBERED.fullmatch(first)
    body = content[1:] if is_hunk_header(first) else content
    rows = [row for row in (_row(*line) for line in body) if row is not None]
    old_count, new_count = (int(header[2] or 1), int(header[4] or 1)) if header else (0, 0)
    raw = {number for number, text in body if not text}
    while rows and rows[-1].line in raw and sum(row.sign != "+" for row in rows) > old_count:
        rows.pop()
    counts = sum(row.sign != "+" for row in rows), sum(row.sign != "-" for row in rows)
    lines = LineRange(content[0][0], content[-1][0] + 1)
    heads = _heads(header[5] if header else first[2:]) if is_hunk_header(first) else ()
    hunk = Hunk(settled_rows(rows), lines, heads=heads)
    if header is None:
        return hunk
    stated, stated_new = (int(start) - (count > 0) for start, count in ((header[1], old_count), (header[3], new_count)))
    if min(stated, stated_new) < 0:
        return hunk
    counted = counts == (old_count, new_count)
    return msgspec.structs.replace(hunk, stated=stated, stated_new=stated_new, counted=counted)


def _heads(text: str) -> tuple[str, ...]:
    head = text.strip().removesuffix("@@").strip()
    return () if not any(map(str.isalpha, head)) or head.startswith(("...", "…")) else (head,)


def _row(number: int, text: str) -> Row | None:
    """One line of a hunk's body; None for `\\ No newline at end of file`."""
    sign = text[:1]
    if sign == "-":
        return Row("-", text[1:], number)
    if sign == "+":
        return Row("+", text[1:], number)
    if sign == " ":
        return Row(" ", text[1:], number, text)
    return None if text.startswith("\\ ") else Row(" ", text, number)


def split_at_elisions(hunk: Hunk, index: Index) -> list[Hunk]:
    """`hunk` cut where a kept line stands for others (`...`) and is no line of the original."""
    cuts = [
        k
        for k, row in enumerate(hunk.rows)
        if row.sign == " " and is_elision(row.text) and not index.where(row.text, Level.INDENT)
    ]
    if not cuts:
        return [hunk]
    pieces = []
    for start, end in zip([-1, *cuts], [*cuts, len(hunk.rows)], strict=True):
        rows = hunk.rows[start + 1 : end]
        if any(row.sign != " " for row in rows):
            stated = hunk.stated if start < 0 else None
            at_end = hunk.at_end and end == len(hunk.rows)
            lines = LineRange(rows[0].line, rows[-1].line + 1)
            pieces.append(Hunk(rows, lines, stated, None, False, hunk.heads, hunk.after_heads, at_end))
    return pieces
