"""What a model is asked and what it answers: the one protocol between the service and whatever runs a model.

An engine on this machine and a server that a team already runs are both `Completer`s; nothing else in the package
knows which of them answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from fastapply.merge.values import Usage

__all__ = ["Completer", "Completion", "Question", "Warmth"]


@dataclass(frozen=True, slots=True)
class Question:
    """An edit that a model is to make. Lines of all texts end in LF; the user's code is not part of the repr."""

    code: str = field(repr=False)
    """What is to be edited: a whole file or a part of one."""
    update: str = field(repr=False)
    """The lazy edit."""
    draft: str = field(repr=False)
    """The best guess of the whole answer. It changes the time that the answer takes, and nothing else."""
    unsure: tuple[int, ...] = ()
    """Characters of `draft` just after what is in doubt, ascending."""
    lines: tuple[str, ...] = field(default=(), repr=False)
    """Every line that a right answer may hold, each once and with its LF: those of `code` and of `update`, without
    markers, and those of `update` at the depth of their place."""
    instruction: str = field(default="", repr=False)
    """What the edit does, in the words of its author; often empty."""


@dataclass(frozen=True, slots=True)
class Completion:
    """The end of an answer, and the whole of it."""

    text: str = field(repr=False)
    """The edited code, without tags; ends as the model ended it."""
    finished: Literal["stop", "length"]
    """`length`: the answer was cut short at the most tokens that it could have, or came without its closing tag."""
    usage: Usage


@dataclass(frozen=True, slots=True)
class Warmth:
    """What came of reading a file ahead, in tokens of the prompt."""

    tokens: int = 0
    """Kept of it now, for the next question to find."""
    cached: int = 0
    """Of these, how many were there already."""


class Completer(Protocol):
    """Asks one model. Many questions may be open at once."""

    @property
    def name(self) -> str:
        """The name under which clients ask for the model."""

    @property
    def whole_file(self) -> bool:
        """Whether the model was trained on whole files: then these are asked for where they fit."""

    @property
    def never_warm(self) -> str:
        """Why reading files ahead is of no use, as a code: `parts_only` where the model is not asked about whole files,
        `remote_off` where its server is not to be sent them. Empty where it is of use."""

    async def fits(self, question: Question) -> bool:
        """Whether prompt and answer fit the model's context."""

    def complete(self, question: Question, seconds: float) -> AsyncGenerator[str | Completion, None]:
        """The answer: pieces of its text as they are final, then one `Completion`.

        Closing the iterator early cancels the question. Raises `QuestionTooLong`, `ModelDown`, `ModelBusy`,
        `ModelFailed`, or `DeadlineExceeded` after `seconds`.
        """

    async def warm(self, code: str, instruction: str, seconds: float) -> Warmth:
        """Read what the prompts of all questions about `code`, a whole file as in `Question.code`, begin with.

        So the next question finds it read. No question waits for it; to cancel it ends it. Raises what `complete`
        does; `QuestionTooLong` also where no question about all of `code` fits.
        """
