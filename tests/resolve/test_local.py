from __future__ import annotations

import asyncio
import threading
import unicodedata
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.batch import PAGE_TOKENS
from backend.errors import BackendError, EngineDown, QueueFull, RequestTooLong
from backend.process.client import EngineClient
from fastapply import apply
from fastapply.errors import DeadlineExceeded, InvalidSetting, ModelBusy, ModelDown, ModelFailed, QuestionTooLong
from fastapply.merge.text import BOM, bare_lines
from fastapply.merge.values import Usage
from fastapply.resolve.completer import Completion, Question
from fastapply.resolve.local import LocalCompleter
from fastapply.resolve.profile import Profile, load_profile
from fastapply.resolve.question import questions
from fastapply.resolve.request import request_of, runs
from support.asked import Info, Scripted, answered
from support.engines import made
from support.golden import Golden, merged_cases
from support.models import save
from support.processes import address_in, served

if TYPE_CHECKING:
    from pathlib import Path

    from backend.request import Request
    from backend.tokenizer import Tokenizer

KORTIX, OSMOSIS = load_profile("kortix-fastapply-1.5b"), load_profile("osmosis-apply-1.7b")
CODE = "def area(width):\n\n    return width\n\n\nclass Box:\n    side = 1\n"
UPDATE = "def area(width):\n    # ...\n    return 2 * width\n"
DRAFT = CODE.replace("return width", "return 2 * width")


def question(code: str = CODE, draft: str = DRAFT, update: str = UPDATE, unsure: tuple[int, ...] = ()) -> Question:
    lines = [*code.split("\n"), *draft.split("\n"), *(line for line in update.split("\n") if "..." not in line)]
    return Question(code, update, draft, unsure, tuple(line + "\n" for line in dict.fromkeys(lines)))


def free(profile: Profile) -> Profile:
    """The same without splice: the model may write what it likes."""
    return msgspec.structs.replace(profile, decoding=msgspec.structs.replace(profile.decoding, splice=False))


def written(request: Request, text: str, coder: Tokenizer, profile: Profile) -> list[int]:
    """The tokens by which a model would write this answer, its tag and the end of its turn."""
    end = profile.answer.end
    tag = [*coder.encode(end.strip()), coder.special_id("<|im_end|>") or -1]
    if request.splice is None:
        return coder.encode(text + end[: end.index(end.strip())]) + tag
    return [token for run in runs(text + end[: end.index(end.strip())]) for token in coder.encode(run)] + tag


async def taken(completer: LocalCompleter, asked: Question, seconds: float = 60) -> tuple[list[str], Completion]:
    pieces: list[str] = []
    async for piece in completer.complete(asked, seconds):
        if isinstance(piece, Completion):
            return pieces, piece
        pieces.append(piece)
    raise AssertionError("no end")


def completed(profile: Profile, coder: Tokenizer, client: Scripted, asked: Question) -> tuple[list[str], Completion]:
    return asyncio.run(taken(LocalCompleter(profile, coder, client), asked))


@pytest.mark.parametrize("profile", [KORTIX, OSMOSIS, free(KORTIX), free(OSMOSIS)], ids=["K", "O", "free K", "free O"])
@pytest.mark.parametrize("code", [CODE, CODE.rstrip("\n"), "\n\n" + CODE, "a", "x = '§é'\n\n\n\n"], ids=range(5))
def test_the_answer_of_an_engine(profile: Profile, code: str, chat_coder: Tokenizer) -> None:
    """In pieces that make the whole, with what it cost; nothing of the tag is part of it."""
    asked = question(code, code)
    request = request_of(profile, asked, chat_coder, 4096)
    client = Scripted(written(request, code, chat_coder, profile))
    pieces, completion = completed(profile, chat_coder, client, asked)
    assert "".join(pieces) == completion.text == code
    assert completion.finished == "stop"
    count = completion.usage.completion_tokens
    assert completion.usage == Usage(len(request.prompt), count, len(request.prompt) + count, 5, 4, 2, 0, 0)
    assert client.closed == 1


@pytest.mark.parametrize("profile", [KORTIX, OSMOSIS], ids=["Kortix", "Osmosis"])
@pytest.mark.parametrize("case", merged_cases(), ids=lambda case: case.name)
def test_right_answers_can_be_put_together_from_the_lines(
    case: Golden, profile: Profile, chat_coder: Tokenizer
) -> None:
    """The draft is all allowed and leads to the end, and so does the right answer."""
    guess = apply(case.before, case.snippet, path=case.path, instruction=case.instruction, on_doubt="best")
    asked = questions(case.before, case.snippet, guess, path=case.path, instruction=case.instruction).whole.question
    profile = msgspec.structs.replace(profile, decoding=msgspec.structs.replace(profile.decoding, context=100_000))
    request = request_of(profile, asked, chat_coder, 100_000)
    _, reason = answered(request, request.drafts.given)
    assert reason == "stop"
    assert len(request.drafts.given) < request.max_tokens
    after = "\n".join(bare_lines(case.after.removeprefix(BOM))) + "\n" * case.after.endswith(("\n", "\r"))
    _, completion = completed(
        profile, chat_coder, Scripted(written(request, after, chat_coder, profile), info=None), asked
    )
    assert completion.finished == "stop"
    assert completion.text.rstrip("\n") == unicodedata.normalize("NFC", after).rstrip("\n")


