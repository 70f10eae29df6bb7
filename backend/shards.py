"""safetensors files of a folder: which tensor lies where, checked before a byte of it is used.

Format: 8 bytes, little endian, length of the header; the header, JSON of name to dtype, shape and offsets; the data
(https://github.com/huggingface/safetensors). Files are mapped into memory, so only what is read is fetched from disk.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend.errors import DamagedFile, MissingFile, MissingTensor

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Stored", "find_tensors"]

_SINGLE = "model.safetensors"
_INDEX = "model.safetensors.index.json"
_LONGEST_HEADER = 100_000_000
"""Bytes: the format's own limit."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One tensor in a file."""

    file: Path
    dtype: str
    """As safetensors says it: F32, F16, BF16, …"""
    shape: tuple[int, ...]


def find_tensors(folder: Path) -> dict[str, Stored]:
    """All tensors of the folder's checkpoint, single or sharded.

    Raises `MissingFile` where there is no checkpoint or a shard of it is not there, `DamagedFile` where a file is cut
    short or is no safetensors file, `MissingTensor` where a shard lacks what the index says is in it.
    """
    if (folder / _SINGLE).is_file():
        return _tensors_of(folder / _SINGLE)
    if not (folder / _INDEX).is_file():
        raise MissingFile(f"{folder}: neither {_SINGLE} nor {_INDEX} is there{_other_formats(folder)}")
    places = _places(folder / _INDEX)
    found: dict[str, Stored] = {}
    for file in sorted(set(places.values())):
        if not (folder / file).is_file():
            raise MissingFile(f"{folder / file} is not there, and {_INDEX} names it")
        found |= _tensors_of(folder / file)
    absent = sorted(name for name, file in places.items() if name not in found or found[name].file.name != file)
    if absent:
        raise MissingTensor(absent, f"{folder}, by its {_INDEX}")
    return found


def _places(index: Path) -> dict[str, str]:
    """Tensor name to file name, as the index says."""
    try:
        places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        plain = all(isinstance(file, str) and Path(file).name == file for file in places.values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedFile(f"{index}: {type(error).__name__}: {error}") from error
    if not plain:
        raise DamagedFile(f"{index}: weight_map must name files of its own folder")
    return dict(places)


def _tensors_of(file: Path) -> dict[str, Stored]:
    size = file.stat().st_size
    header, data = _header(file, size)
    try:
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        expected = data + max((entry["data_offsets"][1] for entry in entries.values()), default=0)
        stored = {name: Stored(file, entry["dtype"], tuple(entry["shape"])) for name, entry in entries.items()}
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise DamagedFile(f"{file}: its header is not of the safetensors format ({error!r})") from error
    if size != expected:
        raise DamagedFile(f"{file}: expected {expected} bytes by its header, found {size}")
    return stored


def _header(file: Path, size: int) -> tuple[dict[str, Any], int]:
    """The header of a file and where its data begins."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > _LONGEST_HEADER or 8 + length > size:
            raise DamagedFile(f"{file}: expected a header of {length} bytes, found {max(size - 8, 0)}")
        try:
            header = json.loads(stream.read(length))
        except ValueError as error:
            raise DamagedFile(f"{file}: its header is not JSON ({error})") from error
    if not isinstance(header, dict):
        raise DamagedFile(f"{file}: its header is not an object")
    return header, 8 + length


def _other_formats(folder: Path) -> str:
    """What may be there instead: said, since pickled weights are never loaded."""
    others: Iterable[Path] = [*folder.glob("*.bin"), *folder.glob("*.pth"), *folder.glob("*.gguf")]
    names = sorted(path.name for path in others)
    return f" (found {names[0]}; only safetensors files are read)" if names else ""
