"""Real files in odd forms, changes to them, and the changes cut into lazy snippets by rule.

Everything is drawn from a `random.Random`, so that hypothesis and the fuzzers draw from the same source.
"""

from __future__ import annotations

import functools
import re
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.errors import DeadlineExceeded
from fastapply.merge.language import detect
from fastapply.merge.text import split_lines, without_ending
from fastapply.merge.tree import encode, error_count, parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

ROOT = Path(__file__).parents[2]
LONGEST_PARSE = 2.0  # seconds for the grammar over one generated file
LARGEST = 24_000  # bytes of a file that takes part

BOM = "\ufeff"
WORDINGS = (
    "... existing code ...",
    "... rest of the function unchanged ...",
    "… same as before …",
    "... other methods ...",
    "... keep existing code ...",
    "...",
    "... (unchanged)",
    "existing code here",
    "rest of the file remains the same",
    "... imports ...",
)
COMMENTS = ("// {}", "# {}", "/* {} */", "<!-- {} -->", "{{/* {} */}}", "-- {}", "; {}", "# [{}]")
ODDITIES = ("\f", "\u2028", "\u2029", "\x85", "\x0b", "\x1c", "\u00a0", "  ", "\t", " \t ")
ENDINGS = (("\n",), ("\r\n",), ("\r",), ("\n", "\r\n"), ("\r\n", "\n", "\r"))
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"\b[A-Za-z_]\w{2,}\b")


