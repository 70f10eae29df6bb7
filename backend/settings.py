"""What the engine may be told: one dataclass a concern, each field with its unit, checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.errors import BadSetting

__all__ = ["DraftSettings", "EngineSettings"]


@dataclass(frozen=True, slots=True)
class DraftSettings:
    """How much is drafted. The answer never depends on it, only the time."""

    first_chunk: int = 256
    """Tokens of the first chunk, and of the first after a miss; 1 or more."""
    most_chunk: int = 1024
    """Tokens a chunk may grow to, doubling with each chunk that was right; not less than `first_chunk`."""
    free_tokens: int = 200
    """Tokens that may be wrong at hardly any cost: the most that is proposed on weak evidence, and the least before a
    chunk ends at an unsure hunk. A number of the device and model: about 200 for dense models on an H100."""
    strong_match: int = 8
    """Tokens that output and source must have in common before the next for the evidence to be strong; 1 or more."""
    ngrams: bool = True
    """Whether prompt and output so far are the last source, where nothing better goes on."""

    def __post_init__(self) -> None:
        _at_least(self, first_chunk=1, most_chunk=self.first_chunk, free_tokens=0, strong_match=1)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How the engine divides its steps."""

    vocab_size: int
    """Token ids are below it: 0 to `vocab_size - 1`."""
    context: int
    """Tokens of prompt and answer together that the model can attend to."""
    step_tokens: int = 2048
    """Query tokens of one step, all sequences together; about 2k for 7B on an H100, 4k for 1.5B."""
    step_sequences: int = 256
    """Sequences in one step."""
    background_tokens: int = 256
    """Query tokens of a step that has only background requests: whoever arrives meanwhile waits for no more."""
    sampled_rows: int = 64
    """Rows of one step whose logits are fetched (each `vocab_size` x 4 bytes): it bounds drafts at temperatures above
    0, and how many such requests share a step."""
    choice_ids: int = 1 << 20
    """Logits of one step that are fetched for requests with a splice, 4 bytes each: every place in a draft where there
    is a choice takes as many as there are tokens to choose from. One place that has more is asked alone."""
    most_requests: int = 1024
    """Requests that may be there at once, waiting and running; `QueueFull` above."""
    patience: int = 8
    """Steps that a request may be passed over for shorter ones. With pages for all, none waits longer than this plus
    the number of requests."""
    line_ends: frozenset[int] = frozenset()
    """Token ids whose text ends a line. Without them, no line counts as evidence."""
    drafts: DraftSettings = field(default_factory=DraftSettings)

    def __post_init__(self) -> None:
        _at_least(self, vocab_size=2, context=2, step_tokens=1, step_sequences=1, sampled_rows=1, choice_ids=1)
        _at_least(self, most_requests=1, patience=1, background_tokens=1)
        if any(not 0 <= token < self.vocab_size for token in self.line_ends):
            raise BadSetting("line_ends", "a token id is outside the vocabulary")


def _at_least(settings: object, **limits: int) -> None:
    for name, limit in limits.items():
        value = getattr(settings, name)
        if value < limit:
            raise BadSetting(name, f"{value} is less than {limit}")
