"""A question as a request to the engine: prompt, drafts, and what the answer is put together from."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from backend.request import Drafts, Request, SamplingParams, Splice
from fastapply.errors import QuestionTooLong
from fastapply.resolve.prompt import ids_of_marks, prompt_tokens, shared_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backend.tokenizer import Tokenizer
    from fastapply.resolve.completer import Question
    from fastapply.resolve.profile import Profile

__all__ = ["prefix_of", "request_of", "runs"]

_SPARE_TOKENS = 64
"""For what a model writes otherwise than any of the texts."""


def request_of(profile: Profile, question: Question, tokenizer: Tokenizer, context: int, salt: bytes = b"") -> Request:
    """The request, without a deadline. `context`: tokens of prompt and answer together.

    Takes as long as tokenising all of the texts: not for an event loop. Raises `QuestionTooLong` where the longest
    right answer, all of the code with all of the edit, may not fit.
    """
    _require_few_lines(_texts(question), context)
    spliced = profile.decoding.splice
    prompt = prompt_tokens(profile, question, tokenizer)
    answer = _spliced(profile, question, tokenizer) if spliced else _free(profile, question, tokenizer)
    wanted = max(len(answer.given), len(answer.original)) + len(answer.snippet) + _SPARE_TOKENS
    if len(prompt) + wanted > context:
        raise QuestionTooLong(
            f"prompt and answer may have {len(prompt)} and {wanted} tokens, and the model's context is {context}"
        )
    sampling = profile.sampling
    return Request(
        prompt=prompt,
        max_tokens=wanted,
        sampling=SamplingParams(sampling.temperature, sampling.top_p, sampling.seed),
        drafts=Drafts(answer.given, answer.unsure, answer.original, answer.snippet),
        stop_ids=frozenset() if spliced else answer.stop_ids,
        stop_sequences=(answer.end,) if spliced else (),
        splice=answer.splice,
        salt=salt,
    )


def prefix_of(
    profile: Profile, code: str, instruction: str, tokenizer: Tokenizer, context: int, page: int, salt: bytes = b""
) -> Request | None:
    """The request that leaves the engine with what all questions about `code` begin with, in whole pages of `page`
    tokens; None where that is no page. Its prompt is one token more, since something must be computed.

    Takes as long as tokenising `code` does. Raises `QuestionTooLong` where no right answer to a question about all of
    `code` may fit.
    """
    _require_few_lines((code, code), context)
    shared = shared_tokens(profile, code, instruction, tokenizer)
    answer = len(shared) - len(shared_tokens(profile, "", instruction, tokenizer)) + _SPARE_TOKENS
    if len(shared) + answer > context:
        raise QuestionTooLong(
            f"prompt and answer would have {len(shared)} and {answer} tokens, and the model's context is {context}"
        )
    whole = (len(shared) - 1) // page * page
    return Request(shared[: whole + 1], 1, salt=salt, background=True) if whole > 0 else None


def _require_few_lines(texts: Iterable[str], context: int) -> None:
    """Each line is a token at least: most of what is far too long is told without tokenising it."""
    lines = sum(bool(line.strip()) for text in texts for line in text.split("\n"))
    if lines > context:
        raise QuestionTooLong(f"prompt and answer have {lines} lines, and the model's context is {context} tokens")


def _texts(question: Question) -> tuple[str, str, str]:
    return question.code, question.update, question.draft


class _Answer(NamedTuple):
    given: list[int]
    unsure: list[int]
    original: list[int]
    snippet: list[int]
    end: tuple[int, ...]
    """The closing tag and the mark that ends the turn. With the mark it is none of the user's lines."""
    stop_ids: frozenset[int]
    splice: Splice | None


def _free(profile: Profile, question: Question, tokenizer: Tokenizer) -> _Answer:
    """For an answer in which the model may write anything."""
    end, stop_ids = _end(profile, tokenizer)
    draft = tokenizer.encode(question.draft + _before_tag(profile))
    ends = list(accumulate(len(tokenizer.bytes_of(token)) for token in draft))
    bytes_before = (len(question.draft[:at].encode()) for at in question.unsure)
    unsure = [min(bisect_left(ends, at) + 1, len(draft)) for at in bytes_before]
    original, snippet = tokenizer.encode(question.code), tokenizer.encode(question.update)
    return _Answer([*draft, *end], sorted(set(unsure)), original, snippet, end, stop_ids, None)


def _spliced(profile: Profile, question: Question, tokenizer: Tokenizer) -> _Answer:
    """For an answer that is put together from lines.

    A line is tokenised by itself, and with the blank lines that follow it in a text: vocabularies have tokens for a
    line's last signs together with all line ends behind them. The drafts are made of the same units.
    """
    end, stop_ids = _end(profile, tokenizer)
    ahead = _before_tag(profile)
    allowed = {line.removesuffix("\n") for line in question.lines}
    texts = [text + ahead for text in (question.draft, question.code)]
    draft, code = (runs(text) for text in texts)
    more = (run for run in runs(question.update) if run.partition("\n")[0] in allowed)
    known = {part: tokenizer.encode(part) for part in dict.fromkeys((*question.lines, *draft, *code, *more))}
    last = sorted({parts[-1] for parts in (draft, code) if parts and not parts[-1].endswith("\n")})
    chars = list(accumulate(map(len, draft)))
    tokens = list(accumulate(len(known[run]) for run in draft))
    unsure = [tokens[min(bisect_left(chars, at), len(tokens) - 1)] for at in question.unsure if tokens]
    return _Answer(
        [*_joined(known, draft), *end],
        sorted(set(unsure)),
        _joined(known, code),
        tokenizer.encode(question.update),
        end,
        stop_ids,
        Splice([ids for part, ids in known.items() if ids and part.endswith("\n")], [known[part] for part in last]),
    )


def _joined(known: dict[str, list[int]], parts: Iterable[str]) -> list[int]:
    return [token for part in parts for token in known[part]]


def _end(profile: Profile, tokenizer: Tokenizer) -> tuple[tuple[int, ...], frozenset[int]]:
    marks = ids_of_marks(profile, tokenizer)
    stops = [marks[mark] for mark in profile.answer.stop_marks]
    return (*tokenizer.encode(profile.answer.end.strip()), stops[0]), frozenset(stops)


def _before_tag(profile: Profile) -> str:
    """The line break between the code and its closing tag, where the model writes one."""
    end = profile.answer.end
    return end[: end.index(end.strip())]


def runs(text: str) -> list[str]:
    """The lines of `text`, each with its LF and the blank lines behind it; together they are `text`."""
    *whole, rest = text.split("\n")
    found: list[str] = []
    for line in whole:
        if found and not line.strip():
            found[-1] += line + "\n"
        else:
            found.append(line + "\n")
    return [*found, rest] if rest else found
