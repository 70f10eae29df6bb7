"""The language of a text that comes without a name, as Morph's SDK and most OpenAI clients send theirs.

Evidence is cheap and ranks: the first lines are held against the `signs` of each language. Grammars decide: one is
only accepted when its grammar reads the text, and where the evidence is close, when the other one's reads it far worse.
Nothing here depends on time: a grammar that takes far too many steps doesn't fit.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from fastapply.merge import language
from fastapply.merge.language import by_name, detect, heads
from fastapply.merge.text import FENCE, bare_lines
from fastapply.merge.tree import encode, parse

if TYPE_CHECKING:
    from fastapply.merge.deadline import Deadline
    from fastapply.merge.language import Profile
    from fastapply.merge.tree import Tree

__all__ = ["Guess", "guess", "recognise"]

_CHARACTERS: Final = 12_288  # of a text, and
_LONGEST: Final = 200  # of a line, that are looked at
_LINES: Final = 80
_WHOLE: Final = 65_536  # characters of a text that is parsed whole, for the tree to be of use to the merge
_ENOUGH: Final = 1.5  # lines that must speak for a language
_PART: Final = 0.05  # of the lines looked at that must
_LENIENT: Final = 0.15  # the same for a language whose grammar reads nearly anything
_CLEARLY: Final = 1.6  # times as many as for the next, and
_BY_FAR: Final = 4.0  # where the grammar finds errors
_MUCH: Final = 4  # times as much of the text that the next likely one must fail to read
_NAMED: Final = 2_000  # characters of the snippet and of the instruction in which a file may be named
_FLAWED: Final = 0.03  # of the text that a grammar may fail to read
_CLEAN: Final = 0.001  # the same where none of its relatives need be tried
_APPROXIMATELY: Final = 0.6  # the same where the grammar is a relative's
_GAP: Final = re.compile(r"\n\r?\n(?=[^\s)}\]])")
_FILE_LINE: Final = re.compile(
    r"(?:[^\w./\\@]|//(?=\s)|/\*)*(?:file(?:name|path)?\s*:\s*)?(?P<path>[\w./\\@+-]+\.\w+)[^\w.]*$", re.I
)
_PATH: Final = re.compile(r"(?<![\w./\\@+-])[\w./\\@+-]{0,200}\w\.[A-Za-z]\w{0,10}\b(?!\()")
_OFTEN: Final = 3  # lines that begin with the same word: ten more say no more
_COMMENT: Final = re.compile(r"/[/*]|\*([\s/*]|$)|#(\s|$)|--(\s|$)")  # in one language or another: says little
_WORD: Final = re.compile(r"[#@]?\w+|.")
_KEY: Final = re.compile(
    r"(?:\(\?i:)?(?:\((?P<any>(?:[#@]?\w+\|)*[#@]?\w+)\)|(?P<one>[#@]?\w+))(?=[ $:;\"'=,-]|\\[.(b\[{!:s]|$)"
    r"|(?:\\(?P<mark>[^\w\s])|(?P<plain>[<>&%\"'`~=,;:@#-]))(?![?*{])"
)


class _Sign(NamedTuple):
    name: str
    pattern: re.Pattern[str]


class _Signs(NamedTuple):
    keyed: dict[str, list[_Sign]]
    free: list[_Sign]
    kin: dict[str, str]
    begins: dict[str, re.Pattern[str]]
    lenient: set[str]


@functools.cache
def _signs() -> _Signs:
    found = _Signs({}, [], {}, {}, set())
    for head in heads().values():
        found.kin[head.name] = head.kin or head.name
        if head.begins:
            found.begins[head.name] = re.compile(head.begins)
        if head.lenient:
            found.lenient.add(head.name)
        by_key: dict[str, list[str]] = {}
        for sign in head.signs:
            for key in _keys(sign):
                by_key.setdefault(key, []).append(sign)
        for key, signs in by_key.items():
            (found.keyed.setdefault(key, []) if key else found.free).append(
                _Sign(head.name, re.compile("|".join(signs)))
            )
    return found


def _keys(sign: str) -> list[str]:
    """The words, lowered, that a line must begin with for `sign` to be in it; one that is empty stands for any."""
    key = _KEY.match(sign)
    return [""] if key is None else (key["any"] or key["one"] or key["mark"] or key["plain"]).lower().split("|")


class Guess(NamedTuple):
    """A language for a text; its tree where it was parsed whole on the way; the path above the snippet, if one is."""

    profile: Profile
    tree: Tree | None = None
    path: str | None = None
    guessed: bool = True


def recognise(
    text: str, path: str | None, language: str | None, limit: Deadline, snippet: str = "", instruction: str = ""
) -> Guess:
    """The language of `text`: what `language` or `path` say, or else guessed. `guessed` tells which; `path` is the
    given one, or the one found.

    Raises `UnknownLanguage`, and `DeadlineExceeded`.
    """
    profile = detect(path, language, text)
    unnamed = not path and language is None and profile.name == "text"
    found = guess(text, limit, snippet, instruction) if unnamed else None
    return found or Guess(profile, path=path, guessed=False)


def guess(text: str, limit: Deadline, snippet: str = "", instruction: str = "") -> Guess | None:
    """The language of `text`, or None where nothing tells it for sure.

    The language that the snippet's fence names, if its grammar reads the text; else the one that the lines look like,
    if its grammar reads the text, and better than the next likely one; else that of the one file that is named.
    Raises `DeadlineExceeded`.
    """
    path = _path_above(snippet)
    found = _guess(_Reader(text, limit), _fenced(snippet), path, instruction)
    of_path = language.from_path(path, text) if path else None
    return found._replace(path=path) if found and of_path and _kin(of_path) == _kin(found.profile.name) else found


def _guess(reader: _Reader, fenced: str | None, path: str | None, instruction: str) -> Guess | None:
    if fenced == "text":
        return None
    lenient = _signs().lenient
    if fenced and fenced not in lenient and (reading := _best(fenced, reader, {})).fits:
        return reading.guess()
    if found := _by_lines(reader):
        return found
    filed = path and language.from_path(path, reader.text)
    for named in (fenced, filed or _of_paths(instruction[:_NAMED])):
        if named and (named not in lenient or named == fenced) and (reading := _best(named, reader, {})).fits:
            return reading.guess() if named != "text" else None
    return None


def _kin(name: str) -> str:
    return _signs().kin[name]


def _by_lines(reader: _Reader) -> Guess | None:
    found = _scores(reader.text)
    lenient = _signs().lenient
    ranked = sorted(found.by_kin, key=lambda kin: (-found.by_kin[kin], kin))
    if not ranked or ranked[0] == "text" or not found.enough(ranked[0]):
        return None
    first = _best(ranked[0], reader, found.by_name)
    lead = found.by_kin[ranked[0]] / found.by_kin[ranked[1]] if len(ranked) > 1 else _BY_FAR
    clear = lead >= (_CLEARLY if first.share <= _CLEAN else _BY_FAR)
    second = None if clear else ranked[1]
    if second is None or second in lenient or (second == "text" and first.share == 0):
        return first.guess() if first.fits else None
    if second == "text" or ranked[0] in lenient:
        return first.guess() if first.fits and lead >= _CLEARLY else None
    other = _best(second, reader, found.by_name, most=1 if first.share == 0 else 3)
    if other.fits and _MUCH * other.share <= first.share and found.enough(second):
        return other.guess()
    return first.guess() if first.fits and (lead >= _CLEARLY or _MUCH * first.share <= other.share) else None


class _Reader:
    """Gives `text`, or the beginning of a long one, to grammars."""

    def __init__(self, text: str, limit: Deadline) -> None:
        self.text = text
        self._limit = limit
        self._whole = len(text) <= _WHOLE
        self._source = encode(text if self._whole else _beginning(text))

    def read(self, name: str) -> _Reading:
        """What the grammar of `name` makes of it; nothing, where it takes far longer than a grammar that fits."""
        profile = by_name(name)
        size = len(self._source)
        tree = parse(self._source, profile, limit_s=self._limit.left, most_steps=100 + size // 48)
        unread = _unread(tree) / max(1, size) if tree else float(profile.grammar is not None)
        return _Reading(profile, tree if self._whole else None, unread)


class _Reading(NamedTuple):
    """How well the grammar of `profile` reads the text: `share` of it is in errors."""

    profile: Profile
    tree: Tree | None
    share: float

    @property
    def fits(self) -> bool:
        """Whether the text may well be in this language."""
        return self.share <= (_APPROXIMATELY if self.profile.approximate else _FLAWED)

    def guess(self) -> Guess:
        """What is read so is guessed to be so."""
        return Guess(self.profile, self.tree)


def _beginning(text: str) -> str:
    """`text` up to where, last in reach, something new begins at the margin."""
    ends = [gap.end() for gap in _GAP.finditer(text, 0, _WHOLE // 2)]
    return text[: ends[-1] if ends else text.rfind("\n", 0, _WHOLE // 2) + 1]


def _best(name: str, reader: _Reader, scores: dict[str, float], most: int = 3) -> _Reading:
    """How the best of the languages close to `name`, of the `most` likely ones, reads the text."""
    names = _relatives(name, scores)
    best = reader.read(names[0])
    for other in names[1:most]:
        if best.share > 0 and not _needless(other, best, scores):
            best = min(best, reader.read(other), key=lambda reading: reading.share)
    return best


def _needless(name: str, best: _Reading, scores: dict[str, float]) -> bool:
    """Whether `name` need not be tried after `best`: a dialect reads what its head does, and without a sign of a
    dialect the head that reads the text well is it."""
    if _kin(name) == name:
        return best.fits
    return best.share <= _CLEAN and not scores.get(name)


def _relatives(name: str, scores: dict[str, float]) -> list[str]:
    """The languages close to `name`: first the dialects whose own signs were seen, most first; itself; the others, if
    a grammar can speak for them."""
    kin = _signs().kin
    seen = [other for other in kin if kin[other] == kin[name] != other and scores.get(other, 0) >= 1]
    seen.sort(key=lambda other: -scores[other])
    first = [*seen, name]
    others = (other for other in kin if kin[other] == kin[name] and other not in first)
    return [*first, *(other for other in others if by_name(other).grammar is not None)]


def _unread(tree: Tree) -> int:
    """How many bytes the grammar could not place: what lies in an error and in no node with parts inside it."""
    total = 0
    stack = [tree.root_node]
    while stack:
        node = stack.pop()
        if not node.has_error:
            continue
        children = node.children
        if node.is_error:
            read = sum(child.end_byte - child.start_byte for child in children if child.child_count)
            total += max(1, node.end_byte - node.start_byte - read)
        total += node.is_missing
        stack.extend(children)
    return total


def _opening(snippet: str) -> list[str]:
    lines = (line for line in snippet[:_NAMED].split("\n")[:8] if line.strip())
    return [line[:_LONGEST] for line in lines][:3]


def _fenced(snippet: str) -> str | None:
    """The language that the fence around the snippet names."""
    return next((_of_fence(fence[1]) for line in _opening(snippet) if (fence := FENCE.match(line))), None)


def _path_above(snippet: str) -> str | None:
    """The path of a file that stands alone on a line above the snippet, in a comment or not."""
    named = (line["path"] for line in map(_FILE_LINE.match, _opening(snippet)[:2]) if line)
    return next((path for path in named if language.from_path(path, "")), None)


def _of_fence(info: str) -> str | None:
    """`python`, `python title=…`, `{.python}`, `python:src/a.py`, `src/a.py` and `12:15:src/a.py` are all in use."""
    word = re.split(r"[\s,:}]", info.strip().lstrip("{."), maxsplit=1)[0].lower()
    return language.from_word(word) or _of_paths(info)


def _of_paths(text: str) -> str | None:
    found = {language.from_path(path, "") for path in _PATH.findall(text)} - {None}
    return found.pop() if len(found) == 1 else None


class _Scores(NamedTuple):
    by_kin: dict[str, float]
    by_name: dict[str, float]
    seen: int

    def enough(self, kin: str) -> bool:
        """Whether the lines that speak for `kin` are enough to ask its grammar."""
        part = _LENIENT if kin in _signs().lenient else _PART
        return self.by_kin[kin] >= max(_ENOUGH, part * self.seen)


def _scores(text: str) -> _Scores:
    """How many lines look like which language; a line that looks like several counts in part for each."""
    signs = _signs()
    by_kin: dict[str, float] = {}
    by_name: dict[str, float] = {}
    often: dict[str, int] = {}
    barred: set[str] | None = None
    seen = 0
    for raw in bare_lines(text[:_CHARACTERS]):
        line = raw.strip()[:_LONGEST]
        if not line:
            continue
        if barred is None:
            barred = {name for name, begins in signs.begins.items() if not begins.match(line)}
        if _COMMENT.match(line):
            continue
        word = _WORD.match(line)
        key = word[0].lower() if word else ""
        often[key] = often.get(key, 0) + 1
        if often[key] > _OFTEN:
            continue
        if seen == _LINES:
            break
        seen += 1
        keyed = (signs.keyed.get(key, ()), signs.keyed.get(key[0], ()) if len(key) > 1 else ())
        names = {sign.name for group in keyed for sign in group if sign.pattern.match(line)}
        for sign in signs.free if not names else ():
            if often.get(f" {sign.name}", 0) < _OFTEN and sign.name not in names and sign.pattern.match(line):
                often[f" {sign.name}"] = often.get(f" {sign.name}", 0) + 1
                names.add(sign.name)
        kins = {signs.kin[name] for name in names - barred}
        for name in names - barred:
            by_name[name] = by_name.get(name, 0) + 1 / len(kins)
        for kin in kins:
            by_kin[kin] = by_kin.get(kin, 0) + 1 / len(kins)
    return _Scores(by_kin, by_name, seen)
