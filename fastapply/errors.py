"""Every error FastApply raises on purpose.

    FastApplyError
    ├── InvalidRequest        an argument is missing, of the wrong type or contradicts another
    │   ├── UnknownLanguage   `language` names no profile
    │   ├── UnknownTool       no tool for agents has this name
    │   └── InputTooLarge     a text is longer than the limit in force
    ├── InvalidSetting        a setting of the service can't be used
    ├── EditRefused           the merge has doubts and was told to refuse them; carries the doubts and the best guess
    ├── BatchRefused          a batch was to be merged as a whole, and holds files that can't be; carries their errors
    ├── ModelUnavailable      `on_doubt="model"` or a model's name, and no model is configured
    ├── ModelError            the model that is configured could not answer
    │   ├── ModelDown           it does not run, or ended before it answered; it may be back soon
    │   │   └── ModelUnusable     it can't be run at all, until what is wrong with it is mended
    │   ├── ModelBusy           it has as many questions as it takes
    │   ├── ModelFailed         it answered with an error of its own
    │   ├── QuestionTooLong     what it would have to read and write is longer than its context
    │   └── QuestionUnfit       what it would have to read holds marks that would be taken for the prompt's own
    ├── WorkspaceError        the workspace of an agent's tools could not be read or written
    │   ├── OutsideWorkspace    a path leads out of the roots, or to what is not to be edited through tools
    │   ├── FileMissing         an edit keeps code of a file that does not exist
    │   ├── NotText             a file holds something else than UTF-8 text
    │   ├── EditConflict        a file is not what the edit was made for
    │   ├── NothingToUndo       there is no such edit, or it is undone
    │   └── WorkspaceBusy       somebody else writes here, and did not end in time
    ├── DeadlineExceeded      the merge did not end within its deadline
    ├── EarlyEditWrong        an edit that was told while the snippet was written is none of the whole; has the result
    ├── QueueFull             as many requests wait for a worker as may wait
    ├── WorkerDied            the process that ran the merge ended; only this request is lost
    └── ServiceError          a service that was asked over HTTP gave no answer that can be used
        ├── ServiceUnreachable  no connection to it, or one that broke before the answer was whole
        ├── KeyRefused          it wants a key, or another one
        ├── RateLimited         more was asked of it in a minute than it allows
        └── UnexpectedAnswer    what came is no answer of FastApply: it may come from a proxy, or from another service

Each class has a stable `code` that clients may switch on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapply.merge.values import ApplyResult, Doubt

__all__ = [
    "BatchRefused",
    "DeadlineExceeded",
    "EarlyEditWrong",
    "EditConflict",
    "EditRefused",
    "FastApplyError",
    "FileMissing",
    "InputTooLarge",
    "InvalidRequest",
    "InvalidSetting",
    "KeyRefused",
    "ModelBusy",
    "ModelDown",
    "ModelError",
    "ModelFailed",
    "ModelUnavailable",
    "ModelUnusable",
    "NotText",
    "NothingToUndo",
    "OutsideWorkspace",
    "QuestionTooLong",
    "QuestionUnfit",
    "QueueFull",
    "RateLimited",
    "ServiceError",
    "ServiceUnreachable",
    "UnexpectedAnswer",
    "UnknownLanguage",
    "UnknownTool",
    "WorkerDied",
    "WorkspaceBusy",
    "WorkspaceError",
]


class FastApplyError(Exception):
    """Base of all errors of this package; `code` is stable, the message is for people."""

    code = "error"


class InvalidRequest(FastApplyError):
    """An argument can't be used. `field` names it."""

    code = "invalid_request"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class UnknownLanguage(InvalidRequest):
    """`language` names no profile; the message lists the nearest names."""

    code = "unknown_language"


class UnknownTool(InvalidRequest):
    """No tool for agents has this name; the message lists those there are."""

    code = "unknown_tool"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"there is no tool {name!r}; there are {', '.join(known)}", field="name")


class InputTooLarge(InvalidRequest):
    """A text is longer than the limit in force."""

    code = "input_too_large"


class InvalidSetting(FastApplyError, ValueError):
    """A setting of the service can't be used. `field` names it. Also a `ValueError`: so msgspec adds the path to it."""

    code = "invalid_setting"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class EditRefused(FastApplyError):
    """The merge can't decide. `doubts` says what and where; `best_guess` is the result it would have given."""

    code = "edit_in_doubt"

    def __init__(self, doubts: Sequence[Doubt], best_guess: ApplyResult | None = None) -> None:
        super().__init__("; ".join(doubt.message for doubt in doubts) or "the edit is in doubt")
        self.doubts = tuple(doubts)
        self.best_guess = best_guess


