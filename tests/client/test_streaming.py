"""A snippet sent while it is written."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import fastapply
from fastapply import errors
from fastapply.client import AsyncClient, Client
from fastapply.merge.values import ApplyResult, Edit
from support.service import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from support.service import Service

BEFORE = "import os\n\n\ndef one():\n    x = 1\n    return os.stat\n\n\ndef two():\n    return os.sep\n"
FIRST = "import os\n\n\ndef one():\n    x = 2\n    return os.stat\n\n\ndef two():\n"
LAST = "    return os.sep\n"


def whole() -> ApplyResult:
    return fastapply.apply(BEFORE, FIRST + LAST, path="a.py")


def test_edits_are_there_before_the_last_piece_is_written(service: Service, key: str) -> None:
    told = threading.Event()

    def written() -> Iterator[str]:
        yield from FIRST
        assert told.wait(30), "the edit did not come while the snippet was written"
        yield LAST

    seen: list[Edit | ApplyResult] = []
    with Client(service.url, key) as client:
        for one in client.apply_stream(BEFORE, written(), path="a.py"):
            seen.append(one)
            told.set()
    *edits, result = seen
    assert isinstance(result, ApplyResult)
    assert result.merged_code == whole().merged_code
    assert edits == [Edit(BEFORE.index("    x"), BEFORE.index("    return os.stat"), "    x = 2\n")]
    assert set(edits) <= set(result.edits)


def test_the_same_for_asyncio(service: Service, key: str) -> None:
    async def talk() -> list[Edit | ApplyResult]:
        told = asyncio.Event()

        async def written() -> AsyncIterator[str]:
            yield FIRST
            await asyncio.wait_for(told.wait(), 30)
            yield LAST

        seen = []
        async with AsyncClient(service.url, key) as client:
            async for one in client.apply_stream(BEFORE, written(), path="a.py"):
                seen.append(one)
                told.set()
        return seen

    *edits, result = asyncio.run(talk())
    assert edits
    assert isinstance(result, ApplyResult)
    assert result.merged_code == whole().merged_code


@pytest.mark.parametrize(
    ("options", "pieces", "kind"),
    [
        ({"path": "a.py"}, ["# ... existing code ...\n    y = 2\n# ... existing code ...\n"], errors.EditRefused),
        ({"language": "klingon"}, ["x"], errors.UnknownLanguage),
        ({"on_doubt": "model"}, ["x"], errors.ModelUnavailable),
        ({"path": "a.py"}, ["\ud800"], errors.InvalidRequest),
    ],
)
def test_what_is_wrong_is_raised(
    service: Service, key: str, options: dict[str, Any], pieces: list[str], kind: type[errors.FastApplyError]
) -> None:
    with Client(service.url, key) as client, pytest.raises(kind) as raised:
        list(client.apply_stream(BEFORE, pieces, **options))
    if isinstance(raised.value, errors.EditRefused):
        assert raised.value.doubts[0].message


def test_a_wrong_key_and_no_service(service: Service) -> None:
    with Client(service.url, "fa_another") as client, pytest.raises(errors.KeyRefused):
        list(client.apply_stream(BEFORE, [FIRST]))
    nobody = f"http://127.0.0.1:{free_port()}"
    with Client(nobody, "") as client, pytest.raises(errors.ServiceUnreachable):
        list(client.apply_stream(BEFORE, [FIRST]))


def test_a_model_that_fails_is_raised_and_nothing_merged(service: Service, key: str) -> None:
    def written() -> Iterator[str]:
        yield FIRST
        raise ConnectionResetError("the model is gone")

    seen = []
    with Client(service.url, key) as client, pytest.raises(ConnectionResetError, match="the model is gone"):
        seen.extend(client.apply_stream(BEFORE, written(), path="a.py"))
    assert not any(isinstance(one, ApplyResult) for one in seen)


def test_it_may_be_left_before_its_end(service: Service, key: str) -> None:
    with Client(service.url, key) as client:
        said = client.apply_stream(BEFORE, iter([FIRST, LAST]), path="a.py")
        next(said)
        said.close()
        assert client.health()["status"] == "ok"


CUT = b"cut"


@contextlib.asynccontextmanager
async def serving(answer: bytes) -> AsyncIterator[str]:
    """A server that reads all there is to read, says `answer`, and ends where it does or when its client goes."""

    async def act(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b'"end": true}')
            writer.write(answer.removesuffix(CUT))
            await writer.drain()
            while not answer.endswith(CUT) and await reader.read(1000):
                pass
        writer.close()
        ended.set()

    ended = asyncio.Event()
    async with await asyncio.start_server(act, "127.0.0.1", 0) as server:
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            await asyncio.wait_for(ended.wait(), 20)
            await asyncio.sleep(0)  # for its task to end


def chunked(*lines: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%b\n\r\n" % (len(line) + 1, line) for line in lines)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", errors.DeadlineExceeded),
        (chunked(), errors.DeadlineExceeded),
        (chunked(b'{"edit": {"start": 0, "end": 0, "text": "x"}}') + CUT, errors.ServiceUnreachable),
        (chunked(b"<html>") + CUT, errors.UnexpectedAnswer),
        (chunked() + b"0\r\n\r\n", errors.ServiceUnreachable),
        (b"HTTP/1.1 502 No\r\ncontent-length: 0\r\n\r\n", errors.ServiceUnreachable),
        (b"nonsense\r\n\r\ncut", errors.ServiceUnreachable),
    ],
)
def test_a_service_that_fails_is_an_error(answer: bytes, kind: type[errors.FastApplyError]) -> None:
    async def talk() -> None:
        async with (
            serving(answer) as url,
            AsyncClient(url, "", timeout=0.5) as client,
            aclosing(client.apply_stream(BEFORE, [FIRST])) as said,
        ):
            async for _ in said:
                pass

    with pytest.raises(kind):
        asyncio.run(talk())


def test_an_edit_told_too_early_is_an_error_with_the_result() -> None:
    line = {
        "answer": msgspec.to_builtins(whole()),
        "problem": {"code": "early_edit_wrong", "detail": "1 of the edits", "count": 1},
    }

    async def talk() -> None:
        async with (
            serving(chunked(msgspec.json.encode(line))) as url,
            AsyncClient(url, "") as client,
            aclosing(client.apply_stream(BEFORE, [FIRST])) as said,
        ):
            async for _ in said:
                pass

    with pytest.raises(errors.EarlyEditWrong) as wrong:
        asyncio.run(talk())
    assert wrong.value.count == 1
    assert wrong.value.result
    assert wrong.value.result.merged_code == whole().merged_code
