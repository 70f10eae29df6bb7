"""Modules as people write them, of any length, made by rule: the same seed gives the same text.

Each comes with a lazy edit of three hunks (a function shown whole, one broken off behind new lines, one of which only
head and end are shown) and with the text that the merge must give.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import msgspec

__all__ = ["LANGUAGES", "Sample", "generate"]


class Sample(msgspec.Struct, frozen=True):
    """A file, an edit to it and what should come out; `expected` is None where nobody knows."""

    path: str
    original: str
    snippet: str
    instruction: str = ""
    expected: str | None = None


class _Function(msgspec.Struct, frozen=True):
    """Where a function stands: lines `start` up to `end`, of which the first `head` come before its statements and the
    last `tail` are its last statement and closing line."""

    start: int
    end: int
    head: int
    tail: int


class _Language(msgspec.Struct, frozen=True):
    """How a language writes things. Templates are filled with names; a statement is lines, each at its own depth."""

    path: str
    unit: str
    marker: str
    top: tuple[str, ...]
    function: tuple[str, ...]
    method: tuple[str, ...]
    container: tuple[str, ...]
    statements: tuple[str, ...]
    result: str
    added: tuple[str, ...]
    close: str


_PYTHON = _Language(
    path="generated.py",
    unit="    ",
    marker="# ... existing code ...",
    top=(
        '"""Keeps {a} and {b} in step."""',
        "",
        "from __future__ import annotations",
        "",
        "import logging",
        "from pathlib import Path",
        "",
        "logger = logging.getLogger(__name__)",
        "",
        "MOST_{U} = {n}",
    ),
    function=("", "", "def {name}({a}: str, {b}: dict[str, int]) -> list[str]:", '    """Returns the {c} of {a}."""'),
    method=("", "def {name}(self, {a}: str, {b}: int = {n}) -> list[str]:", '    """Sends {a} to the {c}."""'),
    container=("", "", "class {Name}:", '    """What is known of one {a}."""', "", '    {b} = "{c}"'),
    statements=(
        "{a}_{n} = load_{c}({b}, limit={m})",
        "if not {a}:|    return []",
        "if len({b}) > {n} and {a} != {c!r}:|    {b} = trim_{d}({b}, {m})|else:|    {b} = {{**{b}, {d!r}: {n}}}",
        "for {d} in sorted({b}):|    if {d}.startswith({c!r}):|        continue|    send_{c}({d}, {n})",
        "try:|    {d} = int({a}[{n}:])|except ValueError as error:|    logger.warning({c!r}, error)|    raise",
        "# {c} comes before {d}: the {a} has no order of its own|{d} = [{a} for {c} in {b} if {c}]",
        'logger.debug("{a} %s has {n} {c}", {b})',
        "with open(Path({a}) / {d!r}) as {c}:|    {d} = {c}.read({n})",
    ),
    result="return list({a})",
    added=("if {a} is None:", "    raise ValueError({c!r})"),
    close="",
)

_TYPESCRIPT = _Language(
    path="generated.ts",
    unit="  ",
    marker="// ... existing code ...",
    top=(
        "// Keeps {a} and {b} in step.",
        'import {{ readFile }} from "node:fs/promises";',
        'import type {{ Logger }} from "./logger";',
        "",
        "const MOST_{U} = {n};",
    ),
    function=(
        "",
        "/** Returns the {c} of a {a}. */",
        "export async function {name}({a}: string, {b}: Map<string, number>): Promise<string[]> {{",
    ),
    method=("", "async {name}({a}: string, {b} = {n}): Promise<string[]> {{"),
    container=("", "/** What is known of one {a}. */", "export class {Name} {{", '  private {b} = "{c}";'),
    statements=(
        "const {a}{n} = await load{C}({b}, {{ limit: {m} }});",
        "if (!{a}) {{|  return [];|}}",
        'if ({b}.size > {n} && {a} !== "{c}") {{|  trim{D}({b}, {m});|}} else {{|  {b}.set("{d}", {n});|}}',
        'for (const {d} of {b}.keys()) {{|  if ({d}.startsWith("{c}")) {{|    continue;|  }}|  send{C}({d}, {n});|}}',
        'try {{|  JSON.parse({a}.slice({n}));|}} catch (error) {{|  log.warn("{c}", error);|  throw error;|}}',
        "// {c} comes before {d}: the {a} has no order of its own|const {d}{n} = [...{b}].filter(({c}) => {c});",
        "log.debug(`${{{a}}} has {n} {c}`);",
        'const {d}{m} = await readFile(`${{{a}}}/{d}`, "utf8");',
    ),
    result="return [...{a}];",
    added=("if ({a} === undefined) {{", '  throw new Error("{c}");', "}}"),
    close="}",
)

LANGUAGES = {"python": _PYTHON, "typescript": _TYPESCRIPT}

_NOUNS = (
    "account address batch buffer bundle cache channel client cluster cursor device digest document edge entry "
    "event feature field filter folder frame gateway header index invoice item journal label layer ledger limit "
    "message metric module node offer order packet page parcel patch path payment peer plan policy pool price "
    "process profile query queue record region report request resource result route sample schema segment sensor "
    "session shard signal slot snapshot source stream subject table target task tenant ticket token topic trace "
    "update user vector version window"
).split()
_VERBS = (
    "apply build check close collect copy count decode drop encode fetch find flush format group join list load "
    "map mark match merge move open parse pick plan print push read reject remove rename render repair reset "
    "resolve restore save scan send sort split start stop store sum swap sync test trim update verify wait watch "
    "wrap write"
).split()


def generate(language: str, lines: int, seed: int = 0) -> Sample:
    """A module of about `lines` lines and an edit to it."""
    return _Writer(LANGUAGES[language], random.Random(f"{language} {lines} {seed}")).sample(lines)


class _Writer:
    """Writes one module, line by line, and remembers where its functions stand."""

    def __init__(self, language: _Language, rng: random.Random) -> None:
        self._language, self._rng = language, rng
        self._lines: list[str] = []
        self._functions: list[_Function] = []
        self._taken: set[str] = set()

    def sample(self, length: int) -> Sample:
        self._put(self._language.top, 0, self._names())
        while len(self._lines) < length:
            if self._rng.random() < 0.5:
                self._function(self._language.function, 0)
            else:
                self._container()
        original = [*self._lines, ""]
        edited, snippet = self._edit()
        return Sample(self._language.path, "\n".join(original), "\n".join(snippet), expected="\n".join([*edited, ""]))

    # ---- the module

    def _container(self) -> None:
        self._put(self._language.container, 0, self._names())
        for _ in range(self._rng.randint(2, 6)):
            self._function(self._language.method, 1)
        self._put([self._language.close] if self._language.close else [], 0)

    def _function(self, head: Sequence[str], depth: int) -> None:
        names = self._names()
        start = len(self._lines) + sum(not line for line in head)
        self._put(head, depth, names)
        first = len(self._lines)
        for _ in range(self._rng.randint(2, 7)):
            names = {**self._names(), "a": names["a"], "b": names["b"]}
            self._put(self._rng.choice(self._language.statements).split("|"), depth + 1, names)
        end = len(self._lines)
        self._put([self._language.result], depth + 1, names)
        self._put([self._language.close] if self._language.close else [], depth)
        self._functions.append(_Function(start, len(self._lines), first - start, len(self._lines) - end))

    def _put(self, lines: Sequence[str], depth: int, names: dict[str, object] | None = None) -> None:
        margin = self._language.unit * depth
        texts = (line.format(**names) if names else line for line in lines)
        self._lines.extend(margin + text if text else "" for text in texts)

    def _names(self) -> dict[str, object]:
        """Nouns under one letter each, two numbers, and a name for a function that no other has."""
        nouns = dict(zip("abcd", self._rng.sample(_NOUNS, 4), strict=True))
        capital = {letter.upper(): noun.capitalize() for letter, noun in nouns.items()}
        name = self._unused(f"{self._rng.choice(_VERBS)}_{self._rng.choice(_NOUNS)}")
        title = "".join(map(str.capitalize, name.split("_")))
        if self._language.close:
            name = title[0].lower() + title[1:]
        numbers = {"n": self._rng.randint(2, 99), "m": self._rng.randint(100, 999)}
        return {**nouns, **capital, **numbers, "U": nouns["a"].upper(), "name": name, "Name": title}

    def _unused(self, name: str) -> str:
        while name in self._taken:
            name += "_" + self._rng.choice(_NOUNS)
        self._taken.add(name)
        return name

    # ---- the edit

    def _edit(self) -> tuple[list[str], list[str]]:
        """The edited module and the snippet that says so."""
        edited, snippet = [], [self._language.marker]
        at = 0
        for function, hunk in zip(self._chosen(), (self._whole, self._beginning, self._end), strict=True):
            shown, result = hunk(function)
            edited += [*self._lines[at : function.start], *result]
            snippet += ["", *shown, "", self._language.marker]
            at = function.end
        return [*edited, *self._lines[at:]], [*snippet, ""]

    def _chosen(self) -> Iterator[_Function]:
        """The functions at a tenth, at half and at nine tenths of the module."""
        last = len(self._functions) - 1
        return (self._functions[last * tenths // 10] for tenths in (1, 5, 9))

    def _new(self, function: _Function) -> list[str]:
        statement = self._lines[function.start + function.head]
        margin = statement[: len(statement) - len(statement.lstrip())]
        names = self._names()
        return [margin + line.format(**names) for line in self._language.added]

    def _whole(self, function: _Function) -> tuple[list[str], list[str]]:
        """Shown from head to end, with new lines in place of its first line of code."""
        lines = self._lines[function.start : function.end]
        result = [*lines[: function.head], *self._new(function), *lines[function.head :]]
        return result, result

    def _beginning(self, function: _Function) -> tuple[list[str], list[str]]:
        """Broken off behind new lines and the one below them."""
        lines = self._lines[function.start : function.end]
        new = self._new(function)
        shown = [*lines[: function.head], *new, lines[function.head]]
        return [*shown, self._inner(function)], [*lines[: function.head], *new, *lines[function.head :]]

    def _end(self, function: _Function) -> tuple[list[str], list[str]]:
        """Its head, a marker, new lines and its end."""
        lines = self._lines[function.start : function.end]
        new = self._new(function)
        head, middle, tail = lines[: function.head], lines[function.head : -function.tail], lines[-function.tail :]
        return [*head, self._inner(function), *new, *tail], [*head, *middle, *new, *tail]

    def _inner(self, function: _Function) -> str:
        statement = self._lines[function.start + function.head]
        return statement[: len(statement) - len(statement.lstrip())] + self._language.marker
