"""A model server that refuses, or breaks off."""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import re
import time
from typing import TYPE_CHECKING

import pytest

from fastapply.errors import ModelBusy, ModelDown, ModelFailed, QuestionTooLong
from fastapply.resolve.remote import server as server_module
from fastapply.resolve.remote.server import Patience
from support.model_server import (
    ANSWER,
    EVENT,
    QUESTION,
    SECRET,
    Exchange,
    answer_of,
    asking,
    fails,
    hangs_up,
    refuses,
    serving,
    streams,
)

if TYPE_CHECKING:
    pass


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "error", "says"),
        [
            (401, ModelFailed, "401, invalid_api_key.*: check its API key"),
            (403, ModelFailed, "403"),
            (404, ModelFailed, "404.*model's name"),
            (302, ModelFailed, "302"),
            (418, ModelFailed, "418"),
            (429, ModelBusy, "429"),
            (500, ModelFailed, "500"),
            (501, ModelFailed, "501"),
            (502, ModelDown, "502"),
            (503, ModelDown, "503"),
            (504, ModelDown, "504"),
        ],
    )
    def test_each_status(self, status: int, error: type[Exception], says: str) -> None:
        """The message has status and type, and nothing of what the server wrote besides."""
        body = {"error": {"message": f"can't read {SECRET}", "type": f"{SECRET} !", "code": "invalid_api_key"}}
        message, requests = fails(error, refuses(status, body, location="http://127.0.0.1:9/"))
        assert requests == 1
        assert re.search(says, message)

    @pytest.mark.parametrize(
        "body", ["", "<html>", "[]", '{"error": 1}', '{"detail": []}', "\x00\x01", f'"{SECRET}"', '{"type": 5}']
    )
    def test_bodies_of_any_form(self, body: str) -> None:
        message, _ = fails(ModelFailed, refuses(418, body))
        assert message == "the model server answered with an error (418)"

    @pytest.mark.parametrize("name", [f"{SECRET} = 1", f"{SECRET}\n", "x" * 65, ""])
    def test_a_type_that_is_no_identifier_is_not_told(self, name: str) -> None:
        message, _ = fails(ModelFailed, refuses(418, {"error": {"type": name, "code": 418}}))
        assert message == "the model server answered with an error (418)"

    def test_an_endless_body_is_not_read_to_its_end(self) -> None:
        async def act(exchange: Exchange) -> None:
            await exchange.send(b"HTTP/1.1 418 No\r\ntransfer-encoding: chunked\r\n\r\n")
            with contextlib.suppress(ConnectionError):
                while not exchange.writer.is_closing():
                    await exchange.chunk(b"x" * 10_000)

        fails(ModelFailed, act)

    @pytest.mark.parametrize(
        ("status", "message"),
        [
            (400, "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens"),
            (400, "The decoder prompt (length 9000) is longer than the maximum model length of 4096."),
            (400, "The input (9000 tokens) is longer than the model's context length (4096 tokens)."),
            (400, "The sum of prompt length (9000.0) and max_tokens (50) should not exceed max_num_tokens (8192)"),
            (400, "the request exceeds the available context size, try increasing it"),
            (500, "Requested tokens (9000) exceed context window of 4096"),
            (413, "too much"),
        ],
    )
    def test_a_context_that_is_exceeded(self, status: int, message: str) -> None:
        """As vLLM, SGLang, TensorRT-LLM, llama.cpp and llama-cpp-python say it. It is no reason to ask again."""
        body = {"error": {"message": message, "type": "invalid_request_error", "code": status}}
        told, requests = fails(QuestionTooLong, refuses(status, body), patience=Patience())
        assert f"{status}, invalid_request_error" in told
        assert requests == 1

    @pytest.mark.parametrize("name", ["context_length_exceeded", "exceed_context_size_error"])
    def test_a_context_that_is_exceeded_by_its_code(self, name: str) -> None:
        fails(QuestionTooLong, refuses(400, {"error": {"message": "no", "type": name, "code": name}}))


