"""The prompt of a question, as tokens for an engine and as messages for a chat server.

A prompt is a template with the user's texts in it. Only the template may hold marks such as `<|im_end|>`: in a user's
code they are text like any other. What stands between two marks is tokenised in one piece, template and code together,
since that is how the models were trained.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple, Protocol

from fastapply.errors import InvalidSetting, QuestionUnfit
from fastapply.resolve.completer import Question
from fastapply.resolve.profile import PLACEHOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fastapply.resolve.profile import Profile

__all__ = ["Coder", "Piece", "ids_of_marks", "marks_of", "messages", "pieces", "prompt_tokens", "shared_tokens"]

_MARK = re.compile(r"<\|[^|<>\s]+\|>")


class Piece(NamedTuple):
    """A stretch of a prompt: one mark of the vocabulary, or text in which nothing is one."""

    text: str
    mark: bool


class Coder(Protocol):
    """What is asked of a tokenizer here; `backend.tokenizer.Tokenizer` is one."""

    def encode(self, text: str, *, special: bool = False, first: bool = False) -> list[int]:
        """The ids of `text`, in which marks are text; `first` where it begins the sequence."""

    def special_id(self, mark: str) -> int | None:
        """The id of a mark, if there is one."""


def marks_of(profile: Profile) -> tuple[str, ...]:
    """All marks of the profile's texts, each once."""
    turns = profile.turns
    texts = (turns.begin, turns.system, turns.user, turns.assistant, profile.system, profile.user)
    found = [mark for text in texts for mark in _MARK.findall(text)]
    return tuple(dict.fromkeys([*found, *turns.marks, *profile.answer.stop_marks]))


def pieces(profile: Profile, question: Question) -> list[Piece]:
    """The whole prompt, with the given begin of the answer. Text and marks alternate, but for marks in a row."""
    found: list[Piece] = []
    for text, mark in _marked(profile, question):
        if not mark and found and not found[-1].mark:
            found[-1] = Piece(found[-1].text + text, False)
        elif text:
            found.append(Piece(text, mark))
    return found


def prompt_tokens(profile: Profile, question: Question, coder: Coder) -> list[int]:
    """The prompt as the model reads it. Raises `InvalidSetting` where the vocabulary lacks a mark of the profile."""
    ids = ids_of_marks(profile, coder)
    found: list[int] = []
    for at, piece in enumerate(pieces(profile, question)):
        found += [ids[piece.text]] if piece.mark else coder.encode(piece.text, first=at == 0)
    return found


def shared_tokens(profile: Profile, code: str, instruction: str, coder: Coder) -> list[int]:
    """What the prompts of all questions about `code` begin with: up to its end, or a little further.

    Where the profile's `user` has the instruction first, only of questions with this one.
    """
    # Two edits that no vocabulary joins to what is before them in the same way.
    edits = (Question(code, update, "", instruction=instruction) for update in ("\n", "x"))
    one, other = (prompt_tokens(profile, question, coder) for question in edits)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return [token for token, _ in same]


def ids_of_marks(profile: Profile, coder: Coder) -> dict[str, int]:
    """The id of each mark of the profile. Raises `InvalidSetting` where the vocabulary lacks one."""
    found: dict[str, int] = {}
    for mark in marks_of(profile):
        token = coder.special_id(mark)
        if token is None:
            raise InvalidSetting(f"the profile {profile.name} has the mark {mark}, and the model's vocabulary has not")
        found[mark] = token
    return found


def messages(profile: Profile, question: Question, *, prefill: bool = False) -> list[dict[str, str]]:
    """The prompt as a chat server takes it; with `prefill`, its last message is the begin of the answer.

    The server puts the marks in, and takes those that it finds in a message for its own. So `QuestionUnfit` is raised
    where the user's texts hold one.
    """
    texts = question.code, question.update, question.instruction
    if any(mark in text for mark in marks_of(profile) for text in texts):
        raise QuestionUnfit("the code or the edit holds a mark by which the model tells the turns of a conversation")
    found = [{"role": "system", "content": profile.system}] if profile.system else []
    found.append({"role": "user", "content": "".join(text for text, _ in _user(profile, question))})
    if prefill and profile.prefill:
        found.append({"role": "assistant", "content": profile.prefill})
    return found


def _marked(profile: Profile, question: Question) -> Iterator[Piece]:
    turns, marks = profile.turns, marks_of(profile)
    system = turns.system.replace("{text}", profile.system) if profile.system else ""
    before, _, after = turns.user.partition("{text}")
    yield from _split(turns.begin + system + before, marks)
    for text, is_template in _user(profile, question):
        yield from _split(text, marks) if is_template else [Piece(text, False)]
    yield from _split(after + turns.assistant + profile.prefill, marks)


def _user(profile: Profile, question: Question) -> Iterator[tuple[str, bool]]:
    """The text of the user's turn in pieces, and which of them are the template's."""
    texts = {"code": question.code, "update": question.update, "instruction": question.instruction}
    for at, part in enumerate(PLACEHOLDER.split(profile.user)):
        yield (texts[part], False) if at % 2 else (part, True)


def _split(text: str, marks: Iterable[str]) -> Iterator[Piece]:
    """A text of the template as marks and what stands between them."""
    longest_first = sorted(marks, key=len, reverse=True)
    parts = re.split("(" + "|".join(map(re.escape, longest_first)) + ")", text)
    return (Piece(part, at % 2 == 1) for at, part in enumerate(parts))
