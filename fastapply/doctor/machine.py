"""What the machine has: the port, a place for the log, cores, memory."""

from __future__ import annotations

import errno
import http.client
import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from fastapply.doctor.finding import Finding
from fastapply.machine import available_cores, available_memory
from fastapply.settings.model import GIB, MIB

if TYPE_CHECKING:
    from fastapply.settings.model import Settings

__all__ = ["look_at_cores", "look_at_log", "look_at_memory", "look_at_port"]

_ANSWER_SECONDS = 2.0
_MEGABYTES_OF_A_WORKER = 60
_MEGABYTES_OF_A_SERVER = 100


def look_at_port(host: str, port: int) -> Finding:
    """Whether the service could listen there, and if not, what is there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        return Finding("problem", f"{host} is no address: {error.strerror}", "correct server.host")
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            return _why_not(host, port, error)
    return Finding("ok", f"port {port} of {host} is free" if port else "the system will choose a port")


def _why_not(host: str, port: int, error: OSError) -> Finding:
    if error.errno == errno.EADDRINUSE:
        return _who_answers(host, port)
    if error.errno == errno.EADDRNOTAVAIL:
        return Finding("problem", f"{host} is no address of this machine", "correct server.host")
    remedy = "take a port from 1024 on" if error.errno == errno.EACCES else "correct server.host or server.port"
    return Finding("problem", f"port {port} of {host} can't be had: {error.strerror}", remedy)


def _who_answers(host: str, port: int) -> Finding:
    told = _ask_health({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port)
    if told is None:
        remedy = "stop what has it, or take another: server.port"
        return Finding("problem", f"port {port} of {host} is taken, and not by FastApply", remedy)
    return Finding(
        "note",
        f"FastApply {told.get('version')} answers at port {port} of {host}: {told.get('status')}",
        "nothing, if that is the one; a second one needs another server.port",
    )


def _ask_health(host: str, port: int) -> dict[str, object] | None:
    """What `/health` says there; `None` where that is nothing of ours."""
    connection = http.client.HTTPConnection(host, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/health")
        told = json.loads(connection.getresponse().read(100_000))
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return told if isinstance(told, dict) and {"version", "workers"} <= told.keys() else None


def look_at_log(file: str) -> Finding:
    """Whether the log can be written, by who asks."""
    if not file:
        return Finding("ok", "the log goes to standard error")
    path = Path(file)
    if path.is_dir():
        return Finding("problem", f"the log file {path} is a folder", "correct log.file")
    target = path if path.exists() else path.absolute().parent
    if not target.exists():
        return Finding("problem", f"the folder of the log file {path} is not there", f"mkdir -p {target}")
    if not os.access(target, os.W_OK):
        remedy = f"run this as the service's user; if it fails there, too: chown that user {target}"
        return Finding("problem", f"the log file {path} can't be written by this user", remedy)
    return Finding("ok", f"the log file {path} can be written by this user")


def look_at_cores(settings: Settings, cores: int | None = None) -> Finding:
    """Whether there are more workers than can work at once."""
    cores = cores or available_cores()
    workers = settings.server.workers * settings.pool.workers
    told = f"{workers} workers for small merges on {cores} cores"
    if workers > cores:
        per_server = max(1, cores // settings.server.workers)
        return Finding("note", told, f"more than cores slow each other down: pool.workers = {per_server}")
    return Finding("ok", told)


def look_at_memory(settings: Settings, memory: int | None = None) -> Finding:
    """Whether all processes fit into the memory, each with what it takes when it does little."""
    memory = memory or available_memory()
    workers = settings.server.workers * (settings.pool.workers + settings.pool.large_workers)
    needed = (workers * _MEGABYTES_OF_A_WORKER + settings.server.workers * _MEGABYTES_OF_A_SERVER) * MIB
    told = f"{workers} workers need some {needed / GIB:.1f} GiB, and there are {memory / GIB:.1f} GiB"
    if needed > memory:
        return Finding("problem", told, "fewer of them: pool.workers, server.workers")
    if needed > memory // 2:
        return Finding("note", told, "large files take more: fewer of them (pool.workers), or more memory")
    return Finding("ok", told)
