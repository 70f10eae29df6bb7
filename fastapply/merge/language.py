"""Languages as data: one TOML file each in `languages/`, read when first asked for.

The head of a file, up to its first blank line, says how to recognise the language:

    name        the profile's name, and the file's
    extensions  file name endings, dot included, lower case; the longest that fits wins
    filenames   whole file names
    aliases     other names: of fences, editors and shebang interpreters, lower case
    signs       regular expressions for lines (without their indentation) that tell the language from others where a
                file comes without a name: see `guess`
    begins      a regular expression without which at the beginning of the first line the signs count nothing
    kin         the language that this one is a relative of: their signs count together, the grammars choose
    lenient     true where the grammar reads nearly anything, so that it bears witness to nothing

The rest says how to read it:

    base            name of a profile whose fields and rules this one starts from
    grammar         "module:function" of its tree-sitter grammar; without one only lines are aligned
    approximate     true where the grammar is a relative's, so that its errors say little
    line_comments   what starts a comment that ends with the line
    block_comments  [opener, closer] pairs
    indent_blocks   true where indentation makes blocks
    check           an extra parser that judges the result: "python"
    transparent     node kinds that are no items and may hold some: searched, not listed
    leading         node kinds of siblings that belong to the item after them (attributes)
    items.<kind>    a node kind that is an item, and how to read it
    values.<kind>   a node kind that lends role and body to the item whose `value` or `inner` it is

Keys of a rule, all optional:

    role    function, class (any container of members), import, assignment, type, key, block
    name    path to the name
    owner   path to the type that a method is declared for: the name becomes "(owner).name"
    body    path to the node whose children are the members; a block is an item only where it has one
    value   path to a node that may have a rule in `values`
    inner   path to the item that this node wraps: role, name and body are those of the inner item. Where the path
            leads nowhere, the rule's own keys hold; without a role the node is no item then
    group   path that exists where the node is a list of items, so a container and not a wrapper
    word    path to a word (a macro, a command) whose entry in `words` is the role; no item where that is ""
    words   roles by word; `role` holds for all others

A path is a string, or an array of them of which the first that leads somewhere counts. It is made of steps, `/` between
them. A step is the name of a field or of a child's node kind; or `field*`, which follows a field as far as it goes.
Other steps: `@item` the first child that has a rule in `items`, `@last` the last child, `@self` alone the node itself.
A name may also be text of the item: `@head` up to the body, `@line` the first line, `@text` all of it; and `+` joins
parts that must all be there.
"""

from __future__ import annotations

import functools
import re
import tomllib
from pathlib import Path
from typing import Any, Literal

import msgspec

from fastapply.errors import UnknownLanguage

__all__ = ["ItemRule", "Paths", "Profile", "Role", "by_name", "detect", "names"]

Role = Literal["function", "class", "import", "assignment", "type", "key", "block"]
Paths = str | tuple[str, ...]

_LANGUAGES = Path(__file__).with_name("languages")
_FALLBACK = "text"
_SHEBANG = re.compile(r"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*)?(?:\S*/)?([A-Za-z+#]+)")
_CPP_HEADER = re.compile(r"^[ \t]*(?:class|namespace|template|using|public:|private:|protected:|extern \"C)", re.M)
_FIRST_LINES = (
    (re.compile(r"<\?(?:php|=)", re.I), "php"),
    (re.compile(r"<!doctype html|<html[\s>]", re.I), "html"),
)


class ItemRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How to read one node kind; the keys are explained at the top of this file."""

    role: Role | None = None
    name: Paths = ()
    owner: Paths = ()
    body: Paths = ()
    value: Paths = ()
    inner: Paths = ()
    group: Paths = ()
    word: Paths = ()
    words: dict[str, Role | Literal[""]] = {}


class Head(msgspec.Struct, frozen=True):
    """What recognises a language, without the rest of its profile."""

    name: str
    kin: str | None = None
    begins: str | None = None
    lenient: bool = False
    signs: tuple[str, ...] = ()


class Profile(msgspec.Struct, frozen=True, eq=False, forbid_unknown_fields=True):
    """One language; the fields are explained at the top of this file."""

    name: str
    extensions: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    kin: str | None = None
    begins: str | None = None
    lenient: bool = False
    signs: tuple[str, ...] = ()
    grammar: str | None = None
    approximate: bool = False
    line_comments: tuple[str, ...] = ()
    block_comments: tuple[tuple[str, str], ...] = ()
    indent_blocks: bool = False
    check: Literal["python"] | None = None
    transparent: tuple[str, ...] = ()
    leading: tuple[str, ...] = ()
    items: dict[str, ItemRule] = {}
    values: dict[str, ItemRule] = {}


def names() -> list[str]:
    """The names of all profiles, sorted."""
    return sorted(_heads())


def by_name(name: str) -> Profile:
    """The profile called `name`, which may be an alias and in any case. Raises `UnknownLanguage`."""
    wanted = name.strip().lower()
    found = wanted if wanted in _heads() else _find("aliases", wanted)
    if found is None:
        raise UnknownLanguage(f"unknown language {name!r}; {_nearest(wanted)}", field="language")
    return _load(found)


def detect(path: str | None, language: str | None, text: str = "") -> Profile:
    """The profile to read a file with.

    `language` decides where it is given (and raises `UnknownLanguage`), then the file name in `path`, then the first
    line of `text`; else the profile of plain text. Nothing is read from `path`.
    """
    if language is not None:
        return by_name(language)
    found = from_path(path or "", text) or _from_first_line(text.removeprefix("\ufeff")[:200]) or _FALLBACK
    return _load(found)


def _nearest(wanted: str) -> str:
    from difflib import get_close_matches

    aliases = (alias for head in _heads().values() for alias in tomllib.loads(head).get("aliases", ()))
    near = get_close_matches(wanted, [*names(), *aliases], n=3)
    if near:
        return "did you mean " + " or ".join(repr(name) for name in near) + "?"
    return "known are " + ", ".join(names())


def from_word(word: str) -> str | None:
    """The name of the profile that `word` names, if any: its name or an alias, in lower case."""
    return word if word in _heads() else _find("aliases", word)


def from_path(path: str, text: str) -> str | None:
    filename = re.split(r"[/\\]", path)[-1]
    found = _find("filenames", filename)
    parts = filename.lower().split(".")
    for start in range(1, len(parts)):
        found = found or _find("extensions", "." + ".".join(parts[start:]))
    return "cpp" if found == "c" and parts[-1] == "h" and _CPP_HEADER.search(text) else found


def _from_first_line(text: str) -> str | None:
    shebang = _SHEBANG.match(text)
    if shebang:
        interpreter = shebang[1].lower()
        return interpreter if interpreter in _heads() else _find("aliases", interpreter)
    return next((name for sign, name in _FIRST_LINES if sign.match(text.lstrip())), None)


@functools.cache
def heads() -> dict[str, Head]:
    """The heads of all profiles, by name."""
    return {name: msgspec.convert(tomllib.loads(head), Head) for name, head in _heads().items()}


@functools.cache
def _heads() -> dict[str, str]:
    """The head of each profile's file, unparsed: parsing them all would take longer than a merge does."""
    return {path.stem: path.read_text("utf-8").partition("\n\n")[0] for path in sorted(_LANGUAGES.glob("*.toml"))}


@functools.lru_cache(maxsize=1024)
def _find(field: str, value: str) -> str | None:
    """The profile in whose head the array `field` holds `value`."""
    quoted = f'"{value}"'
    hits = (name for name, head in _heads().items() if quoted in head)
    return next((name for name in hits if value in tomllib.loads(_heads()[name]).get(field, ())), None)


@functools.cache
def _load(name: str) -> Profile:
    return _decode(_read(name), f"languages/{name}.toml")


def _read(name: str) -> dict[str, Any]:
    own = tomllib.loads((_LANGUAGES / f"{name}.toml").read_text("utf-8"))
    if "base" not in own:
        return own
    base = _read(own.pop("base"))
    for table in ("items", "values"):
        own[table] = base.get(table, {}) | own.get(table, {})
    return {
        key: value
        for key, value in base.items()
        if key not in ("extensions", "filenames", "aliases", "kin", "begins", "lenient", "signs")
    } | own


def _decode(fields: dict[str, Any], where: str) -> Profile:
    try:
        return msgspec.convert(fields, Profile)
    except msgspec.ValidationError as error:
        raise ValueError(f"{where}: {error}") from None
