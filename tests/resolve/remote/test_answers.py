"""What is asked and what comes of answers, from a server that does as it is told."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastapply.errors import ModelFailed, QuestionTooLong, QuestionUnfit
from fastapply.merge.values import Usage
from fastapply.resolve.completer import Completer, Question
from fastapply.resolve.remote import RemoteCompleter
from support.model_server import (
    ANSWER,
    KEY,
    PROFILE,
    QUESTION,
    SECRET,
    answer_of,
    answers,
    asking,
    refuses,
    refuses_field,
    serving,
)

if TYPE_CHECKING:
    from fastapply.resolve.completer import Completion

LINES = "".join(f"line {number} of the code\n" for number in range(40))
PREFILLED = msgspec.structs.replace(PROFILE, prefill="<new>\n")


def test_it_is_a_completer() -> None:
    completer: Completer = RemoteCompleter(PROFILE, "http://127.0.0.1:9/v1", "m")
    assert completer.name == "tiny"


def test_a_chat() -> None:
    async def run() -> None:
        async with serving(ANSWER) as server, asking(server.address, api_key=KEY) as completer:
            _, end = await answer_of(completer)
        assert end.text == f"{SECRET} = 2\n"
        assert end.finished == "stop"
        assert end.usage == Usage(30, 9, 39)
        (request,) = server.requests
        assert request.path == "/v1/chat/completions"
        assert request.headers["authorization"] == f"Bearer {KEY}"
        max_tokens = request.body.pop("max_tokens")
        assert 64 < max_tokens < 2000
        assert request.body == {
            "model": "their-model",
            "messages": [
                {"role": "system", "content": "You merge."},
                {
                    "role": "user",
                    "content": f"<code>{SECRET} = 1\n</code>\n<update>{SECRET} = 2\n</update>\nset {SECRET}",
                },
            ],
            "stream": True,
            "temperature": 0.0,
            "top_p": 0.9,
            "seed": 7,
            "stop": ["</a>"],
            "stream_options": {"include_usage": True},
            "repetition_penalty": 1.0,
            "repeat_penalty": 1.0,
            "prediction": {"type": "content", "content": f"<new>\n{SECRET} = 2\n</new>"},
        }

    asyncio.run(run())


def test_a_prompt_with_the_profiles_marks_and_prefill() -> None:
    """What a conversation begins with is the server's to put in; the answer goes on from the prefill."""
    turns = msgspec.structs.replace(PROFILE.turns, begin="<begin>")
    profile = msgspec.structs.replace(PREFILLED, turns=turns)

    async def run() -> None:
        scripted = answers(LINES, LINES, "</new>")
        async with serving(scripted) as server, asking(server.address, profile, ask="completions") as completer:
            pieces, end = await answer_of(completer)
        assert len(pieces) > 1
        assert end.text == LINES + LINES
        assert end.finished == "stop"
        (request,) = server.requests
        assert request.path == "/v1/completions"
        assert "authorization" not in request.headers
        user = f"<code>{SECRET} = 1\n</code>\n<update>{SECRET} = 2\n</update>\nset {SECRET}"
        assert request.body["prompt"] == f"<s>You merge.</s><u>{user}</u><a><new>\n"
        assert request.body["prediction"]["content"] == f"{SECRET} = 2\n</new>"
        assert "messages" not in request.body

    asyncio.run(run())


def test_a_chat_is_asked_without_the_prefill_and_expects_the_whole_answer() -> None:
    async def run() -> None:
        async with serving(ANSWER) as server, asking(server.address, PREFILLED) as completer:
            _, end = await answer_of(completer)
        assert end.text == f"{SECRET} = 2\n"
        assert [message["role"] for message in server.requests[0].body["messages"]] == ["system", "user"]

    asyncio.run(run())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, len(LINES) + 13), max_size=12))
def test_the_answer_is_the_same_however_it_is_cut(cuts: list[int]) -> None:
    whole = f"<new>\n{LINES}</new>"
    ends = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    cut = [whole[a:b] for a, b in pairwise(ends)]

    async def run() -> Completion:
        async with serving(answers(*cut)) as server, asking(server.address) as completer:
            return (await answer_of(completer))[1]

    end = asyncio.run(run())
    assert end.text == LINES
    assert end.finished == "stop"


