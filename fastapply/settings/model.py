"""The settings of the service, checked where they are made. Each field is followed by its meaning, unit and range.

A section of the configuration file is a class here and a key of it a field; `fastapply.settings.load` reads them.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field
from typing import Annotated, Literal

from fastapply.errors import InvalidSetting
from fastapply.machine import available_cores

__all__ = [
    "GIB",
    "MIB",
    "AgentSettings",
    "Key",
    "LimitSettings",
    "LogSettings",
    "ModelSettings",
    "PoolSettings",
    "ServerSettings",
    "Settings",
    "Size",
]

MIB = 1 << 20
GIB = 1 << 30
_DAY = 86400.0
_DEVICE = re.compile(r"auto|cpu|cuda(:\d+)?")

Size = Annotated[int, "bytes"]
"""Bytes; in a file or in the environment also a text such as "10 MiB"."""


def _default_workers() -> int:
    """One worker a core, at most 8: a merge takes milliseconds and a worker some 60 MB."""
    return min(available_cores(), 8)


def _require(holds: bool, field_name: str, message: str) -> None:
    if not holds:
        raise InvalidSetting(f"{field_name} {message}", field=field_name)


@dataclass(frozen=True)
class ServerSettings:
    """Where the service listens."""

    host: str = "127.0.0.1"
    """Address to listen on. Any other than the loopback needs at least one key."""

    port: int = 8000
    """Port to listen on, 0 to 65535; 0 lets the system choose."""

    workers: int = 1
    """Server processes that share the port, 1 or more; each has a pool of its own."""

    max_body: Size = 10 * MIB
    """Bytes of the largest request body that is read. 1 KiB or more."""

    client_timeout: float = 30.0
    """Seconds without a byte from a client that sends, or to one that should read; then it is let go. More than 0."""

    playground: bool = True
    """Whether / shows a page to try merges on. The page needs no key; what it asks for does, where there are keys."""

    def __post_init__(self) -> None:
        _require(bool(self.host), "host", "must not be empty")
        _require(0 <= self.port <= 65535, "port", "must be between 0 and 65535")
        _require(self.workers >= 1, "workers", "must be 1 or more")
        _require(self.max_body >= 1024, "max_body", "must be at least 1024 bytes")
        _require(self.client_timeout > 0, "client_timeout", "must be more than 0 seconds")
        _require(self.client_timeout <= _DAY, "client_timeout", "must be at most a day, 86400 seconds")

    @property
    def is_loopback(self) -> bool:
        """Nobody but this machine reaches `host`."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True)
class PoolSettings:
    """The processes that merge, of one server process."""

    workers: int = field(default_factory=_default_workers)
    """Processes for small merges, 1 or more; by default one a core, at most 8, and no more than a container's quota."""

    large_workers: int = 1
    """Processes for large merges, which small ones don't wait for. 1 or more."""

    large_from: int = 256 * 1024
    """Characters of original and snippet together from which a merge is large. 1 or more."""

    queue: int = 64
    """Small merges that may wait for a worker; one more is turned away. 0 or more."""

    large_queue: int = 16
    """Large merges that may wait for a worker; one more is turned away. 0 or more."""

    deadline: float = 5.0
    """Seconds a request may take, waiting included; then its worker is killed. More than 0."""

    batch_deadline: float = 20.0
    """Seconds that all merges of a batch may take, waiting included. More than 0."""

    memory: Size = 4 * GIB
    """Bytes of address space a worker may use; 0 for no limit. At least 512 MiB otherwise."""

    def __post_init__(self) -> None:
        _require(self.workers >= 1, "workers", "must be 1 or more")
        _require(self.large_workers >= 1, "large_workers", "must be 1 or more")
        _require(self.large_from >= 1, "large_from", "must be 1 character or more")
        _require(self.queue >= 0, "queue", "must be 0 or more")
        _require(self.large_queue >= 0, "large_queue", "must be 0 or more")
        _require(self.deadline > 0, "deadline", "must be more than 0 seconds")
        _require(self.deadline <= _DAY, "deadline", "must be at most a day, 86400 seconds")
        _require(self.batch_deadline > 0, "batch_deadline", "must be more than 0 seconds")
        _require(self.batch_deadline <= _DAY, "batch_deadline", "must be at most a day, 86400 seconds")
        _require(
            self.memory == 0 or 512 * MIB <= self.memory < 1 << 63,
            "memory",
            "must be 0 or at least 512 MiB, and below 8 EiB",
        )