_LINES = st.sampled_from(
    ["a = 1", "    b", "", "", "  ", "\t", "é§", "</updated-code>", "x</code>", "<|im_end|>", "):"]
)


@given(st.lists(_LINES, max_size=8), st.booleans(), st.lists(_LINES, max_size=8), st.booleans())
@settings(max_examples=150, deadline=None, derandomize=True)
def test_any_draft_is_a_draft_of_any_question(
    chat_coder: Tokenizer, code: list[str], code_ends: bool, draft: list[str], draft_ends: bool
) -> None:
    """Whatever it holds, closing tags and marks too: it is allowed to its end, and read as it is."""
    texts = ["\n".join(lines) + "\n" * ends for lines, ends in ((code, code_ends), (draft, draft_ends))]
    asked = question(texts[0], texts[1])
    for profile in (KORTIX, OSMOSIS):
        request = request_of(profile, asked, chat_coder, 4096)
        _, completion = completed(profile, chat_coder, Scripted(request.drafts.given, size=1), asked)
        assert (completion.text, completion.finished) == (texts[1], "stop")


def test_a_line_is_a_token_s_neighbour_as_in_the_text(chat_coder: Tokenizer) -> None:
    """Blank lines belong to the line above them, since vocabularies have tokens for `:` with two line ends."""
    assert runs("a:\n\n\nb\n  \nc") == ["a:\n\n\n", "b\n  \n", "c"]
    assert runs("\n\na\n") == ["\n\n", "a\n"]
    assert runs("") == []
    request = request_of(KORTIX, question(CODE, CODE), chat_coder, 4096)
    assert request.drafts.original == chat_coder.encode(CODE)


def test_where_the_draft_is_unsure(chat_coder: Tokenizer) -> None:
    """In tokens as in characters: what comes before the place is the draft up to there, with its blank lines."""
    at = DRAFT.index("\n\nclass") + 1
    for profile in (KORTIX, free(KORTIX)):
        request = request_of(profile, question(unsure=(at, len(DRAFT))), chat_coder, 4096)
        first, last = request.drafts.unsure
        assert chat_coder.decode(request.drafts.given[:first]).rstrip("\n") == DRAFT[:at].rstrip("\n")
        assert chat_coder.decode(request.drafts.given[:last]) == DRAFT


@pytest.mark.parametrize("place", ["x = '{}'\n", "{}\n", "a\n{}"])
def test_code_that_holds_the_closing_tag(place: str, chat_coder: Tokenizer) -> None:
    """It ends no answer early, with lines or without."""
    code = place.format("</updated-code>") + "rest = 1\n" * (not place.endswith("}"))
    for profile in (KORTIX, free(KORTIX)):
        asked = question(code, code)
        request = request_of(profile, asked, chat_coder, 4096)
        client = Scripted(written(request, code, chat_coder, profile))
        _, completion = completed(profile, chat_coder, client, asked)
        assert (completion.text, completion.finished) == (code, "stop")


def test_half_characters_are_held_back(chat_coder: Tokenizer) -> None:
    """One token at a time, each piece is text."""
    code = "x = 'π≈3, 漢字 🎈'\n" * 20
    asked = question(code, code)
    request = request_of(KORTIX, asked, chat_coder, 4096)
    pieces, completion = completed(KORTIX, chat_coder, Scripted(request.drafts.given, size=1), asked)
    assert completion.text == code
    assert len(pieces) > 10
    assert not any("\ufffd" in piece for piece in pieces)


def test_an_answer_without_its_tag_is_cut(chat_coder: Tokenizer) -> None:
    """Where the model is free to end its turn anywhere, and where it comes to the most tokens."""
    end = chat_coder.special_id("<|im_end|>") or -1
    asked = question()
    _, completion = completed(free(KORTIX), chat_coder, Scripted([*chat_coder.encode("a = 1\n"), end]), asked)
    assert (completion.text, completion.finished) == ("a = 1\n", "length")
    request = request_of(KORTIX, asked, chat_coder, 4096)
    endless = Scripted(chat_coder.encode("class Box:\n") * 1000)
    _, completion = completed(KORTIX, chat_coder, endless, asked)
    assert completion.finished == "length"
    assert completion.usage.completion_tokens == request.max_tokens


def test_a_model_that_goes_on_behind_the_tag_is_stopped(chat_coder: Tokenizer) -> None:
    """It is left, and the request with it."""
    talk = Scripted(chat_coder.encode("a = 1\n</updated-code>" + " and so on" * 100))
    _, completion = completed(free(KORTIX), chat_coder, talk, question())
    assert (completion.text, completion.finished) == ("a = 1\n", "stop")
    assert completion.usage.completion_tokens < 100
    assert talk.closed == 1


