"""Engines over the hashing model, and how to run them to the end with their books checked after every step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from backend.engine import Engine
from backend.kv.pages import PagePool
from backend.request import Finished, Progress, Request
from backend.settings import DraftSettings, EngineSettings
from support.hashing import VOCAB, HashingRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from backend.batch import Runner
    from backend.request import Event, Handle

SMALL = DraftSettings(first_chunk=4, most_chunk=16, free_tokens=3, strong_match=3)


def made(
    pages: int = 64,
    page_tokens: int = 4,
    drafts: DraftSettings = SMALL,
    runner: Runner | None = None,
    clock: Callable[[], float] | None = None,
    **settings: object,
) -> Engine:
    """An engine whose pages are small enough that every test crosses their borders."""
    chosen = EngineSettings(**{"vocab_size": VOCAB, "context": 4096, "step_tokens": 24, "drafts": drafts} | settings)
    pool = PagePool(pages, page_tokens)
    runner = runner if runner is not None else HashingRunner(pages, page_tokens)
    if isinstance(runner, HashingRunner):
        runner.pool = pool
    return Engine(runner, pool, chosen, **({"clock": clock} if clock else {}))


def pool_of(engine: Engine) -> PagePool:
    return engine._pool


@dataclass
class Outcome:
    """What the events of one request say."""

    tokens: list[int] = field(default_factory=list)
    end: Finished | None = None

    @property
    def reason(self) -> str:
        assert self.end is not None, "not finished"
        return self.end.reason


def gather(events: Iterable[Event], into: dict[Handle, Outcome]) -> None:
    """Add `events` to the outcomes; nothing may follow a request's end."""
    for event in events:
        outcome = into.setdefault(event.handle, Outcome())
        assert outcome.end is None, f"{event} after the end"
        if isinstance(event, Progress):
            assert event.tokens
            outcome.tokens += event.tokens
        else:
            outcome.end = event


def drain(engine: Engine, into: dict[Handle, Outcome] | None = None, most: int = 5000) -> dict[Handle, Outcome]:
    """Step until all is told; the books are checked after every step, and all pages must be free in the end."""
    outcomes = into if into is not None else {}
    for _ in range(most):
        if not engine.busy:
            break
        gather(engine.step(), outcomes)
        engine.check_integrity()
    assert not engine.busy, f"not done after {most} steps"
    assert pool_of(engine).available == pool_of(engine).total
    return outcomes


class Arriving(Protocol):
    """A request, the step it comes before, and the one before which it is cancelled."""

    @property
    def request(self) -> Request: ...

    @property
    def arrival(self) -> int: ...

    @property
    def cancelled_at(self) -> int | None: ...


def driven(engine: Engine, cases: Sequence[Arriving], steps: int = 20) -> list[Outcome]:
    """What becomes of each of `cases`, which come within so many steps; books are checked after all that happens."""
    outcomes: dict[Handle, Outcome] = {}
    handles: dict[int, Handle] = {}
    for step in range(steps):
        for i, case in enumerate(cases):
            if case.arrival == step:
                handles[i] = engine.add(case.request)
                engine.check_integrity()
            if case.cancelled_at == step and i in handles:
                engine.cancel(handles[i])
                engine.check_integrity()
        gather(engine.step(), outcomes)
        engine.check_integrity()
    drain(engine, outcomes)
    return [outcomes[handles[i]] for i in range(len(cases))]


def answer(engine: Engine, request: Request) -> Outcome:
    """One request from beginning to end."""
    handle = engine.add(request)
    return drain(engine)[handle]