@functools.cache
def real_files() -> tuple[Path, ...]:
    """This project's sources, the originals of the golden cases and the smaller files of the standard library."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    found = [
        *sorted((ROOT / "fastapply").rglob("*.py")),
        *sorted((ROOT / "tests" / "golden").glob("*/*/before.*")) * 4,
        *sorted(
            path for folder in (".", "json", "asyncio", "email", "xml/dom") for path in (stdlib / folder).glob("*.py")
        ),
    ]
    return tuple(path for path in found if 0 < path.stat().st_size <= LARGEST)


@functools.lru_cache(maxsize=256)
def read(path: Path) -> str:
    """The text of a file to the byte; Latin-1 where it is not UTF-8."""
    data = path.read_bytes()
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


@dataclass(frozen=True)
class Form:
    """How the bytes of a file differ from the plain form: endings in turn, BOM, final newline, tabs, odd characters."""

    endings: tuple[str, ...] = ("\n",)
    bom: bool = False
    final_newline: bool = True
    tabs: bool = False
    odd: tuple[tuple[float, str], ...] = ()

    def write(self, lines: Sequence[str]) -> str:
        """`lines` (without endings) in this form."""
        lines = list(lines)
        for where, what in self.odd:
            k = int(where * len(lines))
            if k < len(lines):
                lines[k] += what
        if self.tabs:
            lines = [_tabbed(line) for line in lines]
        text = "".join(line + self.endings[k % len(self.endings)] for k, line in enumerate(lines))
        if not self.final_newline and lines and lines[-1]:
            text = text.removesuffix(self.endings[(len(lines) - 1) % len(self.endings)])
        return BOM + text if self.bom else text


PLAIN = Form()


def _tabbed(line: str) -> str:
    indent = len(line) - len(line.lstrip(" "))
    return "\t" * (indent // 4) + " " * (indent % 4) + line[indent:]


def draw_form(rng: Random) -> Form:
    """Any form; the plain one now and then."""
    if not rng.randrange(5):
        return PLAIN
    odd = tuple((rng.random(), rng.choice(ODDITIES)) for _ in range(rng.randrange(4)))
    return Form(rng.choice(ENDINGS), not rng.randrange(4), bool(rng.randrange(3)), not rng.randrange(4), odd)


def draw_file(rng: Random) -> tuple[str, list[str]]:
    """The name and the lines (without endings) of a real file."""
    path = rng.choice(real_files())
    lines = [without_ending(line) for line in split_lines(read(path).removeprefix(BOM))]
    return path.name, lines


@dataclass(frozen=True)
class Hunk:
    """Lines `start` up to `end` become `new`."""

    start: int
    end: int
    new: tuple[str, ...]


def draw_hunks(rng: Random, lines: Sequence[str]) -> list[Hunk]:
    """One to three changes, in order and apart."""
    hunks: list[Hunk] = []
    for at in sorted(rng.randrange(len(lines)) for _ in range(rng.choice((1, 1, 2, 3)))):
        if hunks and at < hunks[-1].end + 8:
            continue
        hunks.append(_draw_hunk(rng, lines, at))
    return hunks


def _draw_hunk(rng: Random, lines: Sequence[str], at: int) -> Hunk:
    kind = rng.choice(("replace", "insert", "delete", "rename"))
    end = min(len(lines), at + rng.choice((1, 1, 2, 3)))
    if kind == "delete":
        return Hunk(at, end, ())
    if kind == "insert":
        source = rng.randrange(len(lines))
        new = [renamed(rng, line) for line in lines[source : source + rng.choice((1, 2, 4))]]
        return Hunk(at, at, tuple(new))
    if kind == "replace":
        return Hunk(
            at, end, tuple(_DIGITS.sub(lambda found: found[0] + "7", renamed(rng, line)) for line in lines[at:end])
        )
    return Hunk(at, end, tuple(renamed(rng, line) for line in lines[at:end]))


def renamed(rng: Random, line: str) -> str:
    """`line` with one of its identifiers changed; unchanged where it has none."""
    words = list(_WORD.finditer(line))
    if not words:
        return line
    word = rng.choice(words)
    return f"{line[: word.start()]}{word[0]}_{rng.randrange(1000)}{line[word.end() :]}"


def changed(lines: Sequence[str], hunks: Sequence[Hunk]) -> list[str]:
    """`lines` after `hunks`."""
    result, at = [], 0
    for hunk in hunks:
        result += [*lines[at : hunk.start], *hunk.new]
        at = hunk.end
    return [*result, *lines[at:]]


@dataclass(frozen=True)
class Case:
    """A file, a lazy snippet that changes it, and what a person would make of the two.

    `shown` are the snippet's lines of code and `markers` its markers, stripped; `style` names how it was cut.
    """

    name: str
    original: str
    snippet: str
    intended: tuple[str, ...]
    shown: tuple[str, ...]
    markers: frozenset[str]
    style: str


def draw_marker(rng: Random, indent: str = "") -> str:
    """A marker in some wording and comment syntax."""
    if not rng.randrange(12):
        return indent + "..."
    return indent + rng.choice(COMMENTS).format(rng.choice(WORDINGS))


def draw_case(rng: Random, form: Form | None = None) -> Case:
    """A real file in some form, changed, and the change as a lazy snippet."""
    name, lines = draw_file(rng)
    form = draw_form(rng) if form is None else form
    hunks = draw_hunks(rng, lines)
    for _ in range(4):  # most changes ought to be ones that a person could make
        if errors_in(name, changed(lines, hunks)) <= errors_in(name, lines):
            break
        hunks = draw_hunks(rng, lines)
    return cut(rng, name, lines, hunks, form)


def errors_in(name: str, lines: Sequence[str]) -> int:
    """Syntax errors of `lines`; 0 where there is no grammar, one a line where it takes too long over them."""
    try:
        tree = parse(encode("\n".join(lines)), detect(name, None), limit_s=LONGEST_PARSE)
    except DeadlineExceeded:
        return len(lines)
    return error_count(tree) if tree else 0


def cut(rng: Random, name: str, lines: list[str], hunks: Sequence[Hunk], form: Form) -> Case:
    """The snippet that shows `hunks` of `lines` in one of the habits of coding models."""
    style = rng.choice(("hunks", "hunks", "hunks", "whole", "dedented", "signed", "no ends"))
    new = changed(lines, hunks)
    if style == "whole":
        rows, markers = list(new), set[str]()
    else:
        rows, markers = _cut_hunks(rng, lines, hunks, style)
    shown = tuple(row.strip() for row in rows if row.strip() and row.strip() not in markers)
    if style == "dedented":
        rows = _dedented(rows)
    if style == "signed":
        shown = tuple(
            row[1:].strip() for row in rows if row[:1] != "-" and row[1:].strip() and row.strip() not in markers
        )
    if not rng.randrange(6):
        rows, style = ["```", *rows, "```"], style + ", fenced"
    ending = rng.choice(("\n", "\n", "\n", "\r\n"))
    snippet = ending.join(rows) + rng.choice(("", ending))
    return Case(name, form.write(lines), snippet, tuple(new), shown, frozenset(markers), style)


def _cut_hunks(rng: Random, lines: Sequence[str], hunks: Sequence[Hunk], style: str) -> tuple[list[str], set[str]]:
    """Each hunk with some context, markers between them and, more often than not, at the ends."""
    marker = draw_marker(rng)
    rows: list[str] = []
    markers = set[str]()
    at = 0
    sign = {"old": "-", "new": "+", "same": " "} if style == "signed" else {"old": "", "new": "", "same": ""}
    for hunk in hunks:
        start, end = max(at, hunk.start - rng.randrange(1, 5)), min(len(lines), hunk.end + rng.randrange(1, 5))
        if start > at and (rows or style != "no ends") and (rows or rng.randrange(4)):
            indent = re.match(r"[ \t]*", lines[start])
            marker = draw_marker(rng) if not rng.randrange(3) else marker
            rows.append((indent[0] if indent and rng.randrange(2) else "") + marker.strip())
            markers.add(marker.strip())
        rows += [sign["same"] + line for line in lines[start : hunk.start]]
        if style == "signed":
            rows += ["-" + line for line in lines[hunk.start : hunk.end]]
        rows += [sign["new"] + line for line in hunk.new]
        rows += [sign["same"] + line for line in lines[hunk.end : end]]
        at = end
    if at < len(lines) and style != "no ends" and rng.randrange(4):
        rows.append(marker.strip())
        markers.add(marker.strip())
    return rows, markers


def _dedented(rows: list[str]) -> list[str]:
    depths = [len(row) - len(row.lstrip(" ")) for row in rows if row.strip()]
    off = min(depths, default=0)
    return [row[off:] if row.strip() else "" for row in rows]
