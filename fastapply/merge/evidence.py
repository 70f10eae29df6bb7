"""Evidence that original lines are meant to go: the instruction's wording, notes in the snippet, likeness of what
replaces them."""

from __future__ import annotations

import re

import msgspec

from fastapply.merge.deadline import Deadline, paced
from fastapply.merge.language import Profile
from fastapply.merge.layout import Layout
from fastapply.merge.markers import comment_body
from fastapply.merge.signature import bare_name
from fastapply.merge.snippet import Snippet

_REMOVAL_CLAUSE = re.compile(
    r"\b(?:remov(?:e|es|ed|ing)|delet(?:e|es|ed|ing)|drop(?:s|ped|ping)?|strip(?:s|ped)?|eliminat(?:e|ed"
    r"|ing)|get(?:ting)?\s+rid\s+of|clean(?:ing)?\s+up|no longer (?:needs?|uses?)"
    r"|unused|redundant|obsolete|dead|inlin(?:e|ing)|merg(?:e|ing)|collaps(?:e|ing)|replac(?:e|es|ed|ing)"
    r"|mov(?:e|es|ed|ing)|instead of|rename[sd]?|renaming)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_COMMON = frozenset(
    """
    the a an and or of in on to for from with into by at it its that this these those is are was be as so not no
    only all any both each file code line lines function functions method methods class test tests import imports
    new add use using will make i we def func fn let var const public private static void int string return if
    else self stood here them they out up one two three which when then now instead more longer remove removed
    delete deleted drop
    """.split()
)
_STARTS = {
    "docstring": ('"""', "'''", 'r"""'),
    "comment": ("#", "//", "/*", "*", "--", "<!--"),
    "comments": ("#", "//", "/*", "*", "--", "<!--"),
}
KINDS = frozenset(_STARTS)  # words that speak of lines by what they are


class Evidence(msgspec.Struct):
    """explained: original lines that the instruction or a note says are to go. asked: the instruction is known."""

    explained: set[int]
    instruction: str
    indent_blocks: bool
    removes: bool
    language: str


def gather(
    original: Layout, snippet: Snippet, instruction: str, profile: Profile, limit: Deadline | None = None
) -> Evidence:
    """What the instruction and the snippet's notes say about removals."""
    names = removal_names(instruction)
    for removal in snippet.removals:
        names |= named_in(" ".join(removal.names))
    return Evidence(
        explained_lines(original, names, limit),
        instruction,
        profile.indent_blocks,
        _speaks_of_removal(instruction, snippet),
        profile.name,
    )


_REMOVES = re.compile(
    r"\b(?:remov|delet|drop|strip|eliminat|get(?:ting)? rid|clean|inlin|merg|unused|obsolete|redundant|without)",
    re.IGNORECASE,
)


def _speaks_of_removal(instruction: str, snippet: Snippet) -> bool:
    return bool(snippet.removals) or bool(_REMOVES.search(instruction))


def removal_names(instruction: str) -> frozenset[str]:
    """The identifiers that the instruction names after a word of removal."""
    match = _REMOVAL_CLAUSE.search(instruction)
    return named_in(instruction[match.start() :]) if match else frozenset()


_RENAMES = re.compile(
    r"\brenam(?:e|es|ed|ing)\s+(?:the\s+)?(?:\w+\s+)??[`'\"]?(?P<old>[A-Za-z_$][\w$]*)[`'\"]?(?:\(\))?(?:\s+\w+)?\s+(?:in)?to\s+"
    r"[`'\"]?(?P<new>[A-Za-z_$][\w$]*)",
    re.IGNORECASE,
)


def renamings(instruction: str) -> dict[str, str]:
    """The old name for each new one that the instruction says something is renamed to."""
    return {match["new"]: match["old"] for match in _RENAMES.finditer(instruction)}


def named_in(text: str) -> frozenset[str]:
    """The identifiers of a text, without the common words of English and of code."""
    return frozenset(word for word in _WORD.findall(text) if word.lower() not in _COMMON and len(word) > 1)


def explained_lines(original: Layout, names: frozenset[str], limit: Deadline | None = None) -> set[int]:
    """The original lines that `names` speaks of: definitions of such a name with their blocks and what is attached
    above
    them, and lines that hold such an identifier."""
    result: set[int] = set()
    if not names:
        return result
    starts = tuple(
        start for word, opening in _STARTS.items() if word in {name.lower() for name in names} for start in opening
    )
    for j in paced(original.filled, limit):
        key = original.keys[j]
        if j in result and starts:
            continue
        if name := original.definition(j):
            if bare_name(name) in names:
                result.update(range(leaders_above(original, j), original.end[j] + 1))
        elif names.intersection(_WORD.findall(key)):
            result.update(range(j, original.end[j] + 1))
        elif starts and key.startswith(starts):
            result.add(j)
            if key.startswith(('"""', "'''")) and key.count(key[:3]) == 1:
                end = next((k for k in range(j + 1, len(original.keys)) if key[:3] in original.keys[k]), None)
                result.update(range(j, end + 1) if end is not None else ())
    return result


def leaders_above(layout: Layout, j: int) -> int:
    """The first of the comment and attribute lines that stand right above line j, at its depth; j itself if none."""
    while (
        j > 0
        and layout.keys[j - 1]
        and is_leader(layout.keys[j - 1])
        and layout.depth[j - 1] - layout.depth[j] in (0, 1)
    ):
        j -= 1
    return j


_DECORATOR = re.compile(r"@[\w.:$]+\s*(?:\(.*)?$")
_DIRECTIVES = ("#include", "#define", "#if", "#end", "#else", "#import")
_COMMENTS = ("#[", "[[", "/*", "*", "//", "#", "--", "<!--")


def is_leader(key: str) -> bool:
    """True for a line that belongs to the line below it: a comment, a decorator, an attribute."""
    if key.startswith("@"):
        return bool(_DECORATOR.match(key))
    if key.startswith(_COMMENTS):
        return not key.startswith(_DIRECTIVES)
    return comment_body(key) is not None and not key.startswith(("'", '"'))
