"""One server of OpenAI's API: questions sent, and sent again where that may help."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2
import msgspec

from fastapply.errors import InvalidSetting, ModelDown, ModelError
from fastapply.resolve.remote.breaker import Breaker
from fastapply.resolve.remote.failures import Refusal, read_refusal
from fastapply.resolve.remote.reply import Limits, Reply
from fastapply.retries import backoff

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from fastapply.resolve.remote.breaker import Attempt
    from fastapply.resolve.remote.reply import Deadline

    Body = Mapping[str, Any]

__all__ = ["Patience", "Server"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long and how often is waited for a server. All times in seconds."""

    connect: float = 2.0
    """For a connection, TLS included."""
    first_token: float = 30.0
    """From sending a question to the first token of its answer: the time in the server's queue and for the prompt."""
    attempts: int = 3
    """How often a question is sent at most."""
    failures: int = 5
    """So many in a row, and the server is left alone ..."""
    rest: float = 30.0
    """... for so long."""

    def __post_init__(self) -> None:
        for name in ("connect", "first_token", "attempts", "failures"):
            if not getattr(self, name) > 0:
                raise InvalidSetting(f"{name} must be more than 0", field=name)
        if not self.rest >= 0:
            raise InvalidSetting("rest must be 0 or more", field="rest")


class _PassingFailure(Exception):
    """An attempt failed before the answer began, and another may not. `error` is for the client, `after` in seconds."""

    def __init__(self, error: ModelError, after: float | None = None) -> None:
        super().__init__()
        self.error = error
        self.after = after


class Server:
    """Sends questions to `address`, which `checked_address` gave. To be used from one event loop; ends with `close`."""

    def __init__(self, address: str, api_key: str, patience: Patience) -> None:
        # No compression: it would hold pieces of the answer back.
        headers = {"accept": "text/event-stream", "accept-encoding": "identity", "content-type": "application/json"}
        if api_key:
            headers["authorization"] = f"Bearer {api_key}"
        self._client = httpx2.AsyncClient(
            base_url=address,
            headers=headers,
            timeout=httpx2.Timeout(None, connect=patience.connect),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=64),
            # Certificates always count; where there are none, they need not be read from disk.
            verify=address.startswith("https:"),
            # Code goes where it was configured to go: to no proxy of the environment, and not where a redirect points.
            trust_env=False,
            follow_redirects=False,
        )
        self._patience = patience
        self._breaker = Breaker(patience.failures, patience.rest)
        self._refused: frozenset[str] = frozenset()

    @property
    def is_up(self) -> bool:
        """Whether it may be asked at present."""
        return not self._breaker.is_open

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def ask(self, path: str, body: Body, optional: Body, deadline: Deadline) -> AsyncIterator[Reply]:
        """Post `body`, with what the server is not known to refuse of the fields in `optional`.

        Leaving the context ends the connection unless the answer was read to its end; so the server stops. Raises
        what `Completer.complete` raises, now and while the reply is read.
        """
        reply = await self._reply(path, body, optional, deadline)
        try:
            yield reply
        finally:
            await reply.close()

    async def _reply(self, path: str, body: Body, optional: Body, deadline: Deadline) -> Reply:
        tried = 0
        while True:
            try:
                return await self._reply_to_one(path, body, optional, deadline)
            except _PassingFailure as failure:
                tried += 1
                wait = backoff(tried) if failure.after is None else failure.after
                if tried >= self._patience.attempts or wait >= deadline.left:
                    raise failure.error from None
            await asyncio.sleep(wait)

    async def _reply_to_one(self, path: str, body: Body, optional: Body, deadline: Deadline) -> Reply:
        """Ask, and at once again without optional fields if the server refuses the question with them."""
        fields = {name: value for name, value in optional.items() if name not in self._refused}
        while True:
            reply = await self._attempt(path, {**body, **fields}, deadline)
            if isinstance(reply, Reply):
                self._remember(frozenset(optional) - frozenset(fields) - self._refused)
                return reply
            if not fields or reply.status not in (400, 422) or reply.too_long:
                raise _PassingFailure(reply.error(), reply.after) if reply.is_passing else reply.error()
            named = {name for name in fields if name in reply.text}
            fields = {name: value for name, value in fields.items() if named and name not in named}

    def _remember(self, refused: frozenset[str]) -> None:
        """The server answers without these fields and not with them."""
        if refused:
            self._refused |= refused
            log.warning(
                "the model server takes no %s: it is asked without from now on", " and no ".join(sorted(refused))
            )

    async def _attempt(self, path: str, body: Body, deadline: Deadline) -> Reply | Refusal:
        attempt = self._breaker.attempt()
        limits = Limits(deadline, self._patience.first_token)
        try:
            async with asyncio.timeout_at(limits.due):
                answer = await self._post(path, body)
        except TimeoutError:
            raise limits.exceeded(attempt) from None
        except httpx2.RequestError as error:
            attempt.failed()
            raise _PassingFailure(ModelDown(f"the model server can't be reached ({type(error).__name__})")) from None
        except BaseException:
            attempt.given_up()
            raise
        if isinstance(answer, httpx2.Response):
            return Reply(answer, attempt, limits)
        _settle(attempt, answer)
        return answer

    async def _post(self, path: str, body: Body) -> httpx2.Response | Refusal:
        request = self._client.build_request("POST", path, content=msgspec.json.encode(body))
        response = await self._client.send(request, stream=True)
        if response.status_code == 200:
            return response
        try:
            return await read_refusal(response)
        finally:
            await response.aclose()


def _settle(attempt: Attempt, refusal: Refusal) -> None:
    """To say no is to work, too."""
    if refusal.is_fault:
        attempt.failed()
    else:
        attempt.succeeded()
