"""Which configuration file holds, and what is in it."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapply.errors import InvalidSetting
from fastapply.settings.fields import CONFIG_VARIABLE
from fastapply.settings.lines import lines_by_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["SYSTEM_FILE", "ConfigFile", "find"]

SYSTEM_FILE = Path("/etc/fastapply/config.toml")


@dataclass(frozen=True)
class ConfigFile:
    """A configuration file that was read."""

    path: Path
    """Where it is."""

    content: dict[str, Any] = field(repr=False)
    """What it holds, as TOML has it."""

    text: str = field(repr=False)
    """The file as it is."""

    def line(self, path: str) -> str:
        """File and line of the setting `path`, as far as they are known."""
        number = self._lines.get(path)
        return f"{self.path}:{number}" if number else str(self.path)

    @functools.cached_property
    def _lines(self) -> dict[str, int]:
        return lines_by_path(self.text)


def find(config: Path | None, environ: Mapping[str, str]) -> ConfigFile | None:
    """The file that holds: `config`, else the one that FASTAPPLY_CONFIG names, else the user's, else the system's.

    A file that is named must be there; the others may be missing. The directory that the service happens to be started
    in is not looked at: whose files are there, is not known.
    """
    named = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if named is not None:
        return _read(named)
    for path in _places(environ):
        try:
            return _read(path)
        except FileNotFoundError:
            continue
    return None


def _places(environ: Mapping[str, str]) -> Iterator[Path]:
    home = environ.get("XDG_CONFIG_HOME", "")
    if not home.startswith("/"):  # so the standard has it: a relative one is as none
        home = f"{environ['HOME']}/.config" if environ.get("HOME") else ""
    if home:
        yield Path(home, "fastapply", "config.toml")
    yield SYSTEM_FILE


def _read(path: Path) -> ConfigFile:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return ConfigFile(path, tomllib.loads(text), text)
    except NotADirectoryError as error:
        raise FileNotFoundError(*error.args) from None
    except UnicodeDecodeError:
        raise InvalidSetting(f"{path}: is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise InvalidSetting(f"{path}: is no TOML: {error}") from None
