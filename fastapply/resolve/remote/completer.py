"""`RemoteCompleter`: a profile's questions, asked of a server of OpenAI's API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from fastapply.addresses import checked_address, checked_key
from fastapply.errors import InvalidSetting, QuestionTooLong
from fastapply.merge.values import Usage
from fastapply.resolve.answer import Reader
from fastapply.resolve.completer import Completion, Question, Warmth
from fastapply.resolve.prompt import messages, pieces
from fastapply.resolve.remote.estimate import estimated_tokens
from fastapply.resolve.remote.reply import Deadline
from fastapply.resolve.remote.server import Patience, Server

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from fastapply.resolve.profile import Profile

__all__ = ["Ask", "Predict", "RemoteCompleter"]

Ask = Literal["chat", "completions"]
Predict = Literal["auto", "on", "off"]

_PATHS = {"chat": "chat/completions", "completions": "completions"}
_MOST_STOPS = 4
"""OpenAI's limit; others have none."""
_SPARE_TOKENS = 64
"""For tags, and for what the model writes otherwise than the draft."""
_MOST_CHARACTERS = 16
"""No text of more characters a token than this is counted: it is too long."""


class RemoteCompleter:
    """Asks `model` of the server at `address`, an URL such as `http://127.0.0.1:8080/v1`, as `profile` says.

    `ask`: `chat` sends turns, which the server puts into its own template, without the profile's prefill; `completions`
    sends the prompt with the profile's marks and prefill.
    `predict`: the draft goes along as `prediction`; `auto` stops where the server refuses it.
    `warm`: files are sent there ahead; of use where that server keeps the prompts that it has read.
    `extra`: fields of the body beyond ours, as the server takes them.
    `count_tokens`: of a text; without it the number is estimated, rather too high.

    Raises `InvalidSetting` for what can't be used. To be used from one event loop; `close` ends it.
    """

    def __init__(
        self,
        profile: Profile,
        address: str,
        model: str,
        *,
        api_key: str = "",
        ask: Ask = "chat",
        predict: Predict = "auto",
        patience: Patience | None = None,
        allow_http: bool = False,
        warm: bool = False,
        extra: Mapping[str, Any] | None = None,
        count_tokens: Callable[[str], int] = estimated_tokens,
    ) -> None:
        if not model:
            raise InvalidSetting("model must name the model as the server does", field="model")
        self._profile = profile
        self._model = model
        self._ask = ask
        self._predict = predict
        self._warm = warm
        self._extra = dict(extra or {})
        self._count = count_tokens
        self._server = Server(checked_address(address, allow_http), checked_key(api_key), patience or Patience())

    @property
    def name(self) -> str:
        """The profile's name."""
        return self._profile.name

    @property
    def whole_file(self) -> bool:
        """Whether the model was trained on whole files."""
        return self._profile.decoding.whole_file

    @property
    def never_warm(self) -> str:
        """See `Completer.never_warm`."""
        if not self.whole_file:
            return "parts_only"
        return "" if self._warm else "remote_off"

    @property
    def is_up(self) -> bool:
        """Whether the server is asked at present: false after several failures in a row."""
        return self._server.is_up

    async def close(self) -> None:
        """End all connections. Open questions end with `ModelDown`."""
        await self._server.close()

    async def fits(self, question: Question) -> bool:
        """Whether prompt and answer fit the profile's context; by estimate, so the server may still find otherwise."""
        return self._answer_room(question) is not None

    async def complete(self, question: Question, seconds: float) -> AsyncGenerator[str | Completion, None]:
        """See `Completer.complete`. Tokens are counted as the server counts them, and 0 where it does not say."""
        deadline = Deadline.after(seconds)
        room = self._answer_room(question)
        if room is None:
            raise QuestionTooLong("prompt and answer are longer than the model's context")
        reader = Reader(self._profile, question)
        if self._ask == "completions":
            reader.push(self._profile.prefill)
        usage, finish = Usage(), ""
        body, optional = self._body(question, room), self._optional(question)
        async with self._server.ask(_PATHS[self._ask], body, optional, deadline) as reply:
            async for event in reply:
                usage, finish = event.usage or usage, event.finish or finish
                if piece := reader.push(event.text):
                    yield piece
                if reader.closed:
                    reply.whole()
        piece, finished = reader.finish("stop" if finish == "stop" else "length")
        if piece:
            yield piece
        yield Completion(reader.text, finished, usage)

    async def warm(self, code: str, instruction: str, seconds: float) -> Warmth:
        """See `Completer.warm`. Asks with an empty edit for an answer of one token; what the server says of its cache
        is told on. Other questions may wait for it there: no server knows that it is not urgent."""
        deadline = Deadline.after(seconds)
        question = Question(code, "", "", instruction=instruction)
        if self._answer_room(question) is None:
            raise QuestionTooLong("prompt and answer would be longer than the model's context")
        usage = Usage()
        body, optional = self._body(question, 1), self._optional(question)
        async with self._server.ask(_PATHS[self._ask], body, optional, deadline) as reply:
            async for event in reply:
                usage = event.usage or usage
        return Warmth(usage.prompt_tokens, usage.cached_tokens)

    def _answer_room(self, question: Question) -> int | None:
        """The most tokens that the answer may have; None where they would not do for one as long as the draft."""
        context = self._profile.decoding.context
        if max(len(question.code), len(question.update), len(question.draft)) > context * _MOST_CHARACTERS:
            return None
        room = context - self._count(_rendered(self._profile, question))
        # An answer holds lines of the code and of the update, and few others.
        longest = self._count(question.code) + self._count(question.update) + _SPARE_TOKENS
        likely = self._count(question.draft) + _SPARE_TOKENS if question.draft else longest
        return min(room, max(longest, likely)) if room >= likely else None

    def _body(self, question: Question, most_tokens: int) -> dict[str, Any]:
        profile, sampling = self._profile, self._profile.sampling
        body: dict[str, Any] = {
            "model": self._model,
            "max_tokens": most_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
        }
        if sampling.seed is not None:
            body["seed"] = sampling.seed
        # The end tag is no stop sequence: servers cut these off, and an answer that just broke off would look whole.
        if profile.answer.stop_marks:
            body["stop"] = list(profile.answer.stop_marks[:_MOST_STOPS])
        # Asked for either way: it refuses marks in the user's code, which servers would read in a prompt, too.
        turns = messages(profile, question)
        if self._ask == "chat":
            body["messages"] = turns
        else:
            body["prompt"] = _rendered(profile, question)
        if self._predict == "on" and question.draft:
            body["prediction"] = self._prediction(question)
        return {**body, **self._extra, "stream": True}

    def _optional(self, question: Question) -> dict[str, Any]:
        """What not every server takes, and answers without."""
        optional: dict[str, Any] = {
            "stream_options": {"include_usage": True},
            # A copy is all repetition. vLLM and SGLang take their penalty from the model's generation_config.json,
            # llama-cpp-python has one of 1.1 by default, and calls it by its own name.
            "repetition_penalty": 1.0,
            "repeat_penalty": 1.0,
        }
        if self._predict == "auto" and question.draft:
            optional["prediction"] = self._prediction(question)
        return {name: value for name, value in optional.items() if name not in self._extra}

    def _prediction(self, question: Question) -> dict[str, str]:
        answer = self._profile.answer
        content = f"{answer.begin}{question.draft}{answer.end}"
        if self._ask == "completions":
            content = content.removeprefix(self._profile.prefill)
        return {"type": "content", "content": content}


def _rendered(profile: Profile, question: Question) -> str:
    """The prompt, with the given begin of the answer, without what a conversation begins with: servers put that in."""
    return "".join(piece.text for piece in pieces(profile, question)).removeprefix(profile.turns.begin)
