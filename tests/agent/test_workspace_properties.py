"""Any sequence of edits, undos and other people's changes, against a dictionary."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fastapply.agent.workspace import Workspace, Write
from fastapply.errors import EditConflict, NothingToUndo
from support.disks import UnsyncedDisk

NAMES = ["a.py", "b.py", "folder/c.py", "folder/deep/d.py", "other/e.py"]
CONTENTS = st.sampled_from(["", "x", "x\n", "\ufeffx\r\ny", "y" * 3000])
Files = dict[str, bytes | None]


@dataclass
class Edit:
    """An edit as the model knows it."""

    edit_id: str
    before: Files
    after: Files
    undoes: Edit | None = None
    in_force: bool = True


class Model(RuleBasedStateMachine):
    """The workspace beside a dictionary of what its files should hold."""

    @initialize()
    def open(self) -> None:
        self.base = Path(tempfile.mkdtemp(prefix="fastapply-"))
        (self.base / "root").mkdir()
        self.files: Files = dict.fromkeys(NAMES)
        self.edits: list[Edit] = []
        self.reopen()

    def teardown(self) -> None:
        if hasattr(self, "base"):
            shutil.rmtree(self.base)

    @rule()
    def reopen(self) -> None:
        self.workspace = Workspace([self.base / "root"], self.base / "state", disk=UnsyncedDisk())
        assert self.workspace.recovered == ()

    @rule(texts=st.dictionaries(st.sampled_from(NAMES), CONTENTS, min_size=1), stale=st.booleans())
    def commit(self, texts: dict[str, str], stale: bool) -> None:
        writes = [Write(name, text, sha256(self.files[name])) for name, text in texts.items()]
        if stale:
            writes[-1] = Write(writes[-1].path, writes[-1].text, sha256(b"what it never was"))
            with pytest.raises(EditConflict):
                self.workspace.commit(writes)
            return
        receipt = self.workspace.commit(writes)
        after: Files = {name: text.encode() for name, text in texts.items() if text.encode() != self.files[name]}
        assert {changed.shown: changed.after for changed in receipt.files} == {n: sha256(c) for n, c in after.items()}
        if not after:
            assert receipt.edit_id is None
            return
        assert receipt.edit_id
        self.edits.append(Edit(receipt.edit_id, {name: self.files[name] for name in after}, after))
        self.files.update(after)

    @rule(name=st.sampled_from(NAMES), text=CONTENTS, gone=st.booleans())
    def change_from_outside(self, name: str, text: str, gone: bool) -> None:
        path = self.base / "root" / name
        if gone:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        self.files[name] = None if gone else text.encode()

    @rule()
    def undo_last(self) -> None:
        found = [edit for edit in self.edits if edit.in_force and edit.undoes is None]
        if found:
            self.undo(found[-1], None)
        else:
            with pytest.raises(NothingToUndo):
                self.workspace.undo()

    @precondition(lambda self: self.edits)
    @rule(data=st.data())
    def undo_one(self, data: st.DataObject) -> None:
        edit = data.draw(st.sampled_from(self.edits))
        if edit.in_force:
            self.undo(edit, edit.edit_id)
        else:
            with pytest.raises(NothingToUndo):
                self.workspace.undo(edit.edit_id)

    def undo(self, edit: Edit, named: str | None) -> None:
        if any(self.files[name] != content for name, content in edit.after.items()):
            with pytest.raises(EditConflict):
                self.workspace.undo(named)
            return
        receipt = self.workspace.undo(named)
        assert receipt.edit_id
        edit.in_force = False
        if edit.undoes:
            edit.undoes.in_force = True
        self.edits.append(Edit(receipt.edit_id, edit.after, edit.before, edit))
        self.files.update(edit.before)

    @invariant()
    def the_files_are_what_they_should_be(self) -> None:
        root = self.base / "root"
        found = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        assert found == {name: content for name, content in self.files.items() if content is not None}

    @invariant()
    def the_history_is_the_edits(self) -> None:
        history = [(past.edit_id, past.in_force) for past in self.workspace.history()]
        assert history == [(edit.edit_id, edit.in_force) for edit in self.edits]


def sha256(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
