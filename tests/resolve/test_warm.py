"""Files read ahead: what is read, that the next question finds it, and what ends it."""

from __future__ import annotations

import asyncio
from itertools import takewhile
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.batch import PAGE_TOKENS
from backend.errors import EngineDown, EngineFailed
from backend.process.client import EngineClient
from fastapply import apply
from fastapply.errors import DeadlineExceeded, ModelDown, ModelError, ModelUnusable, QuestionTooLong
from fastapply.resolve.completer import Completion, Question, Warmth
from fastapply.resolve.local import LocalCompleter
from fastapply.resolve.profile import load_profile, profile_names
from fastapply.resolve.prompt import prompt_tokens, shared_tokens
from fastapply.resolve.question import questions, whole_code
from fastapply.resolve.request import prefix_of, request_of
from support.asked import Info, Scripted
from support.engines import made, pool_of
from support.model_server import USAGE, answers, asking, serving
from support.models import save
from support.processes import SECONDS, address_in, served, until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from backend.request import Request
    from backend.tokenizer import Tokenizer
    from support.asked import End, Part

KORTIX = load_profile("kortix-fastapply-1.5b")
CODE = "".join(f"def area_{number}(width):\n    return width * {number}\n\n\n" for number in range(12))
EDIT = "def area_3(width):\n    return 3\n"
TEXTS = st.lists(
    st.sampled_from(["a = 1\n", "    b\r\n", "\n", "\r", "  ", "\t", "é", "=", ">>", "<update>", "):"])
).map("".join)


@given(TEXTS, st.booleans())
def test_a_file_is_read_as_it_is_asked_about(text: str, marked: bool) -> None:
    original = "\ufeff" * marked + text
    guess = apply(original, "b = 3\n", path="a.py", on_doubt="best")
    assert questions(original, "b = 3\n", guess, path="a.py").whole.question.code == whole_code(original)


@pytest.mark.parametrize("name", [name for name in profile_names() if "llama" not in name])
@given(code=TEXTS, update=TEXTS, why=TEXTS)
@settings(max_examples=40, deadline=None)
def test_every_prompt_about_a_file_begins_with_what_is_read(
    name: str, chat_coder: Tokenizer, code: str, update: str, why: str
) -> None:
    """All of the file with it; of another instruction than was known, where the profile has it behind the file."""
    profile = load_profile(name)
    assert not 0 <= profile.user.find("{instruction}") < profile.user.index("{code}")
    shared = shared_tokens(profile, code, "", chat_coder)
    prompt = prompt_tokens(profile, Question(code, update, "", instruction=""), chat_coder)
    assert prompt[: len(shared)] == shared
    other = prompt_tokens(profile, Question(code, update, "", instruction=why), chat_coder)
    common = [token for token, _ in takewhile(lambda pair: pair[0] == pair[1], zip(shared, other, strict=False))]
    for found in (shared, common):
        assert code in b"".join(map(chat_coder.bytes_of, found)).decode(errors="replace")


def test_what_is_read_is_whole_pages_and_one_token_more(chat_coder: Tokenizer) -> None:
    request = prefix_of(KORTIX, CODE, "", chat_coder, 8192, 64, b"salt")
    assert request is not None
    assert (len(request.prompt) % 64, request.max_tokens, request.background, request.salt) == (1, 1, True, b"salt")
    whole = request_of(KORTIX, Question(CODE, EDIT, CODE, lines=("a\n",)), chat_coder, 8192)
    assert list(request.prompt) == list(whole.prompt[: len(request.prompt)])
    assert len(shared_tokens(KORTIX, CODE, "", chat_coder)) - len(request.prompt) < 64
    assert prefix_of(KORTIX, "a\n", "", chat_coder, 8192, 4096) is None


