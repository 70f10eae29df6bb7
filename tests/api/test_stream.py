"""`POST /v1/apply/stream`: edits while the snippet is written, then the answer."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastapply
from fastapply import errors
from fastapply.api.app import create_app
from fastapply.api.live.lines import Lines
from fastapply.api.live.session import Growing
from fastapply.client.connection import Service as Address
from fastapply.client.duplex import Duplex
from fastapply.merge.values import Edit
from fastapply.workers.lanes import Lanes
from fastapply.workers.wire import Early, Job
from support.begun import BEFORE, BEGUN
from support.service import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.service import Service

PATH = "/v1/apply/stream"
NDJSON = "application/x-ndjson"
REST = "    print(path)\n    return os.path.dirname(path)\n"
BEGIN = {"original_code": BEFORE, "path": "a.py"}
DOUBTFUL = "# ... existing code ...\n    y = 2\n# ... existing code ...\n"


def body(*lines: object) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def deltas(text: str, size: int = 7) -> list[dict[str, str]]:
    return [{"delta": text[at : at + size]} for at in range(0, len(text), size)]


def post(service: Service, content: bytes, **headers: str) -> httpx.Response:
    return httpx.post(service.url + PATH, content=content, headers={"content-type": NDJSON, **headers}, timeout=60)


def said(reply: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in reply.text.splitlines()]


def address(service: Service) -> Address:
    return Address.of(service.url, "", 60, 0, False)


def test_an_edit_comes_while_the_snippet_is_still_written(service: Service) -> None:
    async def talk() -> list[dict[str, Any]]:
        async with Duplex(address(service), PATH) as duplex:
            await duplex.send(body(BEGIN, *deltas(BEGUN)))
            lines = duplex.lines()
            first = await asyncio.wait_for(anext(lines), 30)
            await duplex.send(body(*deltas(REST), {"end": True}))
            await duplex.end()
            return [json.loads(line) for line in (first, *[line async for line in lines])]

    edit, *others = asyncio.run(talk())
    assert edit["edit"]["text"] == "    print(name)\n"
    alone = fastapply.apply(BEFORE, BEGUN + REST, path="a.py")
    (answer,) = [one["answer"] for one in others if "answer" in one]
    assert answer["merged_code"] == alone.merged_code
    assert edit["edit"] in answer["edits"]
    assert all(one["edit"] in answer["edits"] for one in others[:-1])


def test_a_client_that_sends_all_first_gets_the_answer(service: Service) -> None:
    reply = post(service, body(BEGIN, *deltas(BEGUN + REST), {"end": True}))
    assert reply.status_code == 200
    assert reply.headers["content-type"] == NDJSON
    single = service.apply({**BEGIN, "edit_snippet": BEGUN + REST}).json()
    answer = said(reply)[-1]["answer"]
    for name in ("merged_code", "edits", "diff", "provenance", "doubts", "format"):
        assert answer[name] == single[name]


@pytest.mark.parametrize("ending", [b"\n", b""])
def test_blank_lines_and_what_comes_behind_the_end_are_passed_over(service: Service, ending: bytes) -> None:
    end = b'\n\n{"delta": "a = 2\\n", "end": true}'
    content = body({"originalCode": "a = 1\n", "filename": "a.py"}) + end + ending
    assert said(post(service, content))[-1]["answer"]["merged_code"] == "a = 2\n"
    content += b"\nnothing that anybody reads\n" if ending else b""
    assert said(post(service, content))[-1]["answer"]["merged_code"] == "a = 2\n"


def test_a_snippet_that_breaks_off_is_not_merged(service: Service) -> None:
    problem = said(post(service, body(BEGIN, *deltas(BEGUN))))[-1]["problem"]
    assert (problem["code"], problem["status"]) == ("malformed", 400)
    assert "not whole" in problem["detail"]


@pytest.mark.parametrize("line", ["[]", '{"delta": 7}', "{", '"x"', '{"end": "yes"}', '{"delta": "\\ud800"}'])
def test_a_line_that_is_none_is_named(service: Service, line: str) -> None:
    *_, last = said(post(service, body(BEGIN, {"delta": "x = 1\n"}) + line.encode() + b"\n" + body({"end": True})))
    assert last["problem"]["code"] == "malformed"
    assert "line 3 " in last["problem"]["detail"]


@pytest.mark.parametrize(
    ("first", "status", "code"),
    [
        (b"", 400, "malformed"),
        (b"\n\n", 400, "malformed"),
        (b"[]\n", 400, "malformed"),
        (body({"path": "a.py"}), 422, "invalid_request"),
        (body({**BEGIN, "on_doubt": "model"}), 422, "model_unavailable"),
        (body({**BEGIN, "model": "gpt-5"}), 422, "model_unavailable"),
    ],
)
def test_what_is_wrong_at_the_beginning_has_a_status(service: Service, first: bytes, status: int, code: str) -> None:
    reply = post(service, first)
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.headers["content-type"] == "application/problem+json"


def test_other_bodies_are_refused(service: Service) -> None:
    assert post(service, body(BEGIN), **{"content-type": "application/json"}).status_code == 415
    assert post(service, body(BEGIN), **{"content-encoding": "gzip"}).status_code == 415
    large = body(BEGIN, *[{"delta": "x" * (1 << 20)}] * 11, {"end": True})
    assert said(post(service, large))[-1]["problem"]["code"] == "input_too_large"


def test_what_the_merge_refuses_is_the_last_line(service: Service) -> None:
    doubtful = body(BEGIN, *deltas(DOUBTFUL), {"end": True})
    problem = said(post(service, doubtful))[-1]["problem"]
    assert problem["code"] == "edit_in_doubt"
    assert problem["doubts"]
    best = body({**BEGIN, "on_doubt": "best"}, *deltas(DOUBTFUL), {"end": True})
    assert said(post(service, best))[-1]["answer"]["doubts"]
    unknown = body({**BEGIN, "language": "klingon"}, {"end": True})
    assert said(post(service, unknown))[-1]["problem"]["code"] == "unknown_language"


def test_an_edit_that_was_told_too_early_is_owned_up_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one thing that no snippet of ours brings about: the search for certain edits is put in the wrong."""

    async def wrong(_: Lanes, job: Job) -> Early:
        return Early((Edit(0, 0, "nonsense\n"),))

    async def merged(_: Lanes, job: Job) -> object:
        return fastapply.apply(job.original_code, job.edit_snippet, path=job.path, on_doubt=job.on_doubt)

    monkeypatch.setattr(Lanes, "_early", wrong)
    monkeypatch.setattr(Lanes, "apply", merged)

    async def parts() -> Any:
        yield body(BEGIN, {"delta": BEGUN})
        await asyncio.sleep(0.2)
        yield body({"delta": REST}, {"end": True})

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(create_app())
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
            return await client.post(PATH, content=parts(), headers={"content-type": NDJSON})

    first, *_, last = said(asyncio.run(ask()))
    assert first == {"edit": {"start": 0, "end": 0, "text": "nonsense\n"}}
    assert last["problem"]["code"] == "early_edit_wrong"
    assert last["problem"]["count"] == 1
    assert last["answer"]["merged_code"] == fastapply.apply(BEFORE, BEGUN + REST, path="a.py").merged_code


