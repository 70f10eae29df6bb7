"""Which lines of a snippet stand for unchanged code, and which talk to the merger.

A *marker* is recognised by shape (an ellipsis in a comment of any language's syntax) or, without an ellipsis, by a
closed set of phrases. A *note* is recognised by wording. Lines that the original holds as code are never either.
"""

from __future__ import annotations

import re

_OPENERS = r"(?:\{\s*/\*+|/\*+|<!--+|<%--|\(\*|\{-|//+!?|#+|--\[\[|--+|;+|%+|'|REM\b|\"{3}|\*+(?=\s))"
_CLOSERS = r"(?:\*+/\s*\}?|--+>|--%>|\*\)|-\}|\]\]|\"{3})"
_COMMENT = re.compile(rf"^\s*(?P<open>{_OPENERS})\s*(?P<body>.*?)\s*(?P<close>{_CLOSERS})?\s*,?\s*$", re.IGNORECASE)
_ELLIPSIS = r"(?:\.{3,}|…|\[\s*(?:\.{3}|…)\s*\]|\(\s*(?:\.{3}|…)\s*\))"

LONGEST = 1000  # characters of a line that may be a marker or a note
MOST_WORDS = 5  # of a marker whose only ellipsis stands at its end

_KEPT_WORDS = re.compile(
    r"\b(?:exist(?:s|ing)?|unchanged|untouched|unmodified|unaltered|rest|remain(?:s|ing|der)?|same|others?|previous(?:ly)?|prior"
    r"|original|omitted|elided|snip(?:ped)?|skip(?:ped)?|as before|as is|truncated|above|below|keep|kept|stays?"
    r"|continues?|continued|more|etc|preserved?|intact|no changes?|not shown|current|follows?|earlier)\b",
    re.IGNORECASE,
)
_SURELY_KEPT = re.compile(
    r"\b(?:exist(?:s|ing)?|unchanged|untouched|unmodified|unaltered|rest|remain(?:s|ing|der)?|same|others?|omitted|elided"
    r"|as before|as is|truncated|preserved|intact|no changes?|not shown)\b",
    re.IGNORECASE,
)
_PLAIN_MARKER = re.compile(
    r"^[\[(<{]*\s*(?:"
    r"(?:the\s+|all\s+)?(?:existing|unchanged|unmodified|previous|original|remaining|other|rest\s+of(?:\s+the)?|same)\s+(?:\w+\s+){0,4}"
    r"(?:code|file|function|method|methods|functions|class|imports?|body|content|contents|implementation|logic|fields|members|lines|tests?|items|props)"
    r"(?:\s+(?:here|above|below|unchanged|remains?(?:\s+(?:the\s+same|unchanged))?|stays?\s+(?:the\s+same|unchanged)|as\s+before|as\s+is"
    r"|goes\s+here|is\s+(?:unchanged|the\s+same)|omitted(?:\s+for\s+brevity)?))?"
    r"|(?:rest|remainder)\s+(?:is\s+|remains?\s+|stays?\s+)?(?:unchanged|the\s+same|as\s+before|omitted)"
    r"|(?:code\s+)?(?:unchanged|unmodified|omitted(?:\s+for\s+brevity)?|same\s+as\s+(?:before|above)|no\s+changes?(?:\s+here)?)"
    r"|[^.;{}=]{0,80}\b(?:and\s+the\s+rest|stays?\s+the\s+same|remains?\s+(?:the\s+same|unchanged)|follows?\s+here,?\s+untouched|(?:is|are)\s+unchanged)\b[^.;{}=]{0,30}"
    r")\s*[.:]?\s*[\])>}]*$",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    rf"(?P<code>\S.*?)(?P<gap>\s*)"
    rf"(?:\{{/\*+\s*[\[(]?\s*(?P<jsx>{_ELLIPSIS}.*?)\s*\*/\s*\}}"
    rf"|/\*+\s*[\[(]?\s*(?P<block>{_ELLIPSIS}.*?)\s*\*/|<!--+\s*(?P<html>{_ELLIPSIS}.*?)\s*--+>"
    rf"|(?://|#|--)\s*[\[(]?\s*(?P<line>{_ELLIPSIS}.*?|[^\"'`]*?{_ELLIPSIS}))"
    rf"(?P<after>\s*(?:[\])}}]+[;,]?)?\s*)$"
)
_BARE_WORDS = re.compile(rf"^\s*{_ELLIPSIS}\s+(?P<words>[A-Za-z][^;{{}}=()]*?)\s*{_ELLIPSIS}?\s*$")

