"""The code in what a model writes: what stands between the tags, whole or while it comes.

A tag is looked for in text, since its characters may share tokens with the code's. Where the code itself holds the
closing tag, the last one ends the answer; nothing is given out that may lie behind it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fastapply.resolve.completer import Question
    from fastapply.resolve.profile import Profile

__all__ = ["Reader", "closes_early", "read_answer"]

_FENCE = re.compile(r"[ \t]*(?:```+|~~~+)[^\n`]*\n")
_MAY_BE_FENCE = re.compile(r"[ \t]*(?:[`~][^\n]*)?\Z")
_LAST_FENCE = re.compile(r"(?:\A|(?<=\n))[ \t]*(?:```+|~~~+)\s*\Z")
_AT_LEAST = 64
"""Characters that are held back: as many as a closing tag has, with a fence and blank lines before it."""

Finished = Literal["stop", "length"]


def closes_early(profile: Profile, question: Question) -> bool:
    """Whether the user's own text holds the closing tag, which then must not be used to stop a model."""
    tag = profile.answer.end.strip()
    return any(tag in text for text in (question.code, question.update, question.draft))


def read_answer(
    profile: Profile, question: Question, content: str, *, finished: Finished = "stop", begun: bool = False
) -> tuple[str, Finished]:
    """The code in a whole answer, and how it ended. `finished` is how the server says that it did.

    `begun`: the begin of the answer was given; the server may have repeated it. A fence around the code does no harm.
    An answer without its closing tag is `length`.
    """
    tag = profile.answer.begin.strip()
    repeated = begun and content.lstrip().startswith(tag) and not question.draft.lstrip().startswith(tag)
    reader = Reader(profile, question, begun=begun and not repeated)
    reader.push(content)
    _, finished = reader.finish(finished)
    return reader.text, finished


class Reader:
    """Takes the text of an answer in pieces, and gives the code's out as far as it is settled.

    `begun`: the begin of the answer was given, as in a prompt that ends in it. `bare`: what is pushed is the code
    alone, and a tag in it is the code's.
    """

    def __init__(self, profile: Profile, question: Question, *, begun: bool = False, bare: bool = False) -> None:
        begin, end = profile.answer.begin, profile.answer.end
        begins_blank = question.code.startswith("\n") or question.draft.startswith("\n")
        self._begin = "" if begun or bare else begin.strip()
        self._tag = "" if bare else end.strip()
        self._last_counts = not bare and closes_early(profile, question)
        self._may_be_fenced = not (bare or _FENCE.match(question.code) or _FENCE.match(question.draft))
        self._drops_newline = not bare and (not begins_blank or (not begun and begin.endswith("\n")))
        self._hold = max(_AT_LEAST, 2 * len(self._tag))
        self._newline_ends = end.startswith("\n")
        self._head: str | None = None if bare else ""
        """All that came, while it is not known where the code begins."""
        self._given: list[str] = []
        self._held = ""
        self._fenced = False
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the closing tag was there, and nothing that comes can belong to the code."""
        return self._closed

    @property
    def text(self) -> str:
        """All that was given out: after `finish`, the whole code."""
        return "".join(self._given)

    def push(self, text: str) -> str:
        """More of the answer; returns the code that it settles, maybe none."""
        if self._closed:
            return ""
        if self._head is not None:
            self._head += text
            code = self._begun(self._head, at_end=False)
            if code is None:
                return ""
            text, self._head = code, None
        self._held += text
        return self._give(max(0, self._settled() - self._hold))

    def finish(self, finished: Finished) -> tuple[str, Finished]:
        """What was not given out yet, and how the answer ended."""
        if self._head is not None:
            self._held, self._head = self._begun(self._head, at_end=True) or "", None
            self._settled()
        end = len(self._held)
        if self._tag and not self._closed:
            at = self._held.rfind(self._tag) if self._last_counts else -1
            # Cut short, the answer's last closing tag may be the code's.
            if at >= 0 and finished == "stop" and not self._held[at + len(self._tag) :].strip(" \t\n`~"):
                end = at
            else:
                finished = "length"
        elif self._tag:
            finished = "stop"
        self._held = self._trimmed(self._held[:end])
        return self._give(len(self._held)), finished

    def _give(self, length: int) -> str:
        piece, self._held = self._held[:length], self._held[length:]
        if piece:
            self._given.append(piece)
        return piece

    def _settled(self) -> int:
        """How much of what is held is code for sure; cuts off what lies behind a tag that ends the answer."""
        if not self._tag:
            return len(self._held)
        at = self._held.rfind(self._tag) if self._last_counts else self._held.find(self._tag)
        if at >= 0 and not self._last_counts:
            self._closed, self._held = True, self._held[:at]
        return at if at >= 0 else len(self._held)

    def _begun(self, text: str, at_end: bool) -> str | None:
        """The code in `text`, less what models put before it; None where more is needed to tell."""
        start = text.find(self._begin)
        if start < 0 and not at_end:
            return None
        code = text[start + len(self._begin) :] if start >= 0 else text
        if self._drops_newline and code.startswith("\n"):
            code = code[1:]
        if not self._may_be_fenced:
            return code if code or at_end else None
        if fence := _FENCE.match(code):
            self._fenced = True
            return code[fence.end() :]
        return None if _MAY_BE_FENCE.match(code) and not at_end else code

    def _trimmed(self, code: str) -> str:
        """The end of the code without what models put behind it."""
        if self._fenced:
            return _LAST_FENCE.sub("", code)
        return code.removesuffix("\n") if self._newline_ends else code
