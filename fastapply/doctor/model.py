"""The model that the settings name: is what it needs there?"""

from __future__ import annotations

import dataclasses
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.doctor.finding import Finding
from fastapply.errors import InvalidSetting
from fastapply.resolve.configured import configured_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapply.settings.model import ModelSettings

__all__ = ["look_at_model"]


def look_at_model(model: ModelSettings) -> Iterator[Finding]:
    """Profile, packages, and the files of the checkpoint. Weights are not read: that takes long."""
    if not model.configured:
        yield Finding("ok", "no model: edits in doubt are refused")
        return
    try:
        # Nothing is connected by making it; some address has to be there.
        configured_model(dataclasses.replace(model, engine=model.engine or "ipc://unused" if model.folder else ""))
    except InvalidSetting as error:
        yield Finding("problem", str(error), "correct the settings under [model]")
        return
    if model.url:
        yield Finding("note", f"files and edits in doubt are sent to {model.url}", "make sure that they may be")
        return
    yield from _look_at_folder(Path(model.folder).expanduser())
    if find_spec("torch") is None:
        yield Finding("problem", "the engine needs torch", "pip install 'fastapply[model]'")


def _look_at_folder(folder: Path) -> Iterator[Finding]:
    missing = [name for name in ("config.json", "*.safetensors") if not any(folder.glob(name))]
    for name in missing:
        yield Finding("problem", f"{folder} has no {name}", "name the folder of a checkpoint as it is published")
    if not missing:
        yield Finding("ok", f"{folder} has a config, weights and a tokenizer")
