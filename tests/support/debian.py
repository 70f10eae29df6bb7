"""Programs that tests run and no package of PyPI brings: from the system, or installed from Debian's packages."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["program", "provided"]

T = TypeVar("T")

_SECONDS = 300


@functools.cache
def program(name: str, package: str) -> str:
    """Where the program `name` is. Where it is not, Debian's `package` is installed, if we may."""
    return provided(name, package, lambda: shutil.which(name))


def provided(name: str, package: str, look: Callable[[], T | None]) -> T:
    """What `look` finds of `name`, after Debian's `package` is installed where it finds nothing, if we may.

    Else the test is skipped, saying what is missing; in CI it fails.
    """
    if found := look():
        return found
    why = f"{name} is missing: apt-get install {package}"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        why = _install(package) or why
        if found := look():
            return found
    if os.environ.get("CI"):
        pytest.fail(f"must be tested in CI, but {why}", pytrace=False)
    pytest.skip(why)


def _install(package: str) -> str:
    """Why `package` could not be installed; empty where it was."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", package]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False)
        if done.returncode:
            return f"{' '.join(command)} failed: {done.stderr.strip()[-300:]}"
    return ""
