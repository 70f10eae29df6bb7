"""The layout of a text: for each line its key, depth, enclosing head and the end of its block, by indentation alone.

Indentation is what every language, every fragment and every broken file has; the tree corrects it where there is one.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

from fastapply.merge.deadline import Deadline, paced
from fastapply.merge.outline import Item
from fastapply.merge.signature import KEYWORDS, Signature, definition, is_definition, signature

TAB_WIDTH = 4

_DECLARES = frozenset({"function", "class", "type"})

# A line that goes on with, or ends, what a line of the same depth above it began.
_CONTINUES = re.compile(
    r"[}\])]|\{\s*$|</|(?:end|else|elif|elsif|elseif|except|finally|catch|rescue|ensure|then|do|done|fi|where|esac|endif|begin)\b|/>|>\s*$"
)
# Preprocessor lines stand at the margin and say nothing about nesting.
_DIRECTIVE = re.compile(r"#\s*(?:if|ifdef|ifndef|else|elif|endif|define|undef|pragma|include|region|endregion)\b")
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"\w+")


def key_of(line: str) -> str:
    """What two lines must share to count as the same: the text without indentation, runs of blanks made one."""
    key = line.strip()
    return _SPACES.sub(" ", key) if "  " in key or "\t" in key else key


def width_of(line: str) -> int:
    """Columns of indentation, a tab counting up to the next multiple of TAB_WIDTH."""
    head = line[: len(line) - len(line.lstrip(" \t\f"))]
    return len(head.expandtabs(TAB_WIDTH)) if "\t" in head else len(head)


# A head without a type, told from a call by its modifier and the brace below it.
_CONSTRUCTOR = re.compile(r"(?:(?:public|private|protected|internal)\s+)+(?P<name>\w+)\s*\(.*\)$")

Path = tuple[Signature, ...]


class Layout:
    """Lines (without endings) and what their indentation says. All indices count the given lines from 0.

    keys[k]    the line's key, "" where it is blank
    depth[k]   columns of indentation
    head[k]    the line of smaller depth that encloses it, -1 at the top
    opener[k]  for a line that closes or continues a block, the line that began it; else -1
    link[k]    for such a line, the line before it in the same chain (`} else {` between `if` and `}`); else -1
    name(k)    what the line declares or sets: (kind, name), or None
    end[k]     the last line of the block that line k begins (k itself where it begins none)
    """

    def __init__(
        self, lines: list[str], items: Sequence[Item] = (), whole: bool = True, limit: Deadline | None = None
    ) -> None:
        self.lines = lines
        self.keys = [key_of(line) for line in paced(lines, limit)]
        self.depth = [width_of(line) for line in paced(lines, limit)]
        self.count = Counter(self.keys)
        n = len(lines)
        self.head = [-1] * n
        self.opener = [-1] * n
        self.link = [-1] * n
        self.end = list(range(n))
        self.filled = [k for k in range(n) if self.keys[k]]
        self.paths: list[Path] | None = None  # kept by Blocks, which needs them for every reading
        self.head_start: dict[int, int] = {}  # for the lines of a header of several lines, its first
        self._names: dict[int, Signature | None] = {}
        self._heads: dict[Signature, list[int]] | None = None
        self._text: str | None = None
        self._starts: list[int] = []
        self._nest(limit)
        self._name(items, whole)

    def _name(self, items: Sequence[Item], whole: bool) -> None:
        """Take from the outline of the tree what the lines alone don't tell: heads of another form, and where items
        end."""
        for item in items:
            if item.role not in _DECLARES or item.name_line >= len(self.keys) or not self.keys[item.name_line]:
                continue
            if whole:
                for k in range(item.start + 1, min(item.head_end, item.end)):
                    self.head_start[k] = item.start
            last = item.end - 1
            if not self.keys[last]:
                last = max(item.name_line, self.filled_above(last))
            if not is_definition(self.keys[item.name_line]):
                if item.name in KEYWORDS or (last == item.name_line and item.role != "function"):
                    continue
                self._names[item.name_line] = ("def", item.name)
            if whole and last > item.name_line:
                self.end[item.name_line] = last

    def places(self, key: str) -> list[int]:
        """The lines with this key."""
        return [k for k in self.filled if self.keys[k] == key]

    def name(self, k: int) -> Signature | None:
        """What line k declares or sets, by the grammar or by the line alone."""
        if k not in self._names:
            name = signature(self.keys[k])
            if name is None and self.keys[k + 1 : k + 2] == ["{"] and (head := _CONSTRUCTOR.match(self.keys[k])):
                name = ("def", head["name"])
            self._names[k] = name
        return self._names[k]

    def call(self, k: int, name: Signature) -> None:
        """Let line k declare this, whatever its text says."""
        self._names[k] = name

    def definition(self, k: int) -> Signature | None:
        """What line k defines where it is the head of a definition, else None."""
        return definition(self.name(k))

    def is_definition(self, k: int) -> bool:
        """True where line k is the head of a definition."""
        return self.definition(k) is not None

    def definition_heads(self, limit: Deadline | None = None) -> dict[Signature, list[int]]:
        """The heads of each definition, in order."""
        if self._heads is None:
            self._heads = {}
            for k in paced(self.filled, limit):
                if name := self.definition(k):
                    self._heads.setdefault(name, []).append(k)
        return self._heads

    def filled_above(self, k: int) -> int:
        """The nearest line above line k that is not blank, -1 if none."""
        at = bisect_left(self.filled, k)
        return self.filled[at - 1] if at else -1

    def filled_below(self, k: int) -> int:
        """The nearest line below line k that is not blank, the number of lines if none."""
        at = bisect_right(self.filled, k)
        return self.filled[at] if at < len(self.filled) else len(self.keys)

    def _closes_other(self, top: int, k: int) -> bool:
        """True where line k is a closing tag and line `top` did not open it."""
        if not self.keys[k].startswith("</"):
            return False
        closing, opening = _TAG_NAME.match(self.keys[k]), _TAG_NAME.match(self.keys[top])
        return opening is None or closing is None or opening[1] != closing[1]

    def lines_with(self, word: str, most: int) -> list[int]:
        """The lines whose key holds `word` as a part; none where there are more than `most`."""
        if self._text is None:
            self._text = "\n".join(self.keys)
            self._starts = [0, *accumulate(len(key) + 1 for key in self.keys)]
        found: list[int] = []
        at = self._text.find(word)
        while at >= 0:
            j = bisect_right(self._starts, at) - 1
            found.append(j)
            if len(found) > most:
                return []
            at = self._text.find(word, self._starts[j + 1])
        return found

    def _nest(self, limit: Deadline | None) -> None:
        stack: list[int] = []
        latest: dict[int, int] = {}  # for a line on the stack, the last line of its chain
        previous = -1
        for k in paced(self.filled, limit):
            depth = self.depth[k]
            if self.keys[k][0] == "#" and stack and depth < self.depth[stack[-1]] and _DIRECTIVE.match(self.keys[k]):
                self.head[k] = stack[-1]
                previous = k
                continue
            while stack and self.depth[stack[-1]] > depth:
                self.end[stack.pop()] = previous
            if stack and self.depth[stack[-1]] == depth:
                if _CONTINUES.match(self.keys[k]) and not self._closes_other(stack[-1], k):
                    self.opener[k] = stack[-1]
                    self.link[k] = latest.get(stack[-1], stack[-1])
                    latest[stack[-1]] = k
                    self.head[k] = self.head[stack[-1]]
                    previous = k
                    continue
                self.end[stack.pop()] = previous
            self.head[k] = stack[-1] if stack else -1
            stack.append(k)
            previous = k
        for k in stack:
            self.end[k] = previous


_TAG_NAME = re.compile(r"</?([\w.:-]*)")


def words(text: str) -> set[str]:
    """The words in a key, or in several."""
    return set(_WORD.findall(text))


def word_count(key: str) -> int:
    """Words in a key; 0 for lines of punctuation alone."""
    return len(_WORD.findall(key))
