"""From options to an engine that answers, or a rank that follows."""

from __future__ import annotations

import logging
import os
import platform
import secrets
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist
import zmq

from backend.batch import PAGE_TOKENS, Batch
from backend.checkpoint import load
from backend.dummy import dummy_weights
from backend.engine import Engine
from backend.errors import BadSetting
from backend.kv.memory import SPARE_PAGES, page_bytes, plan_pages
from backend.kv.pages import PagePool
from backend.model import Decoder
from backend.process.choices import device_of, settings_of, spec_of
from backend.process.group import agree, join
from backend.process.messages import Welcome
from backend.process.options import DIED
from backend.process.room import available_cores, free_memory, require_tables, step_memory
from backend.process.server import Server
from backend.process.watchdog import Watchdog
from backend.ranks import Leader, follow
from backend.runner import ModelRunner
from backend.split import Split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.batch import Runner
    from backend.process.options import Options
    from backend.settings import EngineSettings
    from backend.spec import ModelSpec

__all__ = ["follow_rank", "serve"]

log = logging.getLogger(__name__)

_CPU_REQUESTS = 32
"""A CPU computes no more than so many long requests in a sensible time, and its memory is not the engine's alone."""


def serve(options: Options) -> None:
    """Be rank 0, the others being there: load, and answer clients until SIGTERM or SIGINT.

    Raises `BackendError` for what can't be used or computed, and what torch raises.
    """
    device = device_of(options)
    spec = spec_of(options, device)
    for rank in range(options.tensor_parallel):
        Split.of(spec, rank, options.tensor_parallel)
    require_tables(spec, options.tensor_parallel)
    settings = settings_of(options, spec, with_text=True)
    own, control = _loaded(options, spec, settings, device)
    runner: Runner = own if control is None else Leader(own, control)
    # What does not work at all is found before clients are told that it does.
    runner.run(Batch([0], [0], [0, 1], [0], [[0]], [0]))
    pool = PagePool(own.pages.shape[0])
    welcome = _welcome(options, own.decoder, settings, pool)
    try:
        watchdog = Watchdog(options.step_seconds, _end_hung)
        server = Server(Engine(runner, pool, settings), pool, welcome, options.socket, watchdog=watchdog)
    except zmq.ZMQError as error:
        raise BadSetting("socket", f"{options.socket}: {error}") from error
    log.info(
        "ready %s: %s in %s on %s, %d ranks, %d pages of %d tokens, context %d, at %s",
        *(welcome.model, welcome.family, welcome.dtype, welcome.device, welcome.ranks),
        *(welcome.pages, welcome.page_tokens, welcome.context, options.socket),
    )
    with _until_told(server):
        server.serve()
    if isinstance(runner, Leader):
        runner.close()
        dist.destroy_process_group()


def _end_hung(seconds: float) -> None:
    """Nothing in this process can be trusted to come to an end any more, so it ends at once, and its ranks with it."""
    sys.stderr.write(f"error: a step has taken {seconds:.0f} s and no end is in sight, so the engine ends\n")
    sys.stderr.flush()
    os._exit(DIED)


def follow_rank(options: Options) -> None:
    """Be another rank until rank 0 ends. Raises as `serve` does."""
    log.setLevel(logging.WARNING)  # rank 0 says all that there is to say
    device = device_of(options)
    spec = spec_of(options, device)
    runner, control = _loaded(options, spec, settings_of(options, spec), device)
    assert control is not None
    follow(runner, control)
    dist.destroy_process_group()


def _loaded(
    options: Options, spec: ModelSpec, settings: EngineSettings, device: torch.device
) -> tuple[ModelRunner, dist.ProcessGroup | None]:
    """This rank's share of the model with its pages, and the group for control messages. All ranks load at once."""
    ranks = options.tensor_parallel
    if device.type == "cuda":
        torch.cuda.set_device(device)
    else:
        torch.set_num_threads(options.threads or max(available_cores() // ranks, 1))
    split = Split.of(spec, options.rank, ranks)
    group, control = join(options, device)
    if options.dummy is None:
        weights = load(options.model, spec, split, device)
    else:
        weights = dummy_weights(spec, options.dummy, split, device)
    decoder = Decoder(spec, weights, group)
    agree(0, control)  # what is free is measured once all weights are there, and before any pages are
    pages = agree(_pages(options, decoder, settings), control)
    return ModelRunner(decoder, pages), control


def _pages(options: Options, decoder: Decoder, settings: EngineSettings) -> int:
    """How many pages this rank has memory for, and why to the log, which is rank 0's alone."""
    if options.pages is not None:
        return options.pages
    spec, device = decoder.spec, decoder.device
    page = page_bytes(
        layers=spec.layers,
        kv_heads=len(decoder.split.kv_heads),
        head_dim=spec.head_dim,
        value_bytes=spec.dtype.itemsize,
    )
    reserve, why = step_memory(spec, decoder.split, settings, recorded=decoder.capturable)
    share = options.memory_share or (0.9 if device.type == "cuda" else 0.5)
    free = free_memory(device, options.tensor_parallel)
    plan = plan_pages(free=free, page=page, context=settings.context, share=share, reserve=reserve)
    pages = plan.pages
    log.info("%s\n%s", why, plan.text)
    most = _CPU_REQUESTS * (-(-settings.context // PAGE_TOKENS) + SPARE_PAGES)
    if options.memory_share is None and device.type == "cpu" and pages > most:
        log.info("taken: %d pages, enough for %d requests of that length", most, _CPU_REQUESTS)
        pages = most
    return pages


def _welcome(options: Options, decoder: Decoder, settings: EngineSettings, pool: PagePool) -> Welcome:
    device = decoder.device
    versions = {"python": platform.python_version(), "torch": str(torch.__version__), "zmq": zmq.zmq_version()}
    if torch.version.cuda:
        versions["cuda"] = torch.version.cuda
    return Welcome(
        instance=secrets.token_hex(8),
        model=options.model.resolve().name,
        family=decoder.spec.family,
        vocab_size=settings.vocab_size,
        context=settings.context,
        most_requests=settings.most_requests,
        pages=pool.total,
        page_tokens=PAGE_TOKENS,
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        dtype=str(decoder.spec.dtype).removeprefix("torch."),
        ranks=options.tensor_parallel,
        eos=decoder.spec.eos,
        versions=versions,
        restarts=options.restarts,
    )


@contextmanager
def _until_told(server: Server) -> Iterator[None]:
    """SIGTERM and SIGINT end `server`."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: server.stop()) for number in numbers]
    # A signal that comes just before the wait for messages would else be heard after it.
    descriptor = signal.set_wakeup_fd(server.wake, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(descriptor)
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