def test_a_file_that_no_question_fits_is_not_read(chat_coder: Tokenizer) -> None:
    """Neither one that the answer would not fit beside, nor one that takes long to tokenise."""
    least = 2 * len(shared_tokens(KORTIX, CODE, "", chat_coder))
    for code, context in ((CODE, least // 2), (CODE, least - 300), ("a\n" * 100_000, 8192)):
        with pytest.raises(QuestionTooLong):
            prefix_of(KORTIX, code, "", chat_coder, context, 64)


def warmed(client: Scripted, coder: Tokenizer, code: str = CODE, seconds: float = 60) -> Warmth:
    return asyncio.run(LocalCompleter(KORTIX, coder, client).warm(code, "", seconds))


def test_an_engine_is_asked_once_and_says_what_was_there(chat_coder: Tokenizer) -> None:
    client = Scripted([5])
    found = warmed(client, chat_coder)
    assert (found.tokens, found.cached) == (len(client.asked[0].prompt) - 1, 0)
    assert client.asked[0].deadline is not None
    assert warmed(Scripted([5], info=Info(page_tokens=4096)), chat_coder) == Warmth()


@pytest.mark.parametrize(
    ("client", "error"),
    [
        (Scripted(info=None, error=EngineDown("none is there")), ModelDown),
        (Scripted(info=None, error=EngineFailed("none will be")), ModelUnusable),
        (Scripted(info=Info(context=500)), QuestionTooLong),
        (Scripted([5], reason="deadline"), DeadlineExceeded),
        (Scripted([5], reason="closed"), ModelDown),
    ],
)
def test_why_a_file_is_not_read(client: Scripted, error: type[ModelError], chat_coder: Tokenizer) -> None:
    with pytest.raises(error):
        warmed(client, chat_coder)


class Hangs(Scripted):
    """Never answers."""

    async def ask(self, request: Request) -> AsyncGenerator[Part | End, None]:
        self.asked.append(request)
        try:
            await asyncio.Event().wait()
            yield  # type: ignore[misc]
        finally:
            self.closed += 1


def test_who_does_not_wait_any_more_cancels_it(chat_coder: Tokenizer) -> None:
    async def run() -> None:
        client = Hangs()
        task = asyncio.create_task(LocalCompleter(KORTIX, chat_coder, client).warm(CODE, "", 60))
        async with asyncio.timeout(SECONDS):
            while not client.asked:
                await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client.closed == 1

    asyncio.run(run())


def test_only_models_of_whole_files_are_warmed(chat_coder: Tokenizer) -> None:
    assert LocalCompleter(KORTIX, chat_coder, Scripted()).never_warm == ""
    assert LocalCompleter(load_profile("generic-chatml"), chat_coder, Scripted()).never_warm == "parts_only"


async def asked_of(completer: LocalCompleter, edit: str) -> Completion:
    lines = tuple(dict.fromkeys([*CODE.splitlines(keepends=True), *edit.splitlines(keepends=True)]))
    async for piece in completer.complete(Question(CODE, edit, CODE, lines=lines), 60):
        if isinstance(piece, Completion):
            return piece
    raise AssertionError("no end")


def test_the_next_question_finds_it_read_and_is_answered_alike(chat_coder: Tokenizer, tmp_path: Path) -> None:
    """By a real model of noise: with what was read ahead, and with nothing."""
    saved = save(tmp_path / "model", "qwen2", vocab_size=chat_coder.size, max_position_embeddings=4096)

    async def answers(ahead: bool) -> tuple[Warmth, Completion, int]:
        async with EngineClient(address_in(tmp_path)) as client:
            await client.ready(60)
            completer = LocalCompleter(KORTIX, chat_coder, client)
            warmth = await completer.warm(CODE, "", 60) if ahead else Warmth()
            answer = await asked_of(completer, EDIT)
            again = await completer.warm(CODE, "", 60)
            assert again.cached == again.tokens
            return warmth, answer, (await until(client, lambda stats: stats.live == 0)).available

    found = []
    for ahead in (False, True):
        runner = saved.runner(200)
        engine = made(200, PAGE_TOKENS, runner=runner, vocab_size=chat_coder.size, step_tokens=256, context=4096)
        with served(engine, tmp_path):
            found.append(asyncio.run(answers(ahead)))
        assert pool_of(engine).available == 200
    (_, cold, _), (warmth, warm, free) = found
    assert (cold.usage.cached_tokens, warm.usage.cached_tokens) == (0, warmth.tokens)
    assert (warmth.cached, warmth.tokens > 4 * PAGE_TOKENS) == (0, True)
    assert (warm.text, warm.finished) == (cold.text, cold.finished)
    assert warm.usage.passes < cold.usage.passes
    assert free == 200


def test_a_server_elsewhere_is_asked_for_one_token_where_that_is_wanted() -> None:
    usage = {**USAGE, "prompt_tokens_details": {"cached_tokens": 16}}

    async def run(ask: str) -> None:
        told = answers("x", finish="length", usage=usage)
        async with serving(told) as server, asking(server.address, warm=True, ask=ask) as completer:
            assert completer.never_warm == ""
            assert await completer.warm("a = 1\n", "why", 20) == Warmth(30, 16)
            (request,) = server.requests
        assert request.body["max_tokens"] == 1
        assert "prediction" not in request.body
        text = request.body["prompt"] if ask == "completions" else request.body["messages"][-1]["content"]
        assert "<code>a = 1\n</code>\n<update>" in text

    for ask in ("chat", "completions"):
        asyncio.run(run(ask))


def test_a_server_elsewhere_is_left_alone_unless_it_is_wanted() -> None:
    async def run() -> None:
        parts = msgspec.structs.replace(KORTIX, decoding=msgspec.structs.replace(KORTIX.decoding, whole_file=False))
        async with serving() as server, asking(server.address) as off, asking(server.address, parts, warm=True) as part:
            assert (off.never_warm, part.never_warm) == ("remote_off", "parts_only")
        async with serving() as server, asking(server.address, warm=True) as completer:
            with pytest.raises(QuestionTooLong):
                await completer.warm("a = 1\n" * 2000, "", 20)
            assert not server.requests

    asyncio.run(run())
