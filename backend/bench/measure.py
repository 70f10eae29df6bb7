"""Each way of decoding on each file, turn by turn in one run, so that all meet the same machine."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backend.bench.forced import ForcedEngine, StagedDecoder, StagedEngine, StagedRunner, Stages
from backend.bench.peer import Peer
from backend.dummy import dummy_weights
from backend.kv.pages import PagePool
from backend.model import Decoder
from backend.request import Drafts, Finished, Progress, Request
from backend.runner import ModelRunner

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from backend.bench.cases import Edit
    from backend.request import Handle, Usage
    from backend.settings import EngineSettings
    from backend.spec import ModelSpec

__all__ = ["LOOKUP", "MISMATCHES", "PLAIN", "Bench", "Result", "Variant", "variants"]

MISMATCHES = (0, 1, 3, 10)
WRONG_LINES = (0, 3, 10)
PLAIN = "plain decoding"
SPLICE = "splice, no draft"
LOOKUP = "transformers, prompt lookup of 10"


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of decoding."""

    name: str
    mismatches: int | None = None
    """Of a whole-file draft; None without one."""
    beside: bool = False
    """Whether original and snippet are sources, too. They often hold what the draft has wrong; without them, and
    without n-grams, every mismatch is met."""
    ngrams: bool = False
    cached: bool = False
    """The prompt is computed before the clock starts, as when an editor opened the file."""
    peer: bool = False
    lookup: int = 0
    """Tokens of the peer's prompt lookup; 0 for its plain decoding."""
    splice: bool = False
    """The answer is put together from the lines of the original and of the file after the edit, or ends; `mismatches`
    are lines of the draft then, each replaced by another."""
    slow: bool = False
    """A pass gives one token or a few: done once, and not with every round."""


def variants() -> list[Variant]:
    """All ways, in the order of the table."""
    whole = [Variant(f"whole-file draft, {count} mismatches", mismatches=count) for count in MISMATCHES]
    beside = {"ngrams": True, "beside": True}
    return [
        Variant(PLAIN, slow=True),
        Variant("transformers, plain decoding", peer=True, slow=True),
        Variant(LOOKUP, peer=True, lookup=10, slow=True),
        Variant("n-gram draft", ngrams=True),
        *whole,
        Variant("whole-file draft, 10 mismatches, other sources", mismatches=10, **beside),
        Variant("whole-file draft, 0 mismatches, prompt cached", mismatches=0, cached=True),
        Variant(SPLICE, splice=True, slow=True),
        *(Variant(f"splice, whole-file draft, {n} wrong lines", mismatches=n, splice=True) for n in WRONG_LINES),
    ]


@dataclass(frozen=True, slots=True)
class Result:
    """One answer."""

    variant: str
    file: str
    prompt: int
    """Tokens."""
    tokens: int
    """Of the answer."""
    seconds: float
    """From the request to its last token, prompt included (but where the variant says that it is cached)."""
    prompt_seconds: float
    """Until the first token, with an answer of one token; 0 where the prompt is cached."""
    passes: int
    correct: bool
    """Whether the answer is the file after the recorded edit."""
    agreement: float
    """Share of places where the model itself chose what it chose in plain decoding; 1 but for rounding."""
    computed: int
    """Tokens that went through the layers, refused ones included."""
    scored: int
    """Of them, those that the model's choice was computed for."""
    missed: int = 0
    """Drafted tokens that were proposed and refused, each of which cost a pass; not counted for the peer."""
    choices: int = 0
    """Places of the answer where the model had a choice: all but those that a splice left none."""
    no_choice: int = 0
    """Tokens of the answer that a splice left no choice of."""
    reckoned: bool = False
    """Whether only the first part was made and the time of the rest is reckoned from it."""

    def for_all(self, tokens: int) -> Result:
        """Of an answer of `tokens`, at the same time a token and a pass."""
        factor = (tokens - 1) / (self.tokens - 1)
        more = round((self.passes - 1) * (factor - 1))
        return replace(
            self,
            tokens=tokens,
            seconds=self.prompt_seconds + (self.seconds - self.prompt_seconds) * factor,
            passes=self.passes + more,
            computed=self.computed + tokens - self.tokens,
            scored=self.scored + more,
            choices=round(self.choices * tokens / self.tokens),
            no_choice=tokens - round(self.choices * tokens / self.tokens),
            reckoned=True,
        )

    @property
    def rate(self) -> float:
        """Tokens of the answer per second, prompt included."""
        return self.tokens / self.seconds

    @property
    def rate_after_prompt(self) -> float:
        """Tokens of the answer per second, the prompt's time taken off."""
        return self.tokens / max(self.seconds - self.prompt_seconds, 1e-9)


