"""Against a server by others, `transformers serve`: what it writes is what its library makes of the same prompt."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest

from fastapply.errors import ModelFailed
from fastapply.resolve.completer import Question
from fastapply.resolve.profile import Answer, Decoding, Profile, Turns
from fastapply.resolve.remote import RemoteCompleter
from support.model_server import answer_of
from support.transformers_server import TinyModel, tiny_model, transformers_serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapply.resolve.completer import Completion
    from fastapply.resolve.remote.completer import Ask

QUESTION = Question("a = 1\n", "a = 2\n", "a = 2\n")
SYSTEM, USER = "You merge.", "<code>a = 1\n</code><update>a = 2\n</update>"
PROMPT = f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{USER}<|im_end|>\n<|im_start|>assistant\n"
TOKENS = 64
"""Of an answer at least: `RemoteCompleter` grants as many beyond code and update."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    return tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def address(model: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with transformers_serving(model.folder, tmp_path_factory.mktemp("server") / "log") as url:
        yield url


@pytest.fixture(scope="module")
def written(model: TinyModel) -> str:
    """What the model writes after `PROMPT`."""
    return model.continuation(PROMPT, TOKENS)


def profile(begin: str, end: str) -> Profile:
    return Profile(
        name="tiny",
        description="",
        system=SYSTEM,
        user="<code>{code}</code><update>{update}</update>",
        turns=Turns(
            "<|im_start|>system\n{text}<|im_end|>\n",
            "<|im_start|>user\n{text}<|im_end|>\n",
            "<|im_start|>assistant\n",
        ),
        answer=Answer(begin, end, ("<|im_end|>",)),
        decoding=Decoding(context=1000, whole_file=True),
    )


def asked(address: str, model: TinyModel, form: Profile, ask: Ask, times: int = 1) -> Completion:
    async def run() -> Completion:
        completer = RemoteCompleter(form, address, str(model.folder), ask=ask, count_tokens=model.count)
        for _ in range(times):
            _, end = await answer_of(completer, QUESTION, seconds=120)
        await completer.close()
        return end

    return asyncio.run(run())


@pytest.mark.parametrize("ask", ["chat", "completions"])
def test_the_text_between_the_tags(address: str, model: TinyModel, written: str, ask: Ask) -> None:
    """Tags of what this model happens to write; the rest of it comes after the answer's end and is not waited for."""
    begin, end = written[2:5], written[20:24]
    assert written.index(begin) == 2
    assert written.index(end) == 20
    answer = asked(address, model, profile(begin, end), ask)
    assert answer.text == written[5:20]
    assert answer.finished == "stop"


@pytest.mark.parametrize("ask", ["chat", "completions"])
def test_an_answer_that_is_cut_at_its_most_tokens(address: str, model: TinyModel, written: str, ask: Ask) -> None:
    """The second one is asked in the form that the server takes, and comes with the number of tokens."""
    answer = asked(address, model, profile(written[:3], "never written"), ask, times=2)
    assert answer.text.startswith(written[3:])
    assert answer.finished == "length"
    assert answer.usage.prompt_tokens == model.count(PROMPT)
    most = TOKENS + model.count(QUESTION.code) + model.count(QUESTION.update)
    assert answer.usage.completion_tokens == most


def test_a_prefill_is_gone_on_from(address: str, model: TinyModel) -> None:
    given = "def area"
    written = model.continuation(PROMPT + given, TOKENS)
    form = msgspec.structs.replace(profile(given, "never written"), prefill=given)
    answer = asked(address, model, form, "completions")
    assert answer.text.startswith(written)


def test_a_model_that_it_does_not_have(address: str) -> None:
    async def run() -> None:
        completer = RemoteCompleter(profile("<a>", "</a>"), address, "another")
        with pytest.raises(ModelFailed, match="400"):
            await answer_of(completer, QUESTION)
        await completer.close()

    asyncio.run(run())
