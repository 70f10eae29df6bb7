"""What is under the roots can be edited, and nothing else, whatever the path looks like."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastapply.agent.workspace import Workspace, Write
from fastapply.errors import EditConflict, FastApplyError, InvalidRequest, OutsideWorkspace, WorkspaceError
from support.disks import SteppingDisk, UnsyncedDisk, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

NFC, NFD = "caf\u00e9.py", "cafe\u0301.py"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """`root` with files, links and worse; beside it `root-too`, `outside` and `state`."""
    root = tmp_path / "root"
    for folder in ("root/src", "root/.git/hooks", "root-too", "outside"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("root/src/a.py", "root/.git/config", "root-too/b.py", "outside/secret.py"):
        (tmp_path / file).write_text("before\n")
    for link, target in {
        "out": "../outside",
        "secret.py": "../outside/secret.py",
        "later.py": "../outside/later.py",
        "hidden": ".git",
        "loop": "loop",
        "fine.py": "src/a.py",
        "there-and-back": "../root/src",
        "journal": "../state",
    }.items():
        (root / link).symlink_to(target)
    (root / NFC).write_text("before\n")
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(root)  # the name of a socket must be short
        server.bind("socket")
        os.chdir(here)
    return tmp_path


@pytest.fixture
def workspace(base: Path) -> Workspace:
    return Workspace([base / "root"], base / "state")


ESCAPES = [
    "../outside/secret.py",
    "src/../../outside/secret.py",
    "src/../../root-too/b.py",  # begins with the same letters
    "{base}/outside/secret.py",
    "{base}/root/../outside/secret.py",
    "{base}/root-too/b.py",
    "/etc/passwd",
    "//etc/passwd",
    "/proc/self/root{base}/outside/secret.py",
    "/proc/self/cwd/new.py",
    "/proc/self/environ",
    "/dev/null",
    "/dev/stdin",
    "out/secret.py",
    "out/new.py",
    "secret.py",
    "later.py",
    "there-and-back/../../outside/secret.py",
    "loop",
    "loop/a.py",
    "pipe",
    "socket",
    "src",
    "src/",
    ".",
    "",
    "  ",
    "{base}/root",
    "src/a.py/b.py",
    ".git/config",
    ".git/hooks/post-checkout",
    ".GIT/config",
    ".Git/config",
    ".git./config",
    ".git /config",
    ".g\u200cit/config",
    "\uff0egit/config",
    "git~1/config",
    ".git",
    "hidden/config",
    "src/.git/config",
    "src/.hg/hgrc",
    "journal/README.txt",
    "{base}/state/journal/000001-abcdef.planned",
    "src/a.py\0.txt",
    "\0",
    "..\\outside\\secret.py",
    "src\\a.py",
    "C:\\temp\\a.py",
    "C:/temp/a.py",
    "file:///etc/passwd",
    "~/a.py",
    "~root/a.py",
    "\uff0e\uff0e/outside/secret.py",
    "\u2025/outside/secret.py",
    "\u2024\u2024/outside/secret.py",
    "..\uff0foutside\uff0fsecret.py",
    "..\u2215outside\u2215secret.py",
    "src/a.py ",
    " src/a.py",
    "src/a.py.",
    "src /a.py",
    "src/a.py\n",
    "src/\u202eyp.a",
    "src/a\u200b.py",
    "src/a\x1b[2J.py",
    NFD,
    "\ud800.py",
    "a" * 256,
    "new/" + "a" * 256 + "/b.py",
]


def everything(base: Path) -> dict[str, tuple[object, ...]]:
    """All there is, but for locks: empty files in the workspace's own folder."""
    return {name: what for name, what in snapshot(base).items() if not name.startswith("state/locks/")}


@pytest.mark.parametrize("path", ESCAPES, ids=ascii)
def test_a_way_out_is_refused_and_leads_nowhere(base: Path, workspace: Workspace, path: str) -> None:
    path = path.format(base=base)
    before = everything(base)
    for attempt in (workspace.read, lambda path: workspace.commit([Write(path, "ours\n", None)])):
        with pytest.raises(OutsideWorkspace) as raised:
            attempt(path)
        assert raised.value.reason
        assert str(base / "root") in str(raised.value)
        str(raised.value).encode()
    assert everything(base) == before


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("src/a.py", "root/src/a.py"),
        ("./src//a.py", "root/src/a.py"),
        ("src/../src/a.py", "root/src/a.py"),
        ("{base}/root/src/a.py", "root/src/a.py"),
        ("{base}/outside/../root/src/a.py", "root/src/a.py"),
        ("/proc/self/root{base}/root/src/a.py", "root/src/a.py"),
        ("out/../root/src/a.py", "root/src/a.py"),
        ("fine.py", "root/src/a.py"),
        ("there-and-back/a.py", "root/src/a.py"),
        (NFC, "root/" + NFC),
    ],
)
def test_what_leads_into_the_root_is_one_file_by_any_name(
    base: Path, workspace: Workspace, path: str, file: str
) -> None:
    read = workspace.read(path.format(base=base))
    assert read.path == base / file
    assert read.shown == str(Path(file).relative_to("root"))
    links = {name for name in os.listdir(base / "root") if (base / "root" / name).is_symlink()}
    workspace.commit([Write(path.format(base=base), "after\n", read.sha256)])
    assert (base / file).read_text() == "after\n"
    assert {name for name in os.listdir(base / "root") if (base / "root" / name).is_symlink()} == links


@pytest.mark.parametrize(
    "name", ["a b.py", "\u00fc.py", "..a.py", "a..b", "-a.py", ".gitignore", ".github/x.yml", "\U0001f600"]
)
def test_names_that_are_only_unusual_can_be_made(base: Path, workspace: Workspace, name: str) -> None:
    workspace.commit([Write(name, "new\n", None)])
    assert (base / "root" / name).read_text() == "new\n"