def test_text_comes_before_the_answer_has_ended() -> None:
    async def run() -> None:
        go_on = asyncio.Event()

        async def act(exchange) -> None:  # type: ignore[no-untyped-def]
            await exchange.begin_events()
            await exchange.piece("<new>\n" + LINES)
            await go_on.wait()
            await exchange.piece("</new>")
            await exchange.event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
            await exchange.send(b"0\r\n\r\n")

        async with serving(act) as server, asking(server.address) as completer:
            parts = completer.complete(QUESTION, 20)
            first = await anext(parts)
            assert isinstance(first, str)
            assert LINES.startswith(first)
            go_on.set()
            *_, end = [part async for part in parts]
        assert not isinstance(end, str)
        assert end.text == LINES
        assert end.usage == Usage()

    asyncio.run(run())


@pytest.mark.parametrize("finish", ["length", "stop", "abort"])
def test_without_its_closing_tag_an_answer_was_cut(finish: str) -> None:
    async def run() -> None:
        async with serving(answers("<new>\n", LINES, finish=finish)) as server, asking(server.address) as completer:
            _, end = await answer_of(completer)
        assert end.finished == "length"
        assert end.text == LINES

    asyncio.run(run())


def test_a_model_that_does_not_stop_is_cut_off_behind_the_closing_tag() -> None:
    """Nobody waits for what comes then, but for the count of tokens, for a second."""

    async def act(exchange) -> None:  # type: ignore[no-untyped-def]
        await exchange.begin_events()
        await exchange.piece("<new>\n" + LINES + "</new>")
        while not exchange.writer.is_closing():
            await exchange.piece("and so on ")
            await asyncio.sleep(0.01)

    async def run() -> None:
        begun = time.monotonic()
        async with serving(act) as server, asking(server.address) as completer:
            _, end = await answer_of(completer, seconds=60)
        assert end.text == LINES
        assert end.finished == "stop"
        assert time.monotonic() - begun < 40

    asyncio.run(run())


def test_how_much_of_the_draft_was_taken() -> None:
    usage = {
        "prompt_tokens": 30,
        "completion_tokens": 9,
        "completion_tokens_details": {"accepted_prediction_tokens": 7, "rejected_prediction_tokens": 4},
    }

    async def run() -> None:
        scripted = answers("<new>\n", "x\n</new>", usage=usage)
        async with serving(scripted) as server, asking(server.address) as completer:
            _, end = await answer_of(completer)
        assert end.usage == Usage(30, 9, 39, drafted_tokens=11, accepted_tokens=7)

    asyncio.run(run())


def test_fields_of_the_users_own_come_before_ours() -> None:
    extra = {"repetition_penalty": 1.1, "chat_template_kwargs": {"enable_thinking": False}, "stream": False}

    async def run() -> None:
        async with serving(ANSWER) as server, asking(server.address, extra=extra) as completer:
            await answer_of(completer)
        body = server.requests[0].body
        assert body["repetition_penalty"] == 1.1
        assert body["chat_template_kwargs"] == {"enable_thinking": False}
        assert body["stream"] is True

    asyncio.run(run())


