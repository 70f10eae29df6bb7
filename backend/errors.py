"""Every error that the engine raises on purpose.

    BackendError
    ├── CheckpointError           a model's folder can't be used
    │   ├── UnsupportedCheckpoint   the config asks for something that the decoder can't do; `key` names it
    │   ├── MissingFile             a file of the folder is not there
    │   ├── DamagedFile             a file is cut short or can't be read
    │   ├── MissingTensor           the model needs a tensor that no file holds
    │   ├── SurplusTensor           a file holds a tensor that the model has no place for
    │   └── MisshapenTensor         a tensor has another shape or type than the config says
    ├── ParallelError             the model can't be split over so many ranks, or a rank is gone
    │   ├── IndivisibleModel        heads or widths are not a multiple of the ranks
    │   └── RankLost                another rank does not answer any more
    ├── BadBatch                  a step's fields contradict each other
    └── UnknownOp                 no implementation of that name, or none for that device

Each class has a stable `code` that clients may switch on.
"""

from __future__ import annotations

__all__ = [
    "BackendError",
    "BadBatch",
    "CheckpointError",
    "DamagedFile",
    "IndivisibleModel",
    "MisshapenTensor",
    "MissingFile",
    "MissingTensor",
    "ParallelError",
    "RankLost",
    "SurplusTensor",
    "UnknownOp",
    "UnsupportedCheckpoint",
]


class BackendError(Exception):
    """Base of all errors of the engine; `code` is stable, the message is for people."""

    code = "backend_error"


class CheckpointError(BackendError):
    """A model's folder can't be used."""

    code = "checkpoint_error"


class UnsupportedCheckpoint(CheckpointError):
    """The config asks for something that the decoder can't do. `key` names the entry of the config."""

    code = "unsupported_checkpoint"

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key


class MissingFile(CheckpointError):
    """A file of the model's folder is not there."""

    code = "missing_file"


class DamagedFile(CheckpointError):
    """A file is cut short, or is not what its name says."""

    code = "damaged_file"


class MissingTensor(CheckpointError):
    """The model needs tensors that no file holds. `names` lists all of them."""

    code = "missing_tensor"

    def __init__(self, names: list[str], where: str) -> None:
        super().__init__(f"{where}: {_listed(names)} missing")
        self.names = names


class SurplusTensor(CheckpointError):
    """The files hold tensors that the model has no place for. `names` lists all of them."""

    code = "surplus_tensor"

    def __init__(self, names: list[str], where: str) -> None:
        super().__init__(f"{where}: the config has no place for {_listed(names)}")
        self.names = names


class MisshapenTensor(CheckpointError):
    """A tensor has another shape or type than the config says."""

    code = "misshapen_tensor"

    def __init__(self, name: str, expected: object, found: object) -> None:
        super().__init__(f"{name}: expected {expected}, found {found}")
        self.name = name
        self.expected = expected
        self.found = found


class ParallelError(BackendError):
    """The model can't be run over these ranks."""

    code = "parallel_error"


class IndivisibleModel(ParallelError):
    """Heads or widths are not a multiple of the number of ranks."""

    code = "indivisible_model"


class RankLost(ParallelError):
    """Another rank does not answer any more: the model has to be started anew on all of them."""

    code = "rank_lost"


class BadBatch(BackendError, ValueError):
    """A step's fields contradict each other: a fault of the caller."""

    code = "bad_batch"


class UnknownOp(BackendError, LookupError):
    """No implementation has that name, or none can run on that device."""

    code = "unknown_op"


def _listed(names: list[str], shown: int = 5) -> str:
    """The first `shown` names, and how many there are besides."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")
