"""`fastapply apply --patch-dir`: a folder of edits, merged into the files of the same paths, all or none."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapply.agent.reading import read_text
from fastapply.agent.roots import Roots, is_repository
from fastapply.cli.doubts import describe_doubts
from fastapply.cli.exit_codes import DOUBT, ERROR, OK
from fastapply.cli.merging import difference, fields, merge, print_json, show_diff, show_remarks
from fastapply.cli.terminal import Painter
from fastapply.cli.texts import decode, printable
from fastapply.errors import EditRefused, FastApplyError, InvalidRequest

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from fastapply.agent.reading import FileState
    from fastapply.agent.workspace import Workspace
    from fastapply.merge.values import ApplyResult, Doubt

__all__ = ["run_many"]


@dataclass
class _Merged:
    """One edit of the folder, and what became of it."""

    name: str
    snippet: str = field(default="", repr=False)
    state: FileState | None = None
    result: ApplyResult | None = None
    error: FastApplyError | OSError | None = None

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """What is in doubt, refused or not."""
        if isinstance(self.error, EditRefused):
            return self.error.doubts
        return self.result.doubts if self.result else ()

    @property
    def original(self) -> str | None:
        return self.state.text if self.state else None

    @cached_property
    def diff(self) -> str:
        """What changes; asked for once all is merged."""
        if self.result is None or self.state is None:
            return ""
        return difference(self.state.shown, self.original, self.result)


def run_many(args: argparse.Namespace) -> int:
    """Merge every edit under `args.patch_dir`; write them in one go, or show one difference."""
    root = Path(args.root or ".")
    workspace = _workspace(root) if args.write else None
    read = workspace.read if workspace else partial(read_text, Roots([root]))
    merged = [_merged(args, name, read) for name in _names(Path(args.patch_dir))]
    failed = any(one.error for one in merged)
    edit_id = _write(workspace, merged) if workspace and not failed else None
    diff = "" if failed else "".join(one.diff for one in merged)
    if args.json:
        print_json({"written": bool(edit_id), "edit_id": edit_id, "diff": diff, "files": list(map(_entry, merged))})
    elif failed:
        _complain(args, merged)
    else:
        _show(args, merged, diff, edit_id)
    return _code(merged)


def _workspace(root: Path) -> Workspace:
    from fastapply.agent.workspace import Workspace

    return Workspace([root])


def _names(folder: Path) -> Iterator[str]:
    """The paths of all edits, relative to the folder, in order. Raises `InvalidRequest`."""
    names = []
    for path, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if not is_repository(name)]
        for name in folders:
            if os.path.islink(os.path.join(path, name)):
                raise InvalidRequest(f"{os.path.join(path, name)}: is a link to a folder, which is not followed")
        names += [os.path.relpath(os.path.join(path, name), folder) for name in files]
    if not names:
        raise InvalidRequest(f"{folder}: holds no edits", field="patch_dir")
    yield from sorted(names)


def _raise(error: OSError) -> None:
    raise error


def _merged(args: argparse.Namespace, name: str, read: Callable[[str], FileState]) -> _Merged:
    one = _Merged(name)
    try:
        edit = Path(args.patch_dir) / name
        if not edit.is_file():  # a pipe would not end
            raise InvalidRequest(f"{edit}: is no regular file")
        one.snippet = decode(edit.read_bytes(), str(edit))
        one.state = read(name)
        if one.state.text is None and not args.create:
            raise InvalidRequest(f"{name}: no such file under the root; --create makes it from the edit")
        one.result = merge(args, name, one.state.text or "", one.snippet)
    except (FastApplyError, OSError) as error:
        one.error = error
    return one


def _write(workspace: Workspace, merged: list[_Merged]) -> str | None:
    """The id of the edit, or nothing where nothing had to be written."""
    from fastapply.agent.workspace import Write

    writes = [Write(one.name, one.result.merged_code, one.state.sha256) for one in merged if one.result and one.state]
    return workspace.commit(writes, "apply --patch-dir").edit_id


def _complain(args: argparse.Namespace, merged: list[_Merged]) -> None:
    """On stderr, each file that can't be merged, and why."""
    paint = Painter(sys.stderr, no_color=args.no_color)
    for one in merged:
        if isinstance(one.error, EditRefused):
            said = describe_doubts(one.error.doubts, one.name, one.original or "", one.snippet, paint)
            sys.stderr.write(f"{paint.shown(one.name)}: the edit can't be decided\n{said}\n")
        elif one.error:
            sys.stderr.write(f"fastapply: error: {paint.shown(_said(one))}\n")
    count = sum(one.error is not None for one in merged)
    sys.stderr.write(f"nothing was changed: {count} of {len(merged)} edits can't be applied\n")


def _said(one: _Merged) -> str:
    if isinstance(one.error, OSError):
        return f"{one.name}: {one.error.strerror}"
    text = str(one.error)
    return text if one.name in text else f"{one.name}: {text}"


def _show(args: argparse.Namespace, merged: list[_Merged], diff: str, edit_id: str | None) -> None:
    if diff:
        show_diff(args, diff)
    for one in merged:
        if one.result:
            show_remarks(args, one.name, one.result, one.original, one.snippet, edit_id is not None)


def _entry(one: _Merged) -> dict[str, Any]:
    entry: dict[str, Any] = {"path": printable(one.name)}
    if one.error is not None:
        code = getattr(one.error, "code", "io_error")
        return {**entry, "code": code, "detail": printable(_said(one)), "doubts": one.doubts}
    return {**entry, "created": one.original is None, **(fields(one.result) if one.result else {}), "diff": one.diff}


def _code(merged: list[_Merged]) -> int:
    if any(one.error is not None and not isinstance(one.error, EditRefused) for one in merged):
        return ERROR
    return DOUBT if any(one.doubts for one in merged) else OK
