"""What models put around an edit: fences, a file name, a sentence; and the choice of the file that is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from fastapply.merge.formats.rows import FilePart

Numbered = tuple[int, str]  # a snippet line: its number and its text without ending

_FENCE = re.compile(r"(`{3,}|~{3,})[^`]*")
_PATH = re.compile(
    r"(?:[#*`>\s]*)(?:(?:file(?:name|path)?|path)\s*:\s*)?[`*]*([\w.@+~/\\-]+)[`*:]*\s*",
    re.IGNORECASE,
)
_NAMES = re.compile(r"\w[/\\]+\w|\w\.\w|^\.\w")
_PROSE = re.compile(r"[A-Z#*>\d][^={};]*[.:!]\**\s*")
_DOCUMENTS = (".md", ".mdx", ".markdown", ".rst", ".txt", ".adoc", ".org", ".diff", ".patch")
_LONGEST_FRAME_LINE = 300


def is_fence(text: str) -> bool:
    """True for a line that opens or closes a Markdown fence at the left margin."""
    return len(text) <= _LONGEST_FRAME_LINE and _FENCE.fullmatch(text) is not None


def path_in(text: str) -> str | None:
    """The file that a line such as `src/a.py`, `**a.py**` or `File: a.py` names and nothing else."""
    if len(text) > _LONGEST_FRAME_LINE:
        return None
    match = _PATH.fullmatch(text)
    return match[1] if match and _NAMES.search(match[1]) else None


def is_prose(text: str) -> bool:
    """True for a sentence at the left margin, of several words, without the signs that code is made of."""
    return len(text) <= _LONGEST_FRAME_LINE and " " in text.strip() and _PROSE.fullmatch(text) is not None


def unframed(lines: Sequence[str]) -> tuple[list[Numbered], list[str]] | None:
    """The content of a snippet with its line numbers, and the sentences and fences around it.

    With fences the content is what they hold, without them all after leading sentences. None where something
    else than sentences, file names and blank lines stands outside.
    """
    numbered = list(enumerate(lines))
    around: list[str] = []
    content: list[Numbered] = []
    fence = ""
    for at, (number, text) in enumerate(numbered):
        if fence:
            if text.rstrip() == fence:
                fence = ""
            else:
                content.append((number, text))
        elif is_fence(text):
            fence = text[: len(text) - len(text.lstrip(text[0]))]
            around.append(text)
        elif text.strip() and not is_prose(text) and path_in(text) is None:
            rest = numbered[at:]
            return None if content else (rest, around)
        elif text.strip():
            around.append(text)
    return content, around


def is_document(around: Iterable[str], original: Sequence[str], path: str | None) -> bool:
    """True where what stands around an edit may be text of the file itself: then it is a document, not an edit."""
    around = [text for text in around if text.strip()]
    if not any(is_prose(text) for text in around):
        return False
    named = path is not None and path.lower().endswith(_DOCUMENTS)
    return named or not set(around).isdisjoint(original)


def choose_file(parts: Sequence[FilePart], path: str | None) -> tuple[FilePart, str]:
    """The part (joined from all of that name) that edits `path`, and a message where the choice is open.

    Names count only if there are several: with one file named, the lines themselves tell whether it is ours.
    """
    names = list(dict.fromkeys(_normal(part.path) for part in parts if part.path is not None))
    if len(names) > 1:
        fitting = [name for name in names if path is not None and _same_file(name, _normal(path))]
        if len(fitting) != 1:
            listed = ", ".join(names[:5])
            why = "no path says which is meant" if path is None else "none of them, or several, are the given path"
            return FilePart(None, ()), f"the snippet edits several files ({listed}), and {why}"
        names, parts = fitting, _of_name(parts, fitting[0])
    hunks = tuple(hunk for part in parts for hunk in part.hunks)
    doubts = tuple(doubt for part in parts for doubt in part.doubts)
    creates = any(part.creates for part in parts)
    return FilePart(names[0] if names else None, hunks, creates, doubts), ""


def _of_name(parts: Sequence[FilePart], name: str) -> list[FilePart]:
    """The parts of file `name`; a part without a name belongs to the file named last."""
    found = []
    current = ""
    for part in parts:
        current = current if part.path is None else _normal(part.path)
        if current == name:
            found.append(part)
    return found


def _normal(path: str | None) -> str:
    path = (path or "").strip().strip("\"'").replace("\\", "/")
    return path.removeprefix("./")


def _same_file(one: str, other: str) -> bool:
    for name in {one, re.sub(r"^[ab]/", "", one)}:
        if name == other or name.endswith("/" + other.lstrip("/")) or other.endswith("/" + name.lstrip("/")):
            return True
    return False