class TestRetries:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_what_passes_is_asked_again(self, status: int) -> None:
        async def run() -> None:
            async with serving(refuses(status), refuses(status), ANSWER) as server, asking(server.address) as completer:
                _, end = await answer_of(completer)
            assert end.text == f"{SECRET} = 2\n"
            assert len(server.requests) == 3
            assert len({str(request.body) for request in server.requests}) == 1

        asyncio.run(run())

    @pytest.mark.parametrize(("status", "error"), [(429, ModelBusy), (503, ModelDown), (500, ModelFailed)])
    def test_not_for_ever(self, status: int, error: type[Exception]) -> None:
        assert fails(error, refuses(status), patience=Patience(attempts=3))[1] == 3

    @pytest.mark.parametrize("status", [401, 404, 409, 418, 501])
    def test_nothing_else_is(self, status: int) -> None:
        assert fails(ModelFailed, refuses(status), patience=Patience())[1] == 1

    def test_a_connection_that_ends_without_a_word_is_tried_again(self) -> None:
        async def run() -> None:
            async with serving(hangs_up, ANSWER) as server, asking(server.address) as completer:
                assert (await answer_of(completer))[1].finished == "stop"
            assert len(server.requests) == 2

        asyncio.run(run())

    def test_the_server_says_when(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """In seconds or as a date."""
        waits: list[float] = []
        sleep = asyncio.sleep

        async def noted(seconds: float) -> None:
            waits.append(seconds)
            await sleep(0)

        async def run() -> None:
            date = email.utils.formatdate(time.time() + 9, usegmt=True)
            script = (
                refuses(429, Retry_After="3"),
                refuses(503, Retry_After=date),
                refuses(503, Retry_After="soon"),
                ANSWER,
            )
            async with serving(*script) as server, asking(server.address, patience=Patience(attempts=4)) as completer:
                monkeypatch.setattr(server_module.asyncio, "sleep", noted)
                await answer_of(completer)
                monkeypatch.undo()

        asyncio.run(run())
        by_number, by_date, by_itself = [wait for wait in waits if wait]
        assert by_number == 3
        assert 5 < by_date <= 9
        assert by_itself < 1

    def test_not_past_the_deadline(self) -> None:
        """Then the error is told at once."""
        message, requests = fails(ModelBusy, refuses(429, Retry_After="20"), patience=Patience(), seconds=19)
        assert "429" in message
        assert requests == 1

    def test_nothing_is_asked_again_once_text_was_given_out(self) -> None:
        broken = streams(EVENT + b'data: {"choices": [{"delta": {"content": "' + b"x" * 500 + b'"}}]}\n\n')

        async def run() -> None:
            async with serving(broken, ANSWER) as server, asking(server.address) as completer:
                parts = completer.complete(QUESTION, 20)
                assert "half of" in str(await anext(parts))
                with pytest.raises(ModelDown):
                    await anext(parts)
            assert len(server.requests) == 1

        asyncio.run(run())


class TestBrokenAnswers:
    @pytest.mark.parametrize(
        ("data", "error"),
        [
            (b"", ModelDown),
            (EVENT, ModelDown),
            (EVENT + b"data: [DO", ModelDown),
            (b"data: {]\n\n", ModelFailed),
            (b"data: 5\n\n", ModelFailed),
            (b'data: {"choices": 5}\n\n', ModelFailed),
            (b'data: {"choices": [{"delta": {"content": 5}}]}\n\n', ModelFailed),
            (b"data: " + b"[" * 100_000 + b"\n\n", ModelFailed),
            (b'data: {"error": "boom"}\n\n', ModelFailed),
            (
                b'data: {"error": {"message": "' + SECRET.encode() + b'", "type": "BadThing", "code": 500}}\n\n',
                ModelFailed,
            ),
            (b'data: {"object": "error", "message": "boom", "code": 400}\n\n', ModelFailed),
            (b'data: {"error": {"message": "busy", "code": 429}}\n\n', ModelBusy),
            (b'data: {"error": {"code": "context_length_exceeded"}}\n\n', QuestionTooLong),
        ],
    )
    def test_streams_that_are_none(self, data: bytes, error: type[Exception]) -> None:
        assert fails(error, streams(data), patience=Patience())[1] == 1

    def test_a_stream_that_ends_in_order_and_too_early(self) -> None:
        async def act(exchange: Exchange) -> None:
            await exchange.begin_events()
            await exchange.piece("<new>\nhalf of")
            await exchange.event("[DONE]")
            await exchange.send(b"0\r\n\r\n")

        message, _ = fails(ModelDown, act)
        assert message == "the model server ended its answer in the middle"

    def test_an_answer_that_is_no_stream(self) -> None:
        async def act(exchange: Exchange) -> None:
            body = b'{"choices": [{"message": {"content": "<new>x</new>"}}]}'
            await exchange.send(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
            )
            await exchange.send(body)

        assert "not a stream of events" in fails(ModelFailed, act)[0]

    @pytest.mark.parametrize("data", [b"no HTTP at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nno header\r\n\r\n"])
    def test_what_is_no_http(self, data: bytes) -> None:
        async def act(exchange: Exchange) -> None:
            await exchange.send(data)
            exchange.writer.close()

        fails(ModelDown, act)

    def test_an_answer_that_breaks_after_its_end_is_whole(self) -> None:
        closed = EVENT + b'data: {"choices": [{"delta": {"content": " it</new>"}}]}\n\n'
        finished = closed + b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'

        async def run() -> None:
            script = (streams(closed), streams(finished), streams(finished + b"data: {]\n\n"))
            async with serving(*script) as server, asking(server.address) as completer:
                for _ in script:
                    _, end = await answer_of(completer)
                    assert end.text == "half of it"
                    assert end.finished == "stop"

        asyncio.run(run())
