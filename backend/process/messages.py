"""What passes between the engine's process and its clients: msgpack, one message a frame, each with its type's tag.

Token ids travel as raw little-endian int32, since a request may hold a hundred thousand of them. Nothing here shows a
request's tokens in its repr, which may end in a log.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta, Struct

from backend.request import Reason, Usage

__all__ = [
    "LARGEST",
    "PROTOCOL",
    "Ask",
    "Beat",
    "Bye",
    "Cancel",
    "Done",
    "FromClient",
    "FromEngine",
    "Hello",
    "Query",
    "Ragged",
    "Refused",
    "Stats",
    "Tokens",
    "Units",
    "Welcome",
]

PROTOCOL = 2
"""Raised with every change of a message. Both sides of one installation have the same; it is checked at `Hello`."""
LARGEST = 64 * 2**20
"""Bytes of the largest message; who sends more is cut off."""

Id = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class _Message(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    def __repr__(self) -> str:
        return f"{type(self).__name__}({getattr(self, 'id', '')})"


class Ragged(Struct, frozen=True, array_like=True):
    """Several runs of tokens."""

    ids: bytes
    """int32: all runs, one after another."""
    lengths: bytes
    """int32: the tokens of each."""

    def __repr__(self) -> str:
        return "Ragged()"


class Units(Struct, frozen=True, array_like=True):
    """A `Splice`."""

    units: Ragged
    last: Ragged


class Hello(_Message, frozen=True, tag="hello"):
    """A client's first message."""

    protocol: int


class Ask(_Message, frozen=True, tag="ask"):
    """A `Request`. Fields of type bytes are int32 arrays, except `salt`."""

    id: Id
    """Chosen by the client: not that of another of its requests that is not done."""
    prompt: bytes
    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    given: bytes = b""
    unsure: bytes = b""
    original: bytes = b""
    snippet: bytes = b""
    stop_ids: bytes = b""
    stop_sequences: Ragged | None = None
    splice: Units | None = None
    seconds: float | None = None
    """Until the deadline, from when the engine reads this: clocks of two processes need not agree."""
    salt: bytes = b""
    background: bool = False


class Cancel(_Message, frozen=True, tag="cancel"):
    """End a request. Answered by its `Done`, if it is not done already."""

    id: Id


class Query(_Message, frozen=True, tag="query"):
    """Asks for `Stats`."""


class Welcome(_Message, frozen=True, tag="welcome"):
    """The answer to `Hello`: what runs here."""

    instance: str
    """Drawn anew by every process."""
    model: str
    """The name of its folder."""
    family: str
    vocab_size: int
    context: int
    """Tokens of prompt and answer together."""
    most_requests: int
    pages: int
    page_tokens: int
    device: str
    dtype: str
    ranks: int
    eos: tuple[int, ...] = ()
    """Ids that end an answer, by the model's config."""
    versions: dict[str, str] = {}
    """Of Python, torch and CUDA."""
    restarts: int = 0
    """How often the engine was started anew before."""

    def __repr__(self) -> str:
        return f"Welcome({self.model} on {self.device}, {self.ranks} ranks, instance {self.instance})"


class Tokens(_Message, frozen=True, tag="tokens"):
    """The next tokens of an answer, final."""

    id: Id
    data: bytes
    """int32"""

    @property
    def ids(self) -> list[int]:
        """The tokens."""
        tokens: list[int] = np.frombuffer(self.data, "<i4").tolist()
        return tokens


class Done(_Message, frozen=True, tag="done"):
    """The last word on a request that was taken."""

    id: Id
    reason: Reason
    usage: Usage


class Refused(_Message, frozen=True, tag="refused"):
    """A request that was not taken: an error of `backend.errors` in parts."""

    id: Id
    code: str
    message: str
    field: str = ""
    needed: int = 0
    limit: int = 0
    what: str = ""


class Stats(_Message, frozen=True, tag="stats"):
    """What the engine has done since its start. Tokens are those of requests that are done, unless it says more."""

    live: int
    """Requests that are not done."""
    pages: int
    available: int
    """Pages that are free or kept for nobody in particular: all of them while no request is there."""
    kept: int
    """Of those, pages that hold a prefix that may be asked for again."""
    clients: int
    seconds: float
    """Since the start."""
    steps: int
    busy_seconds: float
    """Spent in steps."""
    answered: int
    """Tokens of answers sent, those of requests that are not done included."""
    tokens_per_second: float
    """Of answers, averaged over about the last 10 seconds."""
    done: dict[Reason, int]
    """Requests by why they ended."""
    refused: dict[str, int]
    """Requests by the code of the error."""
    prompt: int
    cached: int
    """Prompt tokens that were found computed."""
    drafted: int
    accepted: int
    forced: int
    """Tokens of answers that a splice left no choice of."""
    mismatches: int
    preemptions: int
    dropped: int
    """Messages that were none of the protocol's."""
    restarts: int

    def __repr__(self) -> str:
        return f"Stats({msgspec.structs.asdict(self)})"


class Beat(_Message, frozen=True, tag="beat"):
    """Sent now and then to see who is still there; means nothing else."""


class Bye(_Message, frozen=True, tag="bye"):
    """The engine knows nothing of this client, or not any more: its requests are gone. It may say `Hello` again."""

    code: str
    """`closed`, `protocol`, `too_slow` or `unknown`."""
    message: str


FromClient = Hello | Ask | Cancel | Query
FromEngine = Welcome | Tokens | Done | Refused | Stats | Beat | Bye
