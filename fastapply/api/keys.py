"""Who may ask, and how often: keys, the rate of each, and the names under which a keyless service may be called."""

from __future__ import annotations

import hashlib
import logging
import math
import os
import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from litestar.datastructures import Headers, MutableScopeHeaders
from litestar.middleware import ASGIMiddleware

from fastapply.api.logs import request_fields
from fastapply.api.problems import Problem
from fastapply.errors import FastApplyError
from fastapply.settings.load import load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from litestar.types import ASGIApp, Message, Receive, Scope, Send

    from fastapply.settings.load import Loaded
    from fastapply.settings.model import Key, Settings

__all__ = ["KeyRing", "Turnstile"]

log = logging.getLogger(__name__)

_OPEN = ("/", "/health", "/ready", "/schema", "/playground")
"""Paths that need no key, and what is below them (but for the first: `/` alone)."""
_WARM = "/v1/warm"
_LOOK_AGAIN_SECONDS = 1.0
_HOST = re.compile(r"(?P<name>\[[^\]]*\]|[^:@]*)(?::\d*)?")
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


class KeyRing:
    """The keys in force. They are read anew when the configuration changes, so a revoked one ends without a restart.

    `version` gives something that changes with the configuration (`None` while there is none), and `read` its keys.
    """

    def __init__(
        self,
        keys: Sequence[Key],
        version: Callable[[], object] = lambda: None,
        read: Callable[[], Sequence[Key]] | None = None,
    ) -> None:
        self._by_hash = {key.sha256: key for key in keys}
        self._version = version
        self._read = read
        self._seen = version()
        self._looked = time.monotonic()

    @classmethod
    def of(cls, loaded: Loaded) -> Self:
        """The keys of `loaded`, which follow its configuration file."""
        file = loaded.file
        first = loaded.sources.get("keys[0]")
        if file is None or first is None or first.kind != "file":
            return cls(loaded.settings.keys)
        return cls(loaded.settings.keys, lambda: _state(file), lambda: load(file, os.environ, {}).settings.keys)

    @property
    def asks_for_key(self) -> bool:
        """Whether requests need a key."""
        return bool(self._by_hash)

    def owner(self, token: str) -> Key | None:
        """The key that `token` is, or `None`."""
        self._look_again()
        return self._by_hash.get(hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest())

    def _look_again(self) -> None:
        if self._read is None or time.monotonic() - self._looked < _LOOK_AGAIN_SECONDS:
            return
        self._looked = time.monotonic()
        version = self._version()
        if version in (self._seen, None):
            return
        self._seen = version
        try:
            keys = self._read()
        except (FastApplyError, OSError) as error:
            log.error("the configuration changed and can't be read, so the keys stay as they were: %s", error)
            return
        if not keys:
            # Taking the last key away would open the service to everybody; that takes a restart.
            log.error("the configuration changed and has no keys any more; the old ones stay until a restart")
            return
        self._by_hash = {key.sha256: key for key in keys}
        log.info("the keys were read anew: %d", len(keys))


class Turnstile(ASGIMiddleware):
    """Lets a request in that has a key (where keys are asked for) and has not asked too often."""

    def __init__(self, settings: Settings, ring: KeyRing) -> None:
        self._ring = ring
        self._per_minute = settings.limits.requests_per_minute
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._names = {*_LOCAL_NAMES, settings.server.host}

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on, or raise the `Problem` that keeps it out."""
        if any(scope["path"] == path or scope["path"].startswith(f"{path}/") for path in _OPEN):
            await next_app(scope, receive, send)
            return
        headers = Headers.from_scope(scope)
        key = self._admit(headers)
        told = self._count(key, scope)

        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableScopeHeaders.from_message(message).update(told)
            await send(message)

        await next_app(scope, receive, send_with_limits if told else send)

    def _admit(self, headers: Headers) -> Key | None:
        if not self._ring.asks_for_key:
            self._require_local_name(headers)
            return None
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _unauthorized("send a key: Authorization: Bearer <key>")
        key = self._ring.owner(token.strip())
        if key is None:
            raise _unauthorized("this key is not known")
        request_fields()["key"] = key.name
        if key.revoked:
            raise Problem(HTTPStatus.FORBIDDEN, "key_revoked", f"the key {key.name} was revoked")
        return key

    def _require_local_name(self, headers: Headers) -> None:
        # A page from elsewhere whose name was made to lead here (DNS rebinding) still says its own name.
        host = _HOST.fullmatch(headers.get("host", ""))
        if host is None or host["name"].lower() not in self._names:
            raise Problem(
                HTTPStatus.FORBIDDEN, "host_not_allowed", "without keys, only requests to localhost are answered"
            )

    def _count(self, key: Key | None, scope: Scope) -> dict[str, str]:
        """Count the request; the headers that say what is left. A 429 `Problem` where it is one too many."""
        own = key.requests_per_minute if key else None
        most = self._per_minute if own is None else own
        if most == 0:
            return {}
        item = RateLimitItemPerMinute(most)
        client = key.name if key else (scope.get("client") or ("",))[0]
        # Warm-ups come by themselves, one for each file that is opened: they must not use up what edits may take.
        counted = client, scope["path"] if scope["path"] == _WARM else ""
        allowed = self._limiter.hit(item, *counted)
        window = self._limiter.get_window_stats(item, *counted)
        reset = str(max(0, math.ceil(window.reset_time - time.time())))
        told = {"RateLimit-Limit": str(most), "RateLimit-Remaining": str(window.remaining), "RateLimit-Reset": reset}
        if not allowed:
            detail = f"more than {most} requests in a minute; try again in {reset} s"
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", detail, {**told, "Retry-After": str(max(1, int(reset)))}
            )
        return told


def _state(file: Path) -> object:
    """Something that changes when `file` does; `None` while it is not there, as between the steps of a replacement."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _unauthorized(detail: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, "unauthorized", detail, {"WWW-Authenticate": "Bearer"})