@pytest.mark.parametrize("name", ["a ", "a\\b", "~", "x.", "a\n", "..\uff0f"])
def test_names_that_are_never_made_can_be_edited_where_they_exist(base: Path, workspace: Workspace, name: str) -> None:
    (base / "root" / name).write_text("before\n")
    workspace.commit([Write(name, "after\n", workspace.read(name).sha256)])
    assert (base / "root" / name).read_text() == "after\n"


def test_relative_paths_are_of_the_first_root_and_absolute_ones_of_any(base: Path) -> None:
    workspace = Workspace([base / "root", base / "root-too"], base / "state")
    assert workspace.read("b.py").sha256 is None
    read = workspace.read(str(base / "root-too/b.py"))
    assert (read.text, read.shown) == ("before\n", str(base / "root-too/b.py"))
    assert workspace.read("../root-too/b.py") == read


def test_a_root_may_be_a_link_and_be_named_by_it(base: Path) -> None:
    (base / "alias").symlink_to("root")
    workspace = Workspace([base / "alias"], base / "state")
    assert workspace.roots == (base / "root",)
    assert workspace.read(str(base / "alias/src/a.py")).shown == "src/a.py"


@pytest.mark.parametrize("roots", [[], ["nowhere"], ["root/src/a.py"], ["root/loop"], ["state"], ["state/inner"]])
def test_what_can_not_be_a_root(base: Path, roots: list[str]) -> None:
    (base / "state/inner").mkdir(parents=True)
    with pytest.raises(InvalidRequest):
        Workspace([base / root for root in roots], base / "state")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices")
def test_a_device_is_refused(base: Path, workspace: Workspace) -> None:
    try:
        os.mknod(base / "root/zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except OSError:
        pytest.skip("no devices can be made here")
    with pytest.raises(OutsideWorkspace, match="a device"):
        workspace.read("zero")


def test_a_hard_link_to_the_outside_is_refused_and_one_within_kept(base: Path, workspace: Workspace) -> None:
    os.link(base / "outside/secret.py", base / "root/innocent.py")
    os.link(base / "root/.git/config", base / "root/config.py")
    os.link(base / "root/src/a.py", base / "root/same.py")
    for name in ("innocent.py", "config.py"):
        with pytest.raises(OutsideWorkspace, match="hard links"):
            workspace.commit([Write(name, "ours\n", workspace.read(name).sha256)])
    assert (base / "outside/secret.py").read_text() == (base / "root/.git/config").read_text() == "before\n"
    workspace.commit([Write("same.py", "after\n", workspace.read("same.py").sha256)])
    assert (base / "root/src/a.py").read_text() == "after\n"
    assert (base / "root/src/a.py").samefile(base / "root/same.py")


NAMES = "..|.||src|a.py|new|out|secret.py|there-and-back|root|root-too|outside|.git|.GIT|config|hidden|loop|journal"
PARTS = st.sampled_from([*NAMES.split("|"), "\uff0e\uff0e", "\u2025", "..\\", "~", "proc", "self", "a" * 300, " ", NFD])


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.lists(PARTS, min_size=1, max_size=7), start=st.sampled_from(["", "/", "{base}/", "/proc/self/root{base}/"])
)
def test_no_path_writes_anything_but_under_the_root(base: Path, parts: list[str], start: str) -> None:
    path = start.format(base=base) + "/".join(parts)
    fixed = ("root-too", "outside", "root/.git")
    before = [snapshot(base / folder) for folder in fixed]
    beside = set(os.listdir(base))
    workspace = Workspace([base / "root"], base / "state", disk=UnsyncedDisk())
    try:
        receipt = workspace.commit([Write(path, f"{path} was here\n", workspace.read(path).sha256)])
    except WorkspaceError:
        pass
    else:
        assert all(changed.path.resolve().is_relative_to(base / "root") for changed in receipt.files)
        assert workspace.read(path).text == f"{path} was here\n"
    assert [snapshot(base / folder) for folder in fixed] == before
    assert set(os.listdir(base)) <= {*beside, "state"}


def swap(folder: Path) -> None:
    """What somebody does who wants a write to land elsewhere."""
    if not folder.is_symlink():
        folder.rename(folder.with_name("moved"))
        folder.symlink_to("../outside")


def replace_file(folder: Path) -> None:
    (folder / "a.py").unlink(missing_ok=True)
    (folder / "a.py").symlink_to("../../outside/secret.py")


@pytest.mark.parametrize("attack", [swap, replace_file])
def test_a_link_that_comes_into_the_way_at_any_step_leads_nowhere(
    fast_path: Path, attack: Callable[[Path], None]
) -> None:
    steps, last = 0, 1
    while steps < last:
        steps += 1
        base = fast_path / str(steps)
        (base / "root/src").mkdir(parents=True)
        (base / "outside").mkdir()
        for file in ("root/src/a.py", "outside/secret.py", "outside/a.py"):
            (base / file).write_text("before\n")
        outside = snapshot(base / "outside")

        def step(number: int, _: str, base: Path = base, at: int = steps) -> None:
            if number == at:
                attack(base / "root/src")

        disk = SteppingDisk(step)
        workspace = Workspace([base / "root"], base / "state", disk=disk)
        try:
            workspace.commit(
                [
                    Write("src/a.py", "after\n", workspace.read("src/a.py").sha256),
                    Write("src/new.py", "new\n", None),
                ]
            )
        except FastApplyError as error:
            assert isinstance(error, (OutsideWorkspace, EditConflict)), error  # noqa: PT017
        assert snapshot(base / "outside") == outside, f"at step {steps}"
        last = disk.steps
    assert steps > 15
