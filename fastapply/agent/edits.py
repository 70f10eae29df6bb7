"""What the tools do: read the file, merge the edit, write the result. Nothing here knows how a call came in.

An edit is merged into the file as it is now, not as the agent last saw it: where both agree on the lines that the edit
shows, it does what was meant, and where they don't, it is in doubt. Whoever wants the stricter rule sends the SHA-256
of the file that the edit was written for.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import sha256
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from weakref import WeakValueDictionary

import msgspec
from anyio import CancelScope

from fastapply.agent.answers import EditAnswer, EditsAnswer, Fault, FileAnswer, RestoredFile, UndoAnswer
from fastapply.agent.telling import told_doubts
from fastapply.agent.workspace import Write
from fastapply.errors import EditConflict, EditRefused, FastApplyError, FileMissing, NothingToUndo, WorkspaceBusy
from fastapply.wording import remark
from fastapply.workers.wire import Job

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence
    from pathlib import Path

    from fastapply.agent.answers import FileStatus
    from fastapply.agent.tools import EditFile, EditFiles, FileEdit, OnDoubt, PreviewEdit, UndoEdit
    from fastapply.agent.workspace import FileState, Held, Workspace
    from fastapply.applier import Applier
    from fastapply.merge.values import ApplyResult

__all__ = ["Editor", "Progress"]

T = TypeVar("T")

_POLL_SECONDS = 0.02


class Progress(Protocol):
    """Told how far a call is."""

    async def __call__(self, done: int, total: int, message: str) -> None:
        """`done` of `total` steps are done; `message` names the last one."""


@dataclass
class Editor:
    """Edits the files of `workspace`; `applier` merges, each merge with `deadline` seconds.

    `shared`: several agents edit through it, so that nobody's last edit is the last one.
    """

    workspace: Workspace
    applier: Applier
    deadline: float = 5.0
    shared: bool = False
    _made: list[str] = field(default_factory=list, init=False)
    _locks: WeakValueDictionary[Path, asyncio.Lock] = field(default_factory=WeakValueDictionary, init=False)

    async def edit_file(self, asked: EditFile) -> EditAnswer:
        """Edit one file. A refusal or a fault is said in the answer."""
        return _single(await self._all([asked], asked.on_doubt, asked.dry_run, _nobody))

    async def preview_edit(self, asked: PreviewEdit) -> EditAnswer:
        """What `edit_file` would do."""
        return _single(await self._all([asked], asked.on_doubt, True, _nobody))

    async def edit_files(self, asked: EditFiles, progress: Progress | None = None) -> EditsAnswer:
        """Edit several files, all or none."""
        return await self._all(asked.edits, asked.on_doubt, asked.dry_run, progress or _nobody)

    async def undo_edit(self, asked: UndoEdit) -> UndoAnswer:
        """Take an edit back: the one that is named, else the last one that was made here and still stands."""
        edit_id = asked.edit_id or next(reversed(self._made), None)
        if edit_id is None:
            why = "say which edit, by its edit_id" if self.shared else "no edit was made in this session"
            return UndoAnswer("failed", None, error=_fault(NothingToUndo(why)))
        try:
            receipt = await self._patiently(functools.partial(self.workspace.undo, edit_id, wait=0))
        except (FastApplyError, OSError) as error:
            return UndoAnswer("failed", edit_id, error=_fault(error))
        if edit_id in self._made:
            self._made.remove(edit_id)
        files = (
            RestoredFile(file.shown, "removed" if file.after is None else "restored", file.after)
            for file in receipt.files
        )
        return UndoAnswer("undone", edit_id, tuple(files))

    async def _all(self, edits: Sequence[FileEdit], on_doubt: OnDoubt, dry: bool, progress: Progress) -> EditsAnswer:
        if dry:
            files, answers = await self._merge_all(edits, on_doubt, progress)
            return _not_made(answers) or EditsAnswer("previewed", _all_as("previewed", answers))
        try:
            async with self._held(edits) as held:
                files, answers = await self._merge_all(edits, on_doubt, progress)
                return _not_made(answers) or await self._write(answers, files, held)
        except WorkspaceBusy as error:
            fault = _fault(error)
            return EditsAnswer("failed", tuple(FileAnswer(edit.path, "failed", error=fault) for edit in edits))

    async def _merge_all(
        self, edits: Sequence[FileEdit], on_doubt: OnDoubt, progress: Progress
    ) -> tuple[list[_File], list[FileAnswer]]:
        files: dict[Path, _File] = {}
        answers = []
        for number, edit in enumerate(edits, 1):
            answers.append(await self._merge(edit, on_doubt, files))
            await progress(number, len(edits), edit.path)
        return list(files.values()), answers

    @contextlib.asynccontextmanager
    async def _held(self, edits: Sequence[FileEdit]) -> AsyncIterator[Held]:
        """Keep other calls from these files: models send several edits of one file at once, and mean them all.

        Nobody waits in a thread: these are few, and whoever is waited for needs one to come to an end.
        """
        paths = set()
        for edit in edits:
            with contextlib.suppress(FastApplyError, OSError):  # said when it is read to be merged
                paths.add((await self._read(edit.path)).path)
        async with contextlib.AsyncExitStack() as stack:
            for path in sorted(paths):
                await stack.enter_async_context(self._locks.setdefault(path, asyncio.Lock()))
            holding, held = await self._patiently(functools.partial(self._hold, sorted(map(str, paths))))
            try:
                yield held
            finally:
                await _to_its_end(holding.__exit__, None, None, None)

    def _hold(self, paths: Sequence[str]) -> tuple[contextlib.AbstractContextManager[Held], Held]:
        holding = self.workspace.hold(*paths, wait=0)
        return holding, holding.__enter__()

    async def _patiently(self, work: Callable[[], T]) -> T:
        """What `work` gives as soon as nobody else holds its files: another process, or a call whose files share locks
        with these. Raises `WorkspaceBusy` where that does not come."""
        end = monotonic() + self.workspace.wait
        while True:
            try:
                return await _to_its_end(work)
            except WorkspaceBusy:
                if monotonic() >= end:
                    raise
            await asyncio.sleep(_POLL_SECONDS)

    async def _read(self, path: str) -> FileState:
        return await asyncio.to_thread(self.workspace.read, path)

    async def _merge(self, edit: FileEdit, on_doubt: OnDoubt, files: dict[Path, _File]) -> FileAnswer:
        try:
            file = await self._file(edit, files)
        except (FastApplyError, OSError) as error:
            return FileAnswer(edit.path, "failed", error=_fault(error))
        if file.failed:
            return FileAnswer(file.state.shown, "skipped")
        try:
            return file.take(await self._apply(edit, on_doubt, file), edit.code_edit)
        except EditRefused as refusal:
            file.failed = True
            doubts = told_doubts(refusal.doubts, file.text or "", edit.code_edit)
            return FileAnswer(file.state.shown, "refused", sha256_before=file.sha256, doubts=doubts)
        except (FastApplyError, OSError) as error:
            file.failed = True
            return FileAnswer(file.state.shown, "failed", error=_fault(error))

    async def _file(self, edit: FileEdit, files: dict[Path, _File]) -> _File:
        """The file of `edit`, as the edits before it have left it."""
        state = await self._read(edit.path)
        if edit.expected_sha256 not in (None, state.sha256):
            raise EditConflict([state.shown], "is not the file that expected_sha256 names")
        return files.setdefault(state.path, _File(state, state.text))

    async def _apply(self, edit: FileEdit, on_doubt: OnDoubt, file: _File) -> ApplyResult:
        job = Job(file.text or "", edit.code_edit, edit.instruction, file.state.shown, deadline=self.deadline)
        if file.text is not None:
            return await self.applier.apply(job, "best" if on_doubt == "best" else None)
        try:
            return await self.applier.apply(job, "refuse")
        except EditRefused as refusal:
            if all(doubt.kind != "no_anchor" for doubt in refusal.doubts):
                raise
            raise FileMissing(file.state.shown, await asyncio.to_thread(_near, file.state.path)) from None

    async def _write(self, answers: Sequence[FileAnswer], files: Iterable[_File], held: Held) -> EditsAnswer:
        changed = [file for file in files if file.text != file.state.text]
        if not changed:
            return EditsAnswer("unchanged", _all_as("unchanged", answers))
        writes = [Write(str(file.state.path), file.text or "", file.state.sha256) for file in changed]
        try:
            receipt = await _to_its_end(self.workspace.commit, writes, "", held)
        except (FastApplyError, OSError) as error:
            return EditsAnswer("failed", _all_as("not_written", answers), error=_fault(error))
        if receipt.edit_id and not self.shared:
            self._made.append(receipt.edit_id)
        return EditsAnswer("written", _all_as("written", answers), receipt.edit_id)


@dataclass
class _File:
    """A file of a call: as it was read, and as the edits so far make it (`None`: there is none yet)."""

    state: FileState
    text: str | None
    failed: bool = False

    @property
    def sha256(self) -> str | None:
        """Of the text as it is now."""
        return None if self.text is None else sha256(self.text.encode()).hexdigest()

    def take(self, result: ApplyResult, snippet: str) -> FileAnswer:
        """Let `result` be the text; what is said of it."""
        before, text, missed = self.sha256, self.text or "", self.text is None
        self.text = result.merged_code
        return FileAnswer(
            path=self.state.shown,
            status="previewed",
            created=missed,
            diff=result.diff,
            changes=result.changes,
            sha256_before=before,
            sha256_after=self.sha256,
            engine=result.engine,
            doubts=told_doubts(result.doubts, text, snippet),
            notes=tuple(map(remark, result.notes)),
        )


async def _to_its_end(work: Callable[..., T], *args: Any) -> T:
    """What `work` gives, in a thread. A call that is cancelled meanwhile waits for it: a write is not left alone."""
    with CancelScope(shield=True):
        return await asyncio.to_thread(work, *args)
    raise AssertionError("a scope that is not cancelled swallows nothing")


async def _nobody(done: int, total: int, message: str) -> None:
    """Nobody wants to know how far it is."""


def _all_as(status: FileStatus, answers: Iterable[FileAnswer]) -> tuple[FileAnswer, ...]:
    """`answers` with `status`; those of edits that change nothing say so."""
    return tuple(
        msgspec.structs.replace(one, status="unchanged" if not one.diff and not one.created else status)
        for one in answers
    )


def _not_made(answers: Sequence[FileAnswer]) -> EditsAnswer | None:
    """The answer where one of the edits can't be made, and so none is."""
    faults: list[FileStatus] = [one.status for one in answers if one.status in ("refused", "failed")]
    if not faults:
        return None
    kept = (msgspec.structs.replace(one, status="not_written") if one.status == "previewed" else one for one in answers)
    return EditsAnswer(faults[0], tuple(kept))


def _single(answer: EditsAnswer) -> EditAnswer:
    """The answer about the only file of `answer`."""
    (file,) = answer.files
    fields = msgspec.structs.asdict(file)
    if answer.error:
        fields |= {"status": "failed", "error": answer.error}
    return EditAnswer(**fields, edit_id=answer.edit_id)


def _fault(error: FastApplyError | OSError) -> Fault:
    if isinstance(error, FastApplyError):
        return Fault(error.code, str(error))
    return Fault("io_error", error.strerror or type(error).__name__)


def _near(path: Path) -> str:
    """A file beside `path` whose name is much like its own, or nothing."""
    with contextlib.suppress(OSError):
        names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
        return next(iter(get_close_matches(path.name, names, n=1)), "")
    return ""
