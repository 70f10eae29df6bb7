"""One server process for all tests that need no other, each with a connection of its own."""

from __future__ import annotations

import functools
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from support.editor import command_of, connected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    """Of a server that listens on TCP."""
    command = command_of("--tcp", "127.0.0.1:0")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        said = re.search(r"port (\d+)", process.stderr.readline())
        assert said
        yield int(said[1])
        process.terminate()


@pytest.fixture
def editing(port: int) -> Callable[..., Any]:
    """`async with editing(folder) as editor:`, see `support.editor.connected`."""
    return functools.partial(connected, port)
