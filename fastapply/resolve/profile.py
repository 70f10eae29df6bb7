"""How a model is talked to, as data: one TOML file a model in `configs/models/`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["Answer", "Decoding", "Profile", "Sampling", "Turns"]


class Turns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands around each turn, marks such as `<|im_start|>` included. `{text}` is the turn's own text."""

    system: str
    user: str
    assistant: str
    """What comes before the answer; no `{text}`."""


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of the answer."""

    begin: str
    """The tag before the code, with the line break after it if the model writes one."""
    end: str
    """The tag after it, with the line break before it if the model writes one that is not the code's."""
    stop_marks: tuple[str, ...] = ()
    """Marks of the vocabulary that end an answer, such as `<|im_end|>`."""


class Sampling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How tokens are chosen."""

    temperature: Annotated[float, Meta(ge=0)] = 0.0
    top_p: Annotated[float, Meta(gt=0, le=1)] = 1.0
    seed: int | None = None


class Decoding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much is decoded, and of what."""

    context: Annotated[int, Meta(gt=0)]
    """Tokens of prompt and answer together that the model was trained for; the checkpoint's own limit holds too."""
    whole_file: bool
    """Trained on whole files: these are asked for where they fit, and a part of one only where they don't."""
    splice: bool = True
    """The answer is put together from lines of the code and of the edit, and can hold no other."""


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model. In `user`, `{code}`, `{update}` and `{instruction}` stand for the question's texts."""

    name: str
    """What clients call the model."""
    description: str
    user: str
    turns: Turns
    answer: Answer
    decoding: Decoding
    system: str = ""
    """Empty: there is no system turn."""
    prefill: str = ""
    """Text of the answer's begin that is given, so that the model goes on from there."""
    sampling: Sampling = Sampling()
