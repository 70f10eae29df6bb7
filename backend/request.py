"""What callers give the engine and what they get back. Plain values; what happens in between is in `sequence`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NewType

import numpy as np

from backend.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "Drafts",
    "Event",
    "Finished",
    "Handle",
    "Mismatch",
    "Progress",
    "Reason",
    "Request",
    "SamplingParams",
    "Splice",
    "Usage",
]

Handle = NewType("Handle", int)
"""Names a request to the engine that took it; never used twice."""

Reason = Literal["stop", "length", "cancelled", "deadline", "closed"]


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How a token is chosen from the model's scores."""

    temperature: float = 0.0
    """0 takes the best token. Above, tokens are drawn from softmax(logits / temperature)."""
    top_p: float = 1.0
    """Draw only among the fewest most probable tokens whose probabilities sum to this; above 0, at most 1."""
    seed: int | None = None
    """The same seed, the same answer, with any draft and any company. None draws a seed."""

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < float("inf"):
            raise BadRequest("temperature", f"{self.temperature} is not 0 or more and finite")
        if not 0 < self.top_p <= 1:
            raise BadRequest("top_p", f"{self.top_p} is not above 0 and at most 1")


@dataclass(frozen=True, slots=True)
class Drafts:
    """What the answer will probably be, best first. Any of it may be wrong, missing or nonsense.

    Like all that is the user's text, it is not part of the repr, which may end in a log.
    """

    given: Sequence[int] = field(default=(), repr=False)
    """The best guess of the whole answer."""
    unsure: Sequence[int] = ()
    """Positions in `given` just after a hunk that is in doubt, ascending: chunks end there."""
    original: Sequence[int] = field(default=(), repr=False)
    """The text that is edited."""
    snippet: Sequence[int] = field(default=(), repr=False)
    """The edit."""


@dataclass(frozen=True, slots=True)
class Splice:
    """The runs of tokens that an answer is put together from: it is some of them, one after another, then a stop.

    A stop may begin where a unit may, and nowhere else: its tokens within a unit are text. `max_tokens` cuts anywhere.
    """

    units: Sequence[Sequence[int]] = field(repr=False)
    """Each may come any number of times: a line with its line end, say."""
    last: Sequence[Sequence[int]] = field(default=(), repr=False)
    """Each may come only once and last: a line without its line end, to which no other may be joined."""


@dataclass(frozen=True, slots=True)
class Request:
    """One answer wanted. Token ids are below the model's vocabulary size."""

    prompt: Sequence[int] = field(repr=False)
    """At least one token."""
    max_tokens: int
    """The answer ends after so many tokens; 1 or more."""
    sampling: SamplingParams = SamplingParams()
    drafts: Drafts = Drafts()
    stop_ids: frozenset[int] = frozenset()
    """The answer ends before the first of these tokens."""
    stop_sequences: tuple[tuple[int, ...], ...] = ()
    """The answer ends before the first of these runs of tokens."""
    splice: Splice | None = None
    """What the answer must be put together from; None leaves the model free."""
    deadline: float | None = None
    """On the engine's clock, in seconds (`time.monotonic()` unless it was given another)."""
    salt: bytes = b""
    """Only requests with the same salt share pages: give each tenant its own."""
    background: bool = False
    """Computed only in steps that no other request has a part in, and loses its pages to any of them: for prompts that
    somebody may ask with soon."""

    def __post_init__(self) -> None:
        if self.max_tokens < 1:
            raise BadRequest("max_tokens", f"{self.max_tokens} is less than 1")
        if not all(self.stop_sequences):
            raise BadRequest("stop_sequences", "a sequence is empty")


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A drafted token that the model did not choose."""

    position: int
    """In the answer, from 0."""
    proposed: int
    chosen: int
    margin: float
    """The highest logit minus the second, of the tokens that were allowed: near 0, rounding may have decided."""


@dataclass(slots=True)
class Usage:
    """What an answer cost, in tokens unless it says otherwise."""

    prompt: int = 0
    completion: int = 0
    """Tokens of the answer; a stop token or sequence is not counted."""
    cached: int = 0
    """Prompt tokens that were found computed when the request first ran."""
    drafted: int = 0
    accepted: int = 0
    """Drafted tokens that the model chose too, or had to."""
    forced: int = 0
    """Tokens of the answer that the splice left no choice of; drafted or not."""
    passes: int = 0
    """Steps that computed something of this request."""
    preemptions: int = 0
    """Times that its pages were given to an older request."""
    mismatches: list[Mismatch] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Progress:
    """The next tokens of an answer, final."""

    handle: Handle
    tokens: list[int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """The last word on a request: no event of it comes after, and it holds no pages any more."""

    handle: Handle
    reason: Reason
    usage: Usage


Event = Progress | Finished


def token_array(tokens: Sequence[int] | NDArray[np.int64], field: str, vocab_size: int) -> NDArray[np.int64]:
    """`tokens` as int64 [n], C order; `BadRequest` for an id outside the vocabulary."""
    array = np.ascontiguousarray(tokens, dtype=np.int64).reshape(-1)
    if array.size and (int(array.min()) < 0 or int(array.max()) >= vocab_size):
        raise BadRequest(field, f"a token id is outside 0 to {vocab_size - 1}")
    return array