def test_a_model_may_write_slowly_but_not_fall_silent(
    start_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPPLY_SERVER_CLIENT_TIMEOUT", "2.0")
    service = start_service("--pool-workers", "1")

    async def slowly() -> bytes:
        async with Duplex(address(service), PATH) as duplex:
            await duplex.send(body({"original_code": "a = 1\n", "path": "a.py"}))
            due = time.monotonic() + 3
            while time.monotonic() < due:
                await duplex.send(b"\n")
                await asyncio.sleep(0.1)
            await duplex.send(body({"delta": "a = 2\n", "end": True}))
            await duplex.end()
            return [line async for line in duplex.lines()][-1]

    async def silently() -> list[bytes]:
        async with Duplex(address(service), PATH) as duplex:
            await duplex.send(body(BEGIN))
            return [line async for line in duplex.lines()]

    assert json.loads(asyncio.run(slowly()))["answer"]["merged_code"] == "a = 2\n"
    with pytest.raises(errors.ServiceUnreachable):
        asyncio.run(silently())
    wait_until(lambda: "a client stalled" in service.log.read_text())


def test_a_client_that_goes_costs_no_worker(service: Service) -> None:
    workers = service.workers()

    async def go() -> None:
        async with Duplex(address(service), PATH) as duplex:
            await duplex.send(body(BEGIN, *deltas(BEGUN)))
            await asyncio.wait_for(anext(duplex.lines()), 30)

    for _ in range(3):
        asyncio.run(go())
    wait_until(lambda: service.log.read_text().count(f"route={PATH}") >= 3)
    service.wait_for_a_merge()
    assert service.workers() == workers


def test_edits_told_early_are_counted(service: Service) -> None:
    post(service, body(BEGIN, *deltas(BEGUN + REST), {"end": True}))
    text = httpx.get(f"{service.url}/metrics").text
    assert 'fastapply_early_edits_total{fate="kept"}' in text


class Ready:
    """A request whose client has sent everything already."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    async def receive(self) -> dict[str, object]:
        return {"type": "http.request", "body": self._pieces.pop(0), "more_body": bool(self._pieces)}


def test_a_client_that_sends_without_a_pause_is_not_the_only_one_served() -> None:
    async def check() -> None:
        lines = Lines(cast("Any", Ready([b"{}\n"] * 100)), 1000)
        turns = 0

        async def somebody_else() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(somebody_else())
        while await lines.next():
            pass
        other.cancel()
        assert turns >= 100

    asyncio.run(check())


@given(st.lists(st.text("ab\n\r")))
def test_a_snippet_that_grows_has_the_lines_that_are_whole(pieces: list[str]) -> None:
    growing = Growing()
    for number, piece in enumerate(pieces, 1):
        growing.add(piece)
        text = "".join(pieces[:number])
        assert growing.text == text
        assert growing.characters == len(text)
        assert growing.whole_lines() == text[: text.rfind("\n") + 1]
