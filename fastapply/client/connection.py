"""One service over HTTP: a request sent, and sent again where that may help, until its time is over."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2

from fastapply import __version__, errors
from fastapply.addresses import checked_address, checked_key
from fastapply.client.failures import failure
from fastapply.retries import backoff, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CONNECT_SECONDS", "KEY_VARIABLE", "Ask", "Connection", "Service"]

KEY_VARIABLE = "FASTAPPLY_API_KEY"
"""Where the key is taken from when none is given."""

# An answer holds the merged file, its diff and its edits, so a few times what was sent; JSON may write a character in
# six. Beyond this it is no answer.
_LEAST_LIMIT = 64 << 20
_TIMES_THE_REQUEST = 16
_RETRIED = frozenset((429, 502, 503))
CONNECT_SECONDS = 5.0
"""That it may take to reach a service."""


@dataclass(frozen=True)
class Service:
    """Where the service is, and how it is asked. Times in seconds."""

    url: str
    key: str
    timeout: float = 60.0
    """For a call, with all its attempts and the pauses between them."""
    retries: int = 2
    """How often a call is sent again at most."""

    @classmethod
    def of(cls, url: str, key: str | None, timeout: float, retries: int, allow_http: bool) -> Service:
        """A service at `url`, with or without `/v1` at its end. Plain http leads to this machine only, or where
        `allow_http`; a `key` that is None is the one in the environment. Raises `InvalidSetting`."""
        if not timeout > 0:
            raise errors.InvalidSetting("timeout must be more than 0 seconds", field="timeout")
        if retries < 0:
            raise errors.InvalidSetting("retries must be 0 or more", field="retries")
        address = checked_address(url, allow_http, path="").removesuffix("/v1")
        return cls(address, checked_key(os.environ.get(KEY_VARIABLE, "") if key is None else key), timeout, retries)

    def __repr__(self) -> str:
        return f"{self.url!r}, key={'***' if self.key else None}"

    def headers(self) -> dict[str, str]:
        """What every request says."""
        said = {"user-agent": f"fastapply-python/{__version__}", "accept": "application/json"}
        return said | ({"authorization": f"Bearer {self.key}"} if self.key else {})


@dataclass(frozen=True)
class Ask:
    """One call. One that is `repeatable` changes nothing on the service, so it may be sent twice."""

    method: str
    path: str
    body: bytes | None = None
    repeatable: bool = True


class _Passing(Exception):
    """An attempt failed with `error`, and another may not, `after` seconds from now."""

    def __init__(self, error: errors.FastApplyError, after: float | None = None) -> None:
        super().__init__()
        self.error = error
        self.after = after


class Connection:
    """Connections to one service, kept between calls. For one event loop; ends with `close`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._client = httpx2.AsyncClient(
            base_url=service.url,
            headers=service.headers(),
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
            verify=service.url.startswith("https:"),
            # Code goes where it is meant to go: to no proxy of the environment, and not where a redirect points.
            trust_env=False,
            follow_redirects=False,
        )

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    async def call(self, ask: Ask) -> bytes:
        """The body of the answer. Raises the error that the service names, `ServiceError` where it gives no answer of
        ours, and `DeadlineExceeded` where it gives none in time."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._service.timeout
        tried = 0
        while True:
            try:
                return await self._attempt(ask, due)
            except _Passing as passing:
                tried += 1
                wait = backoff(tried) if passing.after is None else passing.after
                if tried > self._service.retries or loop.time() + wait >= due:
                    raise passing.error from None
            await asyncio.sleep(wait)

    async def _attempt(self, ask: Ask, due: float) -> bytes:
        try:
            async with asyncio.timeout_at(due):
                status, headers, body = await self._exchange(ask)
        except TimeoutError:
            raise errors.DeadlineExceeded(self._service.timeout) from None
        except httpx2.RequestError as broken:
            never_sent = isinstance(broken, (httpx2.ConnectError, httpx2.ConnectTimeout))
            error = _unreachable(broken, never_sent)
            raise _Passing(error) if ask.repeatable or never_sent else error from None
        if status == 200:
            return body
        failed = failure(status, headers, body)
        # A proxy in between may have passed the request on before it gave up; the service itself did nothing.
        if status in _RETRIED and (ask.repeatable or not isinstance(failed, errors.ServiceUnreachable)):
            raise _Passing(failed, retry_after(headers.get("retry-after", "")))
        raise failed

    async def _exchange(self, ask: Ask) -> tuple[int, Mapping[str, str], bytes]:
        headers = {"content-type": "application/json"} if ask.body is not None else {}
        most = max(_LEAST_LIMIT, _TIMES_THE_REQUEST * len(ask.body or b""))
        async with self._client.stream(ask.method, ask.path, content=ask.body, headers=headers) as response:
            body = bytearray()
            async for part in response.aiter_bytes():
                body += part
                if len(body) > most:
                    raise errors.UnexpectedAnswer(f"the answer has more than {most} bytes, which no answer needs")
            return response.status_code, response.headers, bytes(body)


def _unreachable(error: httpx2.RequestError, never_sent: bool) -> errors.ServiceUnreachable:
    """Its message names the type alone: that of a broken protocol may hold what was sent."""
    what = "can't be reached" if never_sent else "broke off"
    said = f"the service {what} ({type(error).__name__}); is `fastapply serve` running there?"
    return errors.ServiceUnreachable(said)