_NOTE_HEAD = re.compile(
    r"^[\[(<*=\-\s]*(?:note(?:\s+to\s+\w+)?\s*[:\-]\s*)?(?:first_edit|second_edit|third_edit|edit(?:\s*\d+)?|begin|end|start|change(?:\s*\d+)?|step\s*\d+)?\s*[:\-]?\s*"
    r"(?P<verb>removed?|deleted?|removes|deletes|dropped|drop|replaced?|replaces|replacing|changed|chang(?:e|es)|added|adds?|insert(?:ed|s)?|new|moved?|renam(?:e|ed)|updated?"
    r"|modified|modify|appended?|swap|begin|end|edit)\b",
    re.IGNORECASE,
)
_NOTE_PLACE = re.compile(
    r"\b(?:here|above|below|after|before|between|beside|instead|in place of|the place of|at the (?:end"
    r"|top|bottom|start|beginning)|end of the file|top of the file"
    r"|this one|these (?:two|three|four|lines)|this line|stood|used to be|(?:right|directly"
    r"|just) (?:after|before|below|above|under)|from here|next to)\b",
    re.IGNORECASE,
)
_REMOVAL = re.compile(
    r"^[\[(<*=\-\s]*(?:note\s*:\s*)?(?:removed?|deleted?|removes|deletes|dropped|drop|removing|deleting)\b",
    re.IGNORECASE,
)
_BARE_REMOVAL = re.compile(
    r"^[\[(<*=\s]*(?:remove|delete|drop)\s+(?:the\s+|this\s+|old\s+|unused\s+)*(?:(?:function|method|class|struct|field|import|block|line|const|var|type|test)\s+)?[`'\"]?[\w$.:]+(?:\(\))?[`'\"]?"
    r"(?:\s+(?:function|method|class|struct|field|import|block|here|line))?[\])>*=.!]*$",
    re.IGNORECASE,
)
_NOTE_TAG = re.compile(
    r"^[\[(<*=\-\s]*(?:(?:FIRST|SECOND|THIRD|FOURTH|LAST|NEXT)_EDIT|EDIT\s*\d*|(?:BEGIN|END|START"
    r"|STOP)[ _](?:ADD|ADDED|ADDITION|INSERT|CHANGE|CHANGES|CHANGED|EDIT|EDITS|NEW(?:\s+CODE)?"
    r"|REPLACE(?:MENT)?|MODIFICATION|UPDATE))\b\s*:?[^a-z]*$"
)


# `CHANGE 1: added`, `This line changed:`; and behind other words, `(put this right after main)`.
_NUMBERED = re.compile(
    r"^[\[(<*=\-\s]*(?:(?:EDIT|CHANGE)\s*#?\d+\s*[:\-]"
    r"|(?:this|these|the following)\s+lines?\s+(?:was\s+|were\s+|is\s+|are\s+|has\s+|have\s+|been\s+)*"
    r"(?:changed|added|updated|modified|new|replaced)\s*[:.]?\s*$)",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"\((?:put|place|add|insert)\s+(?:this|it|these|them)\b[^()]*\b(?:after|before|below|above|here|between|behind)\b[^()]*\)\s*$",
    re.IGNORECASE,
)


def comment_body(line: str) -> str | None:
    """The text inside `line` when it is a comment in any known syntax, else None."""
    match = _COMMENT.match(line) if len(line) <= LONGEST else None
    return match["body"] if match else None


def is_marker(line: str, known: frozenset[str] | set[str] = frozenset()) -> bool:
    """True where `line` stands for unchanged code. `known`: the original's lines, stripped; those are never markers."""
    stripped = line.strip()
    if not stripped or len(stripped) > LONGEST or stripped in known:
        return False
    body = comment_body(line)
    if body is None:
        if re.fullmatch(_ELLIPSIS, stripped):
            return True
        words = _BARE_WORDS.match(line)
        return bool(words and _KEPT_WORDS.search(words["words"]))
    return _is_marker_body(body)


