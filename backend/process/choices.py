"""What options leave open, decided by model and machine: device, type of numbers, settings of the engine."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

import torch

from backend.errors import BadSetting, MissingFile
from backend.settings import EngineSettings
from backend.spec import DTYPES, ModelSpec
from backend.tokenizer import open_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from backend.process.options import Options

__all__ = ["device_of", "settings_of", "spec_of"]

_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")


def device_of(options: Options) -> torch.device:
    """The device of this rank. Raises `BadSetting` where there is none for it, or none for one of the others."""
    if not _DEVICE.fullmatch(options.device):
        raise BadSetting("device", f"{options.device!r} is none of auto, cpu, cuda and cuda:i")
    there = torch.cuda.device_count()
    if options.device == "cpu" or (options.device == "auto" and not there):
        return torch.device("cpu")
    first = int(options.device.partition(":")[2] or 0)
    if first + options.tensor_parallel > there:
        wanted = f"{options.tensor_parallel} from number {first} on" if options.tensor_parallel > 1 else f"cuda:{first}"
        raise BadSetting("device", f"{wanted} are asked for, and there are {there} CUDA devices")
    return torch.device("cuda", first + options.rank)


def spec_of(options: Options, device: torch.device) -> ModelSpec:
    """The model, in the type that it is to be computed in. Raises what `ModelSpec.from_folder` raises."""
    spec = ModelSpec.from_folder(options.model)
    if options.dtype != "auto":
        return dataclasses.replace(spec, dtype=DTYPES[options.dtype])
    # Few CPUs compute in 16 bits; most would be slower with them.
    return spec if device.type == "cuda" else dataclasses.replace(spec, dtype=torch.float32)


def settings_of(options: Options, spec: ModelSpec, *, with_text: bool = False) -> EngineSettings:
    """The engine's settings, `with_text` with the line ends of the folder's tokenizer, where there is one.

    Raises `BadSetting`, and what `open_tokenizer` raises for a tokenizer that can't be used.
    """
    context = options.context or spec.max_positions
    if context > spec.max_positions:
        raise BadSetting(
            "context", f"{context} is more than the {spec.max_positions} tokens that the model was made for"
        )
    return EngineSettings(
        vocab_size=spec.vocab_size,
        context=context,
        step_tokens=options.step_tokens,
        most_requests=options.most_requests,
        line_ends=line_ends(options.model, spec.vocab_size) if with_text else frozenset(),
    )


def line_ends(folder: Path, vocab_size: int) -> frozenset[int]:
    """Ids of `folder`'s tokenizer whose text ends a line; none where it has no tokenizer."""
    try:
        tokenizer = open_tokenizer(folder)
    except MissingFile:
        return frozenset()
    ids = range(min(tokenizer.size, vocab_size))
    return frozenset(i for i in ids if tokenizer.bytes_of(i).endswith((b"\n", b"\r")))
