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
    ├── RequestRefused            a request was not taken; nothing of it is kept
    │   ├── BadRequest              a field can't be used; `field` names it
    │   ├── RequestTooLong          the request can never fit the pages or the model's context
    │   ├── QueueFull               as many requests wait as may; try again later
    │   └── EngineClosed            the engine takes no requests any more
    ├── PagesError                the memory for keys and values
    │   ├── NotEnoughMemory         not one request of the context's length fits; the message holds the arithmetic
    │   ├── OutOfPages              more pages were asked for than can be had now
    │   └── CorruptPages            the books of the pages contradict each other: a fault of the engine
    ├── ProcessError              between the engine's process and those that ask it
    │   ├── EngineDown              the engine's process is not there, or ended before the answer did
    │   ├── EngineFault             the engine could not take a request for a fault of its own
    │   └── BadMessage              bytes that are no message of the protocol
    ├── BadSetting                a setting of the engine can't be used; `field` names it
    ├── BadBatch                  a step's fields contradict each other
    └── UnknownOp                 no implementation of that name, or none for that device

Each class has a stable `code` that clients may switch on.
"""

from __future__ import annotations

__all__ = [
    "BackendError",
    "BadBatch",
    "BadMessage",
    "BadRequest",
    "BadSetting",
    "CheckpointError",
    "CorruptPages",
    "DamagedFile",
    "EngineClosed",
    "EngineDown",
    "EngineFault",
    "IndivisibleModel",
    "MisshapenTensor",
    "MissingFile",
    "MissingTensor",
    "NotEnoughMemory",
    "OutOfPages",
    "PagesError",
    "ParallelError",
    "ProcessError",
    "QueueFull",
    "RankLost",
    "RequestRefused",
    "RequestTooLong",
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


class RequestRefused(BackendError):
    """A request was not taken."""

    code = "request_refused"


class BadRequest(RequestRefused, ValueError):
    """A field of a request can't be used. `field` names it."""

    code = "bad_request"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class RequestTooLong(RequestRefused):
    """Prompt and answer are `needed` tokens, and never more than `limit` can be held."""

    code = "request_too_long"

    def __init__(self, needed: int, limit: int, what: str) -> None:
        super().__init__(f"prompt and max_tokens make {needed} tokens; {what} holds {limit}")
        self.needed = needed
        self.limit = limit
        self.what = what


class QueueFull(RequestRefused):
    """As many requests wait as may. Nothing is wrong with this one: send it again later."""

    code = "queue_full"


class EngineClosed(RequestRefused):
    """The engine was closed."""

    code = "engine_closed"


class PagesError(BackendError):
    """The memory for keys and values."""

    code = "pages_error"


class NotEnoughMemory(PagesError):
    """Not one request of the context's length fits; the message holds the arithmetic."""

    code = "not_enough_memory"


class OutOfPages(PagesError):
    """More pages were asked for than can be had now. The scheduler asks first, so callers never see it."""

    code = "out_of_pages"


class CorruptPages(PagesError):
    """The books of the pages contradict each other: a fault of the engine, and no answer after it can be trusted."""

    code = "corrupt_pages"


class ProcessError(BackendError):
    """Between the engine's process and those that ask it."""

    code = "process_error"


class EngineDown(ProcessError):
    """The engine's process is not there, or ended before the answer did. It may be back soon: try again then."""

    code = "engine_down"


class EngineFailed(EngineDown):
    """The engine could not be started, and would fail again: nothing helps but to mend what the message says."""

    code = "engine_failed"


class EngineFault(ProcessError):
    """The engine could not take a request, for a fault of its own."""

    code = "engine_fault"


class BadMessage(ProcessError, ValueError):
    """Bytes that are no message of the protocol. `request` is the id of the request that they name, if they do."""

    code = "bad_message"

    def __init__(self, message: str, request: int | None = None) -> None:
        super().__init__(message)
        self.request = request


class BadSetting(BackendError, ValueError):
    """A setting of the engine can't be used. `field` names it."""

    code = "bad_setting"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


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
