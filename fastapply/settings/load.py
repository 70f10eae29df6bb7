"""Settings from where they are said: defaults, one file, the environment, the command line; the later ones win.

    loaded = load(None, os.environ, {"server.port": 8001})
    loaded.settings.server.port, str(loaded.sources["server.port"])

Everything that is wrong is said at once, in one `InvalidSetting` with a line for each fault.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from fastapply.errors import InvalidSetting
from fastapply.settings.fields import (
    CLIENT_KEY_VARIABLE,
    CONFIG_VARIABLE,
    KEYS_VARIABLE,
    environment_name,
    fields,
    key_fields,
    sections,
)
from fastapply.settings.files import ConfigFile, find
from fastapply.settings.model import Key, Settings
from fastapply.settings.values import nearest, read, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["Loaded", "Source", "environment_of", "load"]

# A Service of this name makes Kubernetes set these in each pod beside it. None of them is a setting.
_SERVICE_LINK = re.compile(r"FASTAPPLY_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)")


@dataclass(frozen=True)
class Source:
    """Where a value was said."""

    kind: Literal["default", "file", "environment", "command line"] = "default"
    """What sort of place it is."""

    place: str = ""
    """File and line, or the name of the variable."""

    def __str__(self) -> str:
        return self.place or self.kind


@dataclass(frozen=True)
class Loaded:
    """The settings in force."""

    settings: Settings
    """What holds."""

    sources: dict[str, Source]
    """Where each setting was said, by path: `server.port`, and `keys[0]` for a whole key."""

    file: Path | None
    """The configuration file that was read."""


def load(config: Path | None, environ: Mapping[str, str], overrides: Mapping[str, object]) -> Loaded:
    """The settings in force.

    `config` is a file that must be there. `overrides` holds values by path; `None` leaves a setting as it is.
    Raises `InvalidSetting`, which says of each fault where it was said.
    """
    try:
        file = find(config, environ)
    except OSError as error:
        raise InvalidSetting(f"{error.filename}: {error.strerror}") from None
    gathered = _Gathered()
    if file is not None:
        _take_file(gathered, file)
    _take_environment(gathered, environ)
    for path, value in overrides.items():
        if value is not None:
            gathered.add(path, Source("command line"), functools.partial(read, value))
    settings = gathered.build()
    gathered.complain()
    return Loaded(settings or Settings(), gathered.all_sources(), file.path if file else None)


def environment_of(overrides: Mapping[str, object], config: Path | None = None) -> dict[str, str]:
    """What a child process needs in its environment to load the same settings from no command line."""
    said = {environment_name(path): str(value) for path, value in overrides.items() if value is not None}
    return said | ({CONFIG_VARIABLE: str(config.absolute())} if config else {})


@dataclass
class _Gathered:
    """What was said so far, and what is wrong with it."""

    values: dict[str, object] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    keys: list[dict[str, object]] = field(default_factory=list)
    faults: list[InvalidSetting] = field(default_factory=list)

    def add(self, path: str, source: Source, reading: Callable[[Any], object]) -> None:
        """Take the setting `path`, whose value `reading` makes from its type."""
        try:
            self.values[path] = reading(fields()[path].hint)
            self.sources[path] = source
        except InvalidSetting as error:
            self.fault(f"{path} {error}", path, source)

    def fault(self, message: str, path: str, source: Source) -> None:
        """Note that `path` is wrong."""
        where = f"{source.place or source.kind}: " if source.kind != "default" else ""
        self.faults.append(InvalidSetting(where + message, field=path))

    def complain(self) -> None:
        """Raise what was noted."""
        if self.faults:
            raise InvalidSetting("\n".join(map(str, self.faults)), field=self.faults[0].field)

    def build(self) -> Settings | None:
        """The settings; `None` where there are new faults."""
        made = {name: self._make(kind, f"{name}.", self._said(name)) for name, kind in sections().items()}
        wrong = {(fault.field or "").partition(".")[0] for fault in self.faults}  # a key needs all that it says
        sound = [(f"keys[{number}]", said) for number, said in enumerate(self.keys) if f"keys[{number}]" not in wrong]
        keys = [self._make(Key, f"{path}.", said) for path, said in sound]
        if self.faults:
            return None
        settings: Settings | None = self._make(Settings, "", made | {"keys": tuple(keys)})
        return settings

    def all_sources(self) -> dict[str, Source]:
        """The source of every setting and key."""
        keys = (f"keys[{number}]" for number in range(len(self.keys)))
        return {path: self.sources.get(path, Source()) for path in (*fields(), *keys)}

    def _said(self, section: str) -> dict[str, object]:
        return {fields()[path].name: value for path, value in self.values.items() if path.startswith(f"{section}.")}

    def _make(self, kind: Callable[..., Any], prefix: str, values: dict[str, object]) -> Any:
        try:
            return kind(**values)
        except InvalidSetting as error:
            path = f"{prefix}{error.field}"
            whole = path.rpartition(".")[0]  # a key has one source for all that it says
            self.fault(f"{prefix}{error}", path, self.sources.get(path) or self.sources.get(whole) or Source())
            return None


def _take_file(gathered: _Gathered, file: ConfigFile) -> None:
    for name, content in file.content.items():
        source = Source("file", file.line(name))
        if name == "keys":
            _take_keys(gathered, file, content)
        elif name not in sections():
            gathered.fault(f"unknown {name}{_guess(name, '', list(sections()))}", name, source)
        elif not isinstance(content, dict):
            gathered.fault(f"{name} must be a table, [{name}]", name, source)
        else:
            _take_section(gathered, file, name, content)


def _take_section(gathered: _Gathered, file: ConfigFile, section: str, content: dict[str, Any]) -> None:
    for name, value in content.items():
        path = f"{section}.{name}"
        source = Source("file", file.line(path))
        if path in fields():
            gathered.add(path, source, functools.partial(read, value))
        else:
            known = [field.name for field in fields().values() if field.path.startswith(f"{section}.")]
            gathered.fault(f"unknown {path}{_guess(name, section, known)}", path, source)


def _guess(name: str, section: str, known: list[str]) -> str:
    """What `name` may have meant: the same name elsewhere, a name like it here, a setting like it elsewhere."""
    elsewhere = [field.path for field in fields().values() if field.name == name]
    near = f"did you mean {elsewhere[0]}?" if elsewhere else nearest(name, [*known, "keys"] if not section else known)
    near = near or nearest(f"{section}.{name}", list(fields()))
    return f"; {near or 'known are ' + ', '.join(known)}"


def _take_keys(gathered: _Gathered, file: ConfigFile, content: Any) -> None:
    gathered.sources["keys"] = Source("file", file.line("keys"))
    if not isinstance(content, list) or not all(isinstance(key, dict) for key in content):
        gathered.fault("keys must be tables in a list, [[keys]] each", "keys", gathered.sources["keys"])
        return
    for number, said in enumerate(content):
        path = f"keys[{number}]"
        gathered.sources[path] = Source("file", file.line(path))
        gathered.keys.append(_read_key(gathered, file, path, said))


def _read_key(gathered: _Gathered, file: ConfigFile, path: str, said: dict[str, Any]) -> dict[str, object]:
    values: dict[str, object] = {}
    for name in (one for one in ("name", "sha256") if one not in said):
        gathered.fault(f"{path} has no {name}; `fastapply key NAME` makes a whole one", path, gathered.sources[path])
    for name, value in said.items():
        source = Source("file", file.line(f"{path}.{name}"))
        if name not in key_fields():
            known = list(key_fields())
            guess = nearest(name, known) or f"known are {', '.join(known)}"
            gathered.fault(f"unknown {path}.{name}; {guess}", f"{path}.{name}", source)
            continue
        try:
            values[name] = read(value, key_fields()[name].hint)
        except InvalidSetting as error:
            gathered.fault(f"{path}.{name} {error}", f"{path}.{name}", source)
    return values


def _take_environment(gathered: _Gathered, environ: Mapping[str, str]) -> None:
    known = {environment_name(path): path for path in fields()}
    in_kubernetes = "KUBERNETES_SERVICE_HOST" in environ
    for name, text in sorted(environ.items()):
        source = Source("environment", name)
        if name in known:
            gathered.add(known[name], source, functools.partial(read_text, text))
        elif name == KEYS_VARIABLE:
            _take_keys_variable(gathered, text, source)
        elif in_kubernetes and _SERVICE_LINK.fullmatch(name):
            continue
        elif name.startswith("FASTAPPLY_") and name not in (CONFIG_VARIABLE, CLIENT_KEY_VARIABLE):
            guess = nearest(name, [*known, KEYS_VARIABLE, CONFIG_VARIABLE])
            gathered.fault(f"no setting has this name{guess and f'; {guess}'}", name, source)


def _take_keys_variable(gathered: _Gathered, text: str, source: Source) -> None:
    """Keys as `NAME:SHA256`, with commas or blanks between them, in place of the file's."""
    gathered.keys.clear()
    gathered.sources["keys"] = source
    for number, one in enumerate(text.replace(",", " ").split()):
        name, colon, sha256 = one.rpartition(":")
        gathered.sources[f"keys[{number}]"] = source
        gathered.keys.append({"name": name, "sha256": sha256})
        if not colon:
            gathered.fault("keys are written NAME:SHA256, with commas between them", f"keys[{number}]", source)