def _is_marker_body(body: str) -> bool:
    body = body.strip()
    if re.fullmatch(rf"[\[(<{{]*\s*{_ELLIPSIS}\s*[\])>}}]*", body):
        return True
    starts = re.match(rf"[\[(<{{]*\s*{_ELLIPSIS}", body)
    ends = re.search(rf"{_ELLIPSIS}\s*[\])>}}.]*$", body)
    if starts and (ends or _KEPT_WORDS.search(body)):
        return True
    if starts and len(body.split()) <= 8:
        return True
    # a comment that only ends so is most often a sentence that trails off
    if ends and len(body.split()) <= MOST_WORDS and _SURELY_KEPT.search(body):
        return True
    return bool(_PLAIN_MARKER.match(body))


_BODY = re.compile(
    r"\brest\s+of\s+(?:the\s+|this\s+)?(?:\w+\s+)?(?:function|method|body|implementation|logic|constructor|__\w+__)"
)


def speaks_of_body(text: str) -> bool:
    """True for a marker that says to stand for the rest of a function (`... rest of the method unchanged ...`)."""
    return bool(_BODY.search(text))


def split_trailing(line: str) -> tuple[str, str] | None:
    """A line of code that ends in a marker, as (code before it, what closes after it); None where there is none.

    >>> split_trailing("foo() { /* ... */ }")
    ('foo() {', '}')
    """
    if "..." not in line and "…" not in line:
        return None
    match = _TRAILING.match(line.strip()) if len(line) <= LONGEST else None
    if not match or any(match["code"].count(quote) % 2 for quote in "\"'`"):
        return None
    body = next(text for text in (match["jsx"], match["block"], match["html"], match["line"]) if text is not None)
    if not _is_marker_body(body.strip()):
        return None
    indent = line[: len(line) - len(line.lstrip())]
    return indent + match["code"].rstrip(), match["after"].strip()


def is_note(line: str) -> bool:
    """True where a comment's wording shows that it talks to the merger and is no code."""
    body = comment_body(line)
    if not body:
        return False
    if _NOTE_TAG.match(body) or _NUMBERED.match(body) or _ASKED.search(body):
        return True
    wrapped = re.match(r"^(?:\(.*\)|<<+.*>>+|\[.*\]|\*{2,}.*\*{2,}|={2,}.*={2,})\.?$", body)
    verb = _NOTE_HEAD.match(body)
    place = _NOTE_PLACE.search(body)
    if verb and body.endswith(":") and 2 < len(body.split()) <= 12:
        return True
    if wrapped and (verb or place):
        return True
    if is_removal_note(line):
        return True
    if verb and re.match(r"^[^A-Za-z]*(?:changed|replaced|added|moved|renamed|updated)\s*:", body, re.IGNORECASE):
        return True
    if (
        re.match(
            r"^(?:update|modify|change|replace|edit|fix|add|insert)s?\s+(?:this|these|the following)\b",
            body,
            re.IGNORECASE,
        )
        and len(body.split()) <= 8
    ):
        return True
    head = re.match(r"^NOTE\s*:\s*", body)
    return bool(
        head and place and re.search(r"\b(?:insert|add|lines?|take the place|replace)\b", body, re.IGNORECASE)
    ) or bool(
        verb
        and place
        and re.match(
            r"^[^A-Za-z]*(?:add|insert|remove|delete|replace|append|move)\s+(?:this|these|the|it|new|a)\b",
            body,
            re.IGNORECASE,
        )
    )


def is_removal_note(line: str) -> bool:
    """True where a comment says that something is to be removed (`// removed: old helper`, `# remove Block`)."""
    body = comment_body(line)
    if not body or body.startswith("-") or not _REMOVAL.match(body) or re.search(r"\bif\b|\bwhen\b", body):
        return False
    return (
        bool(
            re.match(
                r"^[^A-Za-z]*(?:note\s*:\s*)?(?:removed|deleted|dropped|remove\s*:|delete\s*:)", body, re.IGNORECASE
            )
        )
        or bool(re.match(r"^(?:\(.*\)|<<+.*>>+)$", body))
        or bool(_BARE_REMOVAL.match(body))
    )


def names_in(line: str) -> frozenset[str]:
    """The identifiers that a note may name."""
    return frozenset(re.findall(r"[A-Za-z_$][\w$]*", comment_body(line) or line))