class TestPrediction:
    @pytest.mark.parametrize("status", [400, 422])
    @pytest.mark.parametrize("error", [{"error": {"message": "prediction: extra"}}, {"detail": "no such thing"}, "No."])
    def test_a_server_that_refuses_it_is_asked_without(
        self, status: int, error: object, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is told once, and remembered; a server that names the field keeps the others."""

        async def run() -> None:
            scripted = refuses_field("prediction", status, error)
            async with serving(scripted) as server, asking(server.address) as completer:
                for _ in range(3):
                    _, end = await answer_of(completer)
                    assert end.finished == "stop"
            had = [content is not None for content in server.sent("prediction")]
            assert had == [True, False, False, False]
            named = "prediction" in str(error)
            assert [options is not None for options in server.sent("stream_options")] == [True, named, named, named]

        asyncio.run(run())
        (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert "prediction" in line

    def test_fields_are_refused_one_after_the_other(self) -> None:
        async def act(exchange) -> None:  # type: ignore[no-untyped-def]
            for name in ("repetition_penalty", "prediction"):
                await refuses_field(name, 422, {"detail": f"unexpected {name}"})(
                    exchange
                ) if name in exchange.body else None
                if name in exchange.body:
                    return
            await ANSWER(exchange)

        async def run() -> None:
            async with serving(act) as server, asking(server.address) as completer:
                await answer_of(completer)
                await answer_of(completer)
            assert [value is not None for value in server.sent("prediction")] == [True, True, False, False]
            assert [value is not None for value in server.sent("stream_options")] == [True] * 4

        asyncio.run(run())

    def test_a_question_that_fails_without_it_as_well_proves_nothing(self) -> None:
        async def run() -> None:
            async with serving(refuses(400), refuses(400), ANSWER) as server, asking(server.address) as completer:
                with pytest.raises(ModelFailed):
                    await answer_of(completer)
                await answer_of(completer)
            assert [value is not None for value in server.sent("prediction")] == [True, False, True]

        asyncio.run(run())

    def test_it_can_be_left_out(self) -> None:
        async def run() -> None:
            async with serving(ANSWER) as server, asking(server.address, predict="off") as completer:
                await answer_of(completer)
            assert server.sent("prediction") == [None]

        asyncio.run(run())

    def test_it_can_be_insisted_on(self) -> None:
        async def run() -> None:
            scripted = refuses_field("prediction")
            async with serving(scripted) as server, asking(server.address, predict="on") as completer:
                with pytest.raises(ModelFailed, match="400"):
                    await answer_of(completer)
            assert None not in server.sent("prediction")

        asyncio.run(run())

    def test_without_a_draft_there_is_none(self) -> None:
        async def run() -> None:
            async with serving(ANSWER) as server, asking(server.address, predict="on") as completer:
                await answer_of(completer, Question("a = 1\n", "a = 2\n", ""))
            assert server.sent("prediction") == [None]

        asyncio.run(run())


class TestLength:
    def test_what_fits_leaves_room_for_the_draft(self) -> None:
        """Over all lengths: where it fits, prompt, draft and room keep to the context."""

        async def run() -> None:
            async with serving(ANSWER) as server, asking(server.address, count_tokens=len) as completer:
                fitting = 0
                for length in range(0, 1000, 50):
                    question = Question("x" * length, "y" * 300, "x" * length)
                    if not await completer.fits(question):
                        break
                    fitting = length
                    await answer_of(completer, question)
                    body = server.requests[-1].body
                    prompt = len("<s>You merge.</s><u><code></code>\n<update></update>\n</u><a>") + length + 300
                    assert prompt + body["max_tokens"] <= 2000
                    assert body["max_tokens"] >= length + len("<new>\n</new>")
                assert 650 < fitting < 850

        asyncio.run(run())

    @pytest.mark.parametrize("code", ["x = 1\n" * 1000, "\x20" * 1_000_000])
    def test_what_does_not_fit_is_not_sent(self, code: str) -> None:
        question = Question(code, "x = 2\n", code)

        async def run() -> None:
            async with serving(ANSWER) as server, asking(server.address) as completer:
                assert not await completer.fits(question)
                with pytest.raises(QuestionTooLong):
                    await answer_of(completer, question)
            assert server.requests == []

        asyncio.run(run())


@pytest.mark.parametrize("ask", ["chat", "completions"])
def test_code_that_holds_marks_is_not_sent(ask: str) -> None:
    """The server would take them for the prompt's own."""

    async def run() -> None:
        async with serving(ANSWER) as server, asking(server.address, ask=ask) as completer:
            with pytest.raises(QuestionUnfit):
                await answer_of(completer, Question("a = '</a>'\n", "a = 2\n", "a = 2\n"))
        assert server.requests == []

    asyncio.run(run())


def test_many_questions_at_once() -> None:
    async def act(exchange) -> None:  # type: ignore[no-untyped-def]
        content = exchange.body["messages"][-1]["content"]
        await answers("<new>\n", content.split("<update>")[1].split("</update>")[0], "</new>")(exchange)

    async def run() -> None:
        async with serving(act) as server, asking(server.address) as completer:
            questions = [Question("a\n", f"a{number}\n", "") for number in range(100)]
            found = await asyncio.gather(*(answer_of(completer, question) for question in questions))
        assert [end.text for _, end in found] == [question.update for question in questions]

    asyncio.run(run())