class BatchRefused(FastApplyError):
    """Files of a batch can't be merged, and it was to be all or none. `failures` has their errors, by their places in
    the batch, counted from 0."""

    code = "batch_refused"

    def __init__(self, message: str, failures: Mapping[int, FastApplyError]) -> None:
        super().__init__(message)
        self.failures = dict(failures)


class ModelUnavailable(FastApplyError):
    """A model was asked for and none is configured."""

    code = "model_unavailable"


class ModelError(FastApplyError):
    """The model that is configured could not answer. `doubts` are those that it was to be asked about."""

    code = "model_error"
    doubts: tuple[Doubt, ...] = ()


class ModelDown(ModelError):
    """The model does not run, or ended before it answered."""

    code = "model_down"


class ModelUnusable(ModelDown):
    """The model can't be run, for the reason that the message gives: asking again helps only once that is mended."""

    code = "model_unusable"


class ModelBusy(ModelError):
    """The model has as many questions as it takes. Nothing is wrong with this one: send it again later."""

    code = "model_busy"


class ModelFailed(ModelError):
    """The model answered with an error of its own."""

    code = "model_failed"


class QuestionTooLong(ModelError):
    """What the model would have to read and write is longer than its context."""

    code = "question_too_long"


class QuestionUnfit(ModelError):
    """What the model would have to read holds marks that its server would take for those of the prompt."""

    code = "question_unfit"


class WorkspaceError(FastApplyError):
    """The workspace could not be read or written; every file is as it was, unless the message says otherwise."""

    code = "workspace_error"


class OutsideWorkspace(WorkspaceError):
    """`path`, as it was given, can't be edited under `root`; `reason` says why. Nothing was read or written."""

    code = "outside_workspace"

    def __init__(self, path: str, root: str, reason: str) -> None:
        super().__init__(f"{path}: {reason} (root: {root})")
        self.path = path
        self.root = root
        self.reason = reason


class FileMissing(WorkspaceError):
    """The edit of `path` keeps existing code, and there is no such file; `near` is one whose name is much like it."""

    code = "file_missing"

    def __init__(self, path: str, near: str = "") -> None:
        question = f"; is {near} beside it meant?" if near else "; to create it, send all of it and no such comment"
        super().__init__(
            f"{path}: does not exist, and the edit stands for existing code of it with a comment{question}"
        )
        self.path = path
        self.near = near


class NotText(WorkspaceError):
    """A file, or a text to be written, is not UTF-8 text."""

    code = "not_text"


class EditConflict(WorkspaceError):
    """The files `paths` are not what the edit was made for: they have changed since. None of the edit was written."""

    code = "edit_conflict"

    def __init__(self, paths: Sequence[str], why: str, outcome: str = "nothing was written") -> None:
        super().__init__(f"{', '.join(paths)}: {why}; {outcome}")
        self.paths = tuple(paths)


class NothingToUndo(WorkspaceError):
    """There is no such edit in the journal, or it is undone already."""

    code = "nothing_to_undo"


class WorkspaceBusy(WorkspaceError):
    """Somebody else writes to these files, and did not end in time. Nothing is wrong with the edit: try it again."""

    code = "workspace_busy"


class DeadlineExceeded(FastApplyError):
    """The merge did not end within `seconds`."""

    code = "deadline_exceeded"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the merge did not end within {seconds:g} s")
        self.seconds = seconds


class WorkerDied(FastApplyError):
    """The worker process of this merge ended before it answered."""

    code = "worker_died"


class EarlyEditWrong(FastApplyError):
    """Of the edits that were told while the snippet was written, `count` are not among those of the whole snippet.
    `result` is what holds."""

    code = "early_edit_wrong"

    def __init__(self, count: int, result: ApplyResult | None = None) -> None:
        super().__init__(f"{count} of the edits told before the end are not among the edits of the whole")
        self.count = count
        self.result = result


class QueueFull(FastApplyError):
    """As many requests wait as may wait; try again after `retry_after` seconds."""

    code = "queue_full"

    def __init__(self, retry_after: float = 1) -> None:
        super().__init__("too many requests wait for a worker")
        self.retry_after = retry_after


class ServiceError(FastApplyError):
    """A service that was asked over HTTP gave no answer that can be used."""

    code = "service_error"


class ServiceUnreachable(ServiceError):
    """There is no connection to the service, or one that broke before the answer was whole."""

    code = "service_unreachable"


class KeyRefused(ServiceError):
    """The service wants a key, or another one than was sent."""

    code = "key_refused"


class RateLimited(ServiceError):
    """More was asked of the service than it allows; try again after `retry_after` seconds."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after: float = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnexpectedAnswer(ServiceError):
    """What came is no answer of FastApply."""

    code = "unexpected_answer"