@dataclass(frozen=True, slots=True)
class _Answer:
    tokens: list[int]
    chosen: list[int]
    seconds: float
    usage: Usage


class Bench:
    """One model on one device, and what is measured of it."""

    def __init__(
        self, name: str, spec: ModelSpec, seed: int, device: torch.device, settings: EngineSettings, pages: int
    ) -> None:
        """Weights are noise of `seed`; there are `pages` pages of memory, which all requests at once must fit."""
        self.name = name
        self.spec = spec
        self.weights = dummy_weights(spec, seed, device=device)
        self._device = device
        self._settings = settings
        self._pages = pages
        self.runner = ModelRunner(Decoder(spec, self.weights), pages)
        self._reference: dict[tuple[str, bool], list[int]] = {}
        self._prompts: dict[tuple[str, bool], float] = {}
        try:
            self.peer: Peer | None = Peer(name, spec, seed, device)
        except ImportError:
            self.peer = None

    def run(self, variant: Variant, edit: Edit, seed: int) -> Result:
        """One answer; `variant` is not the peer's where there is none.

        Plain decoding has to come first, and of those with a splice the one without a draft.
        """
        if variant.peer:
            return self._run_peer(variant, edit)
        request = self._request(edit, variant, seed)
        engine = self._engine(variant.ngrams)
        before = 0.0
        if variant.cached:
            self._answers(engine, [(replace(request, max_tokens=1), edit.truth[:1])])
        else:
            before = self._prompt_seconds(edit, peer=False)
        [answer] = self._answers(engine, [(request, edit.truth)])
        usage = answer.usage
        choices = len(answer.tokens) - usage.forced
        if variant.name in (PLAIN, SPLICE):
            self._reference[edit.name, variant.splice] = answer.chosen
        return Result(
            variant=variant.name,
            file=edit.name,
            prompt=len(edit.prompt),
            tokens=len(edit.truth),
            seconds=answer.seconds,
            prompt_seconds=before,
            passes=usage.passes,
            correct=answer.tokens == edit.truth,
            agreement=self._agreement(edit, answer.chosen, variant.splice),
            computed=usage.prompt - usage.cached + usage.drafted + usage.completion - usage.accepted - 1,
            scored=choices if variant.splice else usage.drafted + usage.completion - usage.accepted,
            missed=len(usage.mismatches),
            choices=choices,
            no_choice=usage.forced,
        )

    def forget(self) -> None:
        """Begin anew: what was measured of files so far is not used again."""
        self._reference.clear()
        self._prompts.clear()

    def stages(self, variant: Variant, edit: Edit, seed: int) -> list[dict[str, float]]:
        """Seconds of each stage in each step of an answer. On a GPU every stage is waited for."""
        stages = Stages(self._device)
        decoder = StagedDecoder(self.spec, self.weights)
        decoder.stages = stages
        runner = StagedRunner(ModelRunner(decoder, self._pages))
        engine = StagedEngine(runner, PagePool(self._pages), self._with_ngrams(variant.ngrams), stages)
        self._answers(engine, [(self._request(edit, variant, seed), edit.truth)])
        return stages.steps

    def together(self, edits: Sequence[Edit], mismatches: int, seed: int) -> tuple[float, float, bool]:
        """Seconds for all `edits` one after another, and at once; whether all answers were the files, and the model's
        own choices the same."""
        variant = Variant("", mismatches=mismatches)
        asked = [(self._request(edit, variant, seed), edit.truth) for edit in edits]
        engine = self._engine(ngrams=False)
        start = time.perf_counter()
        alone = [self._answers(engine, [one])[0] for one in asked]
        middle = time.perf_counter()
        engine = self._engine(ngrams=False)
        begun = time.perf_counter()
        at_once = self._answers(engine, asked)
        seconds = time.perf_counter() - begun
        truths = [edit.truth for edit in edits]
        equal = [one.tokens for one in alone] == truths == [one.tokens for one in at_once]
        return middle - start, seconds, equal

    def _run_peer(self, variant: Variant, edit: Edit) -> Result:
        assert self.peer is not None
        before = self._prompt_seconds(edit, peer=True)
        answer = self.peer.answer(edit.prompt, edit.truth, variant.lookup)
        return Result(
            variant=variant.name,
            file=edit.name,
            prompt=len(edit.prompt),
            tokens=len(edit.truth),
            seconds=answer.seconds,
            prompt_seconds=before,
            passes=answer.passes,
            correct=answer.tokens == edit.truth,
            agreement=self._agreement(edit, answer.chosen),
            computed=len(edit.prompt) + answer.scored - 1,
            scored=answer.scored,
            choices=len(answer.tokens),
        )

    def _prompt_seconds(self, edit: Edit, peer: bool) -> float:
        """The time of an answer of one token, measured once for each file."""
        if (edit.name, peer) not in self._prompts:
            if peer:
                assert self.peer is not None
                seconds = self.peer.answer(edit.prompt, edit.truth[:1]).seconds
            else:
                [answer] = self._answers(self._engine(ngrams=False), [(Request(edit.prompt, 1), edit.truth[:1])])
                seconds = answer.seconds
            self._prompts[edit.name, peer] = seconds
        return self._prompts[edit.name, peer]

    def _agreement(self, edit: Edit, chosen: Sequence[int], splice: bool = False) -> float:
        """Over the places that plain decoding came to, or that without a draft where there was a choice."""
        reference = self._reference[edit.name, splice]
        pairs = [(a, b) for a, b in zip(chosen, reference, strict=False) if b >= 0]
        return sum(a == b for a, b in pairs) / len(pairs)

    def _request(self, edit: Edit, variant: Variant, seed: int) -> Request:
        count, ends = variant.mismatches, self._settings.line_ends
        if not variant.splice:
            drafts = Drafts() if count is None else edit.drafts(count, seed, variant.beside)
            return Request(edit.prompt, len(edit.truth), drafts=drafts)
        drafts = Drafts() if count is None else edit.line_drafts(count, seed, ends)
        stops = frozenset({edit.unused(self.spec.vocab_size)})
        return Request(edit.prompt, len(edit.truth), drafts=drafts, stop_ids=stops, splice=edit.spliced(ends))

    def _engine(self, ngrams: bool) -> ForcedEngine:
        """A new one, which has computed nothing."""
        return ForcedEngine(self.runner, PagePool(self._pages), self._with_ngrams(ngrams))

    def _with_ngrams(self, ngrams: bool) -> EngineSettings:
        return replace(self._settings, drafts=replace(self._settings.drafts, ngrams=ngrams))

    def _answers(self, engine: ForcedEngine, asked: Sequence[tuple[Request, Sequence[int]]]) -> list[_Answer]:
        """All answers; seconds count from before the first request to each one's end."""
        start = time.perf_counter()
        handles = [engine.add_forced(request, truth) for request, truth in asked]
        tokens: dict[Handle, list[int]] = {handle: [] for handle in handles}
        ends: dict[Handle, tuple[float, Usage]] = {}
        while engine.busy:
            for event in engine.step():
                if isinstance(event, Progress):
                    tokens[event.handle] += event.tokens
                elif isinstance(event, Finished):
                    ends[event.handle] = (time.perf_counter() - start, event.usage)
        return [_Answer(tokens[one], engine.chosen[one].tolist(), *ends[one]) for one in handles]