def test_what_does_not_fit_is_told_before_it_is_asked(chat_coder: Tokenizer) -> None:
    """By the smaller of both contexts, the model's and the engine's; the longest right answer must fit."""
    asked = question()
    request = request_of(KORTIX, asked, chat_coder, 4096)
    assert request.max_tokens >= len(request.drafts.original) + len(request.drafts.snippet)
    enough = len(request.prompt) + request.max_tokens
    client = Scripted(request.drafts.given, info=Info(enough))
    assert asyncio.run(LocalCompleter(KORTIX, chat_coder, client).fits(asked))
    client.info = Info(enough - 1)
    assert not asyncio.run(LocalCompleter(KORTIX, chat_coder, client).fits(asked))
    with pytest.raises(QuestionTooLong, match="tokens"):
        completed(KORTIX, chat_coder, client, asked)
    long = question("a = 1\n" * 9000, "a = 1\n" * 9000)
    with pytest.raises(QuestionTooLong, match="18003 lines"):
        completed(KORTIX, chat_coder, Scripted(info=Info(100_000)), long)
    assert client.asked == []


def test_tokenised_once(chat_coder: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it fits is asked first, and then the same question; and not in the event loop."""
    threads: list[int] = []
    encode = type(chat_coder).encode

    def counted(self: Tokenizer, text: str, **options: bool) -> list[int]:
        threads.append(threading.get_ident())
        return encode(self, text, **options)

    asked = question()
    client = Scripted(request_of(KORTIX, asked, chat_coder, 4096).drafts.given)
    monkeypatch.setattr(type(chat_coder), "encode", counted)

    async def both() -> int:
        completer = LocalCompleter(KORTIX, chat_coder, client)
        assert await completer.fits(asked)
        count = len(threads)
        await taken(completer, asked)
        assert len(threads) == count > 0
        return threading.get_ident()

    assert asyncio.run(both()) not in threads


class Unknown(BackendError):
    code = "bad_request"


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (QueueFull("later"), ModelBusy),
        (RequestTooLong(2, 1, "the context"), QuestionTooLong),
        (EngineDown("gone"), ModelDown),
        (Unknown("odd"), ModelFailed),
    ],
)
def test_errors_of_the_engine_are_ours(error: BackendError, ours: type[Exception], chat_coder: Tokenizer) -> None:
    with pytest.raises(ours):
        completed(KORTIX, chat_coder, Scripted(error=error), question())


@pytest.mark.parametrize(("reason", "error"), [("deadline", DeadlineExceeded), ("closed", ModelDown)])
def test_an_answer_that_the_engine_gives_up(reason: str, error: type[Exception], chat_coder: Tokenizer) -> None:
    given = request_of(KORTIX, question(), chat_coder, 4096).drafts.given
    with pytest.raises(error):
        completed(KORTIX, chat_coder, Scripted(given, reason=reason), question())  # type: ignore[arg-type]


def test_an_answer_given_up_early_is_cancelled(chat_coder: Tokenizer) -> None:
    """Closing the iterator ends the request."""
    code = "a = 1\n" * 200
    asked = question(code, code)
    client = Scripted(request_of(KORTIX, asked, chat_coder, 8192).drafts.given)

    async def a_piece() -> str | Completion:
        answer = LocalCompleter(KORTIX, chat_coder, client).complete(asked, 60)
        piece = await anext(answer)
        await answer.aclose()
        return piece

    assert code.startswith(str(asyncio.run(a_piece())))
    assert client.closed == 1


def test_a_vocabulary_that_is_another_model_s(llama_coder: Tokenizer) -> None:
    with pytest.raises(InvalidSetting, match="has the mark"):
        LocalCompleter(KORTIX, llama_coder, Scripted())


def test_a_real_engine_answers_in_lines(chat_coder: Tokenizer, tmp_path: Path) -> None:
    """Over its socket, with a model that was never trained: whatever it says is made of lines of both texts, and it is
    told what it cost."""
    saved = save(tmp_path, "qwen2", vocab_size=chat_coder.size, max_position_embeddings=1024)
    engine = made(20, PAGE_TOKENS, runner=saved.runner(20), vocab_size=chat_coder.size, context=1024, step_tokens=256)
    asked = question()
    request = request_of(KORTIX, asked, chat_coder, 1024)

    async def answer() -> Completion:
        async with EngineClient(address_in(tmp_path)) as client:
            await client.ready(60)
            _, completion = await taken(LocalCompleter(KORTIX, chat_coder, client), asked)
            return completion

    with served(engine, tmp_path):
        completion = asyncio.run(answer())
    lines = completion.text.split("\n")
    assert {line + "\n" for line in lines[:-1]} <= set(asked.lines)
    assert any(line.startswith(lines[-1]) for line in asked.lines)
    assert completion.usage.prompt_tokens == len(request.prompt)
    assert completion.usage.passes > 1
    assert completion.usage.completion_tokens <= request.max_tokens


def test_no_engine_no_answer(chat_coder: Tokenizer, tmp_path: Path) -> None:
    """The client of an engine that does not run says so at once."""

    async def answer() -> None:
        async with EngineClient(address_in(tmp_path)) as client:
            await taken(LocalCompleter(KORTIX, chat_coder, client), question())

    with pytest.raises(ModelDown):
        asyncio.run(answer())