@dataclass(frozen=True)
class ModelSettings:
    """The model that is asked where the structural merge is in doubt. Without `folder` and `url` there is none."""

    profile: str = ""
    """How it is talked to: the name of a built-in profile, or the path of a TOML file."""

    folder: str = ""
    """Folder of a checkpoint (config.json, safetensors, tokenizer) that `fastapply serve` loads and runs."""

    device: str = "auto"
    """Where it runs: auto (a GPU if there is one), cpu, cuda, or one GPU, as cuda:1."""

    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Type of weights and activations; auto is the checkpoint's on a GPU and float32 on a CPU."""

    tensor_parallel: int = 1
    """Processes that share the model, each on a GPU of its own where there are GPUs. 1 or more."""

    memory_share: float = 0.0
    """Share of the free memory for keys and values of requests, at most 1; 0 is 0.9 on a GPU and 0.5 on a CPU."""

    queue: int = 64
    """Questions that may be open at once, in each server process; one more is turned away. 1 or more."""

    deadline: float = 60.0
    """Seconds an answer of the model may take, waiting included. More than 0."""

    engine: str = ""
    """Socket of an engine for `folder` that runs already, as ipc:///run/fastapply.sock; empty starts one."""

    url: str = ""
    """In place of `folder`: an OpenAI-compatible endpoint that serves the model, as http://10.0.0.5:8000/v1."""

    remote_name: str = ""
    """The model's name there; empty is the profile's."""

    remote_key_file: str = ""
    """File that holds the key to send there; empty sends none."""

    remote_route: Literal["chat", "completions"] = "chat"
    """Which route is asked there: chat leaves the template to that server, completions sends the profile's own."""

    remote_plain_http: bool = False
    """Whether code may be sent there unencrypted, where that is not this machine."""

    prediction: Literal["auto", "on", "off"] = "auto"
    """Whether the draft is sent there as a prediction; auto until the server refuses it."""

    remote_warm: bool = False
    """Whether files are sent there as soon as a client says that an edit may come, for that server to read and keep."""

    def __post_init__(self) -> None:
        _require(not (self.folder and self.url), "url", "and folder name two models; give one of them")
        _require(not self.profile or self._is_named, "profile", "needs a model: give folder or url")
        _require(bool(self.profile) or not self._is_named, "profile", "is missing; `fastapply models` lists them")
        _require(not self.engine or bool(self.folder), "engine", "needs folder: its tokenizer is read here")
        _require(bool(_DEVICE.fullmatch(self.device)), "device", "must be auto, cpu, cuda or cuda:N")
        _require(self.tensor_parallel >= 1, "tensor_parallel", "must be 1 or more")
        _require(0 <= self.memory_share <= 1, "memory_share", "must be between 0 and 1")
        _require(self.queue >= 1, "queue", "must be 1 or more")
        _require(self.deadline > 0, "deadline", "must be more than 0 seconds")
        _require(self.deadline <= _DAY, "deadline", "must be at most a day, 86400 seconds")

    @property
    def configured(self) -> bool:
        """Whether there is a model."""
        return bool(self.profile)

    @property
    def _is_named(self) -> bool:
        return bool(self.folder or self.url)


@dataclass(frozen=True)
class AgentSettings:
    """The tools that agents call at `/mcp`. Without roots there are none."""

    roots: tuple[str, ...] = ()
    """Folders whose files agents may read and write, absolute; a path that is relative is one of the first."""

    state: str = ""
    """Folder for the journal of edits, absolute; empty for fastapply in $XDG_STATE_HOME or ~/.local/state."""

    def __post_init__(self) -> None:
        _require(all(map(os.path.isabs, self.roots)), "roots", "must be absolute paths of folders")
        _require(not self.state or os.path.isabs(self.state), "state", "must be an absolute path of a folder")


@dataclass(frozen=True)
class LimitSettings:
    """What one client may ask for."""

    requests_per_minute: int = 0
    """Requests a key may send in a minute (without keys: an address); 0 for no limit."""

    def __post_init__(self) -> None:
        _require(self.requests_per_minute >= 0, "requests_per_minute", "must be 0 or more")


@dataclass(frozen=True)
class LogSettings:
    """What is logged: one line a request, and never code."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least level that is written."""

    format: Literal["json", "text"] = "text"
    """`json` is one object a line, for machines; `text` is for people."""

    file: str = ""
    """File that is appended to; empty for standard error."""


_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Key:
    """One key that clients may send. `fastapply key NAME` makes one and prints what to put here."""

    name: str
    """Whose it is; what logs call it. Not empty, and of printable characters."""

    sha256: str = field(repr=False)
    """SHA-256 of the key, in 64 lower-case hexadecimal digits. The key itself is stored nowhere."""

    revoked: bool = False
    """Refused from now on."""

    requests_per_minute: int | None = None
    """This key's own limit in place of the one in `[limits]`; 0 for none."""

    def __post_init__(self) -> None:
        _require(bool(self.name), "name", "must not be empty")
        # A line break would begin a line of the log that nobody wrote.
        _require(self.name.isprintable(), "name", "must be of printable characters")
        _require(bool(_SHA256.fullmatch(self.sha256)), "sha256", "must be 64 lower-case hexadecimal digits")
        _require((self.requests_per_minute or 0) >= 0, "requests_per_minute", "must be 0 or more")


@dataclass(frozen=True)
class Settings:
    """All settings of the service."""

    server: ServerSettings = field(default_factory=ServerSettings)
    """Where the service listens."""

    pool: PoolSettings = field(default_factory=PoolSettings)
    """The processes that merge."""

    model: ModelSettings = field(default_factory=ModelSettings)
    """The model that is asked where the structural merge is in doubt."""

    agent: AgentSettings = field(default_factory=AgentSettings)
    """The tools that agents call at `/mcp`."""

    limits: LimitSettings = field(default_factory=LimitSettings)
    """What one client may ask for."""

    log: LogSettings = field(default_factory=LogSettings)
    """What is logged."""

    keys: tuple[Key, ...] = ()
    """Keys that clients may send; without any, none is asked for and only the loopback is served."""

    def __post_init__(self) -> None:
        names = [key.name for key in self.keys]
        twice = next((name for name in names if names.count(name) > 1), None)
        _require(twice is None, "keys", f"must have a name each, and {twice!r} is there twice")
        _require(
            bool(self.keys) or self.server.is_loopback,
            "server.host",
            f"is {self.server.host}, which others may reach: that needs a key. Make one with `fastapply key NAME` and "
            "put it into the configuration, or listen on 127.0.0.1",
        )
