"""What README and the pages of docs/ for users show is what happens: files are written, code is run, commands are sent.

A fence whose first line ends in `title=NAME` is a file. `python` is run, `pycon` is a doctest, `console` holds commands
behind `$ ` and what they print, where `…` stands for anything and a JSON answer may be broken into lines. `sh` is only
looked at: its commands set up whole environments. The pages use the README's files, too.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fastapply.cli.parser import build_parser
from fastapply.resolve.profile import profile_names
from fastapply.settings.load import load
from fastapply.settings.model import Settings
from support.service import Service, running

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
README = Path("README.md")
OPERATING = {Path("docs/operating.md"), Path("docs/security.md")}
"""What these show needs a machine to run a service on: systemd, Docker, Kubernetes."""
PAGES = [README, *sorted({page.relative_to(ROOT) for page in (ROOT / "docs").glob("*.md")} - OPERATING)]
SERVED_AT = "localhost:8000"
_BLOCK = re.compile(r"^```(?P<kind>\w+)(?: title=(?P<title>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    page: Path
    kind: str
    title: str | None
    text: str
    line: int

    def __str__(self) -> str:
        return f"{self.page}, line {self.line}"


def blocks_of(page: Path) -> list[Block]:
    text = (ROOT / page).read_text("utf-8")
    return [
        Block(page, found["kind"], found["title"], found["text"], text.count("\n", 0, found.start()) + 1)
        for found in _BLOCK.finditer(text)
    ]


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def of_kind(kind: str) -> pytest.MarkDecorator:
    blocks = [block for block in BLOCKS if block.kind == kind and not block.title]
    assert blocks, f"there is no {kind} block any more"
    return pytest.mark.parametrize("block", blocks, ids=str)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("service") / "log", "--pool-workers", "1") as started:
        yield started


@pytest.fixture
def in_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with the files of all pages, which is the current one."""
    for block in BLOCKS:
        if block.title:
            (tmp_path / block.title).write_text(block.text, "utf-8")
    with contextlib.chdir(tmp_path):
        yield tmp_path


@of_kind("json")
def test_what_goes_into_the_settings_of_a_client_can_be_started(block: Block) -> None:
    for server in json.loads(block.text)["mcpServers"].values():
        if "command" in server:
            assert server["command"] == "fastapply"
            build_parser().parse_args(server["args"])
        else:
            assert server["url"] == f"http://{SERVED_AT}/mcp"


@of_kind("toml")
def test_settings_can_be_read(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(block.text, "utf-8")
    assert load(file, {}, {}).settings != Settings()


@of_kind("python")
def test_python_code_runs(block: Block) -> None:
    exec(compile("\n" * block.line + block.text, str(block.page), "exec"), {"__name__": "readme"})


@pytest.mark.parametrize("page", sorted({block.page for block in BLOCKS if block.kind == "pycon"}), ids=str)
@pytest.mark.usefixtures("in_folder")
def test_python_sessions_print_what_they_show(page: Path) -> None:
    session = "\n".join(block.text for block in blocks_of(page) if block.kind == "pycon")
    test = doctest.DocTestParser().get_doctest(session, {}, str(page), None, None)
    assert test.examples
    said = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=said.write)
    assert not runner.failures, said.getvalue()


@of_kind("console")
def test_commands_print_what_they_show(block: Block, in_folder: Path, service: Service) -> None:
    if "curl " in block.text and not shutil.which("curl"):
        pytest.skip("curl is not installed")
    for command, expected in commands(block.text):
        said = run(command.replace(SERVED_AT, service.url.removeprefix("http://")), in_folder)
        assert re.fullmatch(pattern(expected), said.strip(), re.DOTALL), f"$ {command}\n{said}"


@of_kind("sh")
def test_commands_that_set_things_up_exist(block: Block) -> None:
    targets = re.findall(r"^(\w+):.*## ", MAKEFILE, re.MULTILINE)
    for line in block.text.splitlines():
        make, target, *given = shlex.split(line, comments=True)
        assert make == "make"
        assert target in targets
        for variable, _, value in (one.partition("=") for one in given):
            assert re.search(rf"^{variable} \?=", MAKEFILE, re.MULTILINE), variable
            assert variable != "PROFILE" or value in profile_names()


def test_no_two_files_have_the_same_name() -> None:
    titles = [block.title for block in BLOCKS if block.title]
    assert len(titles) == len(set(titles))


def test_every_block_is_of_a_kind_that_is_checked() -> None:
    assert {block.kind for block in BLOCKS if not block.title} == {
        "python",
        "pycon",
        "console",
        "sh",
        "json",
        "toml",
    }


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Each command of a `console` block, which goes on while a quote is open, with what it should print."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.split("\n")
        length = 1
        while is_open("\n".join(lines[:length])):
            length += 1
        yield "\n".join(lines[:length]), "\n".join(lines[length:]).strip()


def is_open(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError:
        return True
    return False


def pattern(expected: str) -> str:
    if expected.startswith("{"):
        expected = expected.replace("\n", "")
    return re.escape(expected).replace("…", ".*?")


def run(command: str, folder: Path) -> str:
    """What `command` prints, with the command `fastapply` of this environment first on the path."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "no_proxy": "*", "XDG_STATE_HOME": str(folder / "state")}
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    return done.stdout.decode("utf-8")
