"""A checkpoint as a source of weights: every name and shape checked first, then read slice by slice."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

import torch
from safetensors import SafetensorError, safe_open

from backend.errors import DamagedFile, MisshapenTensor, MissingTensor, SurplusTensor
from backend.shards import Stored, find_tensors
from backend.split import Split
from backend.weights import Weights, build, published

if TYPE_CHECKING:
    from pathlib import Path

    from backend.spec import ModelSpec

__all__ = ["Checkpoint", "load"]

_FLOATS = ("BF16", "F16", "F32")
# Tables that old exports of Llama hold and every implementation computes for itself.
_IGNORED = re.compile(r"(model\.layers\.\d+\.self_attn\.|model\.)rotary_emb\.inv_freq")


def load(folder: Path, spec: ModelSpec, split: Split | None = None, device: torch.device | None = None) -> Weights:
    """This rank's weights from a model's folder. Raises what `Checkpoint` raises."""
    with Checkpoint(folder, spec) as source:
        return build(spec, split or Split.of(spec), source, device or torch.device("cpu"))


class Checkpoint:
    """`with Checkpoint(folder, spec) as source: ...`; the files stay mapped until the end.

    Raises `MissingTensor`, `SurplusTensor` and `MisshapenTensor` where the files do not hold what the spec says, and
    what `find_tensors` raises.
    """

    def __init__(self, folder: Path, spec: ModelSpec) -> None:
        self._stored = find_tensors(folder)
        _check(self._stored, spec, str(folder))
        self._files: dict[Path, Any] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.clear()
        self._open.close()

    def read(self, name: str, rows: range | None = None, columns: range | None = None) -> torch.Tensor:
        """The tensor of that name, or these rows and columns of it, in the type of the file; only these are fetched."""
        try:
            part = self._file(self._stored[name].file).get_slice(name)
            first = slice(None) if rows is None else slice(rows.start, rows.stop)
            tensor = part[first] if columns is None else part[first, columns.start : columns.stop]
        except SafetensorError as error:
            raise DamagedFile(f"{self._stored[name].file}: {name}: {error}") from error
        assert isinstance(tensor, torch.Tensor)
        return tensor

    def _file(self, path: Path) -> Any:
        if path not in self._files:
            self._files[path] = self._open.enter_context(safe_open(path, framework="pt", device="cpu"))
        return self._files[path]


def _check(stored: dict[str, Stored], spec: ModelSpec, where: str) -> None:
    """Compare all names, then all shapes and types."""
    expected = published(spec)
    missing = [name for name in expected if name not in stored]
    if missing:
        raise MissingTensor(missing, where)
    surplus = [name for name in stored if name not in expected and not _is_ignored(name, spec)]
    if surplus:
        raise SurplusTensor(sorted(surplus), where)
    for name, shape in expected.items():
        found = stored[name]
        if found.shape != shape:
            raise MisshapenTensor(name, list(shape), list(found.shape))
        if found.dtype not in _FLOATS:
            raise MisshapenTensor(name, " or ".join(_FLOATS), found.dtype)


def _is_ignored(name: str, spec: ModelSpec) -> bool:
    """A head beside tied embeddings is a copy of them that some exports write."""
    return bool(_IGNORED.fullmatch(name)) or (spec.tied_embeddings and name == "lm_head.weight")
