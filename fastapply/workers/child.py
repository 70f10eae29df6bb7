"""What runs in a worker: read a job, merge, write the answer, until the pool closes the channel."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

from fastapply import errors
from fastapply.faults import describe
from fastapply.workers import wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedRWPair

    from fastapply.merge.values import ApplyResult
    from fastapply.resolve.question import Questions

# The pool kills a worker at its deadline. Should the pool itself be gone, the kernel does it this much later.
_ORPHAN_GRACE_SECONDS = 2.0
_OUT_OF_MEMORY = 77


def main() -> None:
    """Serve the channel whose descriptor is the first argument, in as many bytes of memory as the second says."""
    # Ctrl-C goes to the whole group, and a service manager's SIGTERM too; the pool decides when workers end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _close_all_but(int(sys.argv[1]))
    channel = socket.socket(fileno=int(sys.argv[1]))
    _limit_memory(int(sys.argv[2]))
    _warm_up()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError), channel.makefile("rwb") as stream:
        _write_frame(stream, wire.READY)
        while (payload := _read_frame(stream)) is not None:
            _write_frame(stream, _answer(payload))


def _answer(payload: bytes) -> bytes:
    job = wire.decode_job(payload)
    with _alarm(job.deadline + _ORPHAN_GRACE_SECONDS):
        try:
            return wire.encode(_done(job))
        except errors.FastApplyError as error:
            return wire.encode_error(error)
        except MemoryError:
            # What is left in memory can't be trusted to be whole: start anew.
            os._exit(_OUT_OF_MEMORY)
        except Exception as error:
            _log(f"a merge failed: {describe(error)}")
            return wire.encode_error(errors.FastApplyError(f"the merge failed with {type(error).__name__}"))


def _done(job: wire.AnyJob) -> wire.Answer:
    """What `job` asks for. Its class says which function its fields are the arguments of."""
    if isinstance(job, wire.AskJob):
        return wire.Answer(questions=_questions(job))
    if isinstance(job, wire.JudgeJob):
        return wire.Answer(_judge(job))
    if isinstance(job, wire.EarlyJob):
        return wire.Answer(early=_early(job))
    return wire.Answer(_apply(job))


def _shared(job: wire.Job | wire.AskJob | wire.JudgeJob | wire.EarlyJob) -> dict[str, Any]:
    """The arguments that all of these functions take."""
    return {
        "instruction": job.instruction,
        "path": job.path,
        "language": job.language,
        "deadline": job.deadline,
    }


def _apply(job: wire.Job) -> ApplyResult:
    from fastapply.apply import apply

    return apply(
        job.original_code,
        job.edit_snippet,
        on_doubt=job.on_doubt,
        choices=job.choices,
        **_shared(job),
    )


def _early(job: wire.EarlyJob) -> wire.Early:
    from fastapply.early import certain_edits

    edits = certain_edits(
        job.original_code,
        job.edit_snippet,
        **_shared(job),
    )
    return wire.Early(edits)


def _questions(job: wire.AskJob) -> Questions:
    from fastapply.resolve.question import questions

    return questions(
        job.original_code,
        job.edit_snippet,
        job.guess,
        **_shared(job),
    )


def _judge(job: wire.JudgeJob) -> ApplyResult:
    from fastapply.resolve.judge import judge

    return judge(
        job.original_code,
        job.edit_snippet,
        job.guess,
        job.part,
        job.text,
        job.finished,
        model=job.model,
        **_shared(job),
    )


def _warm_up() -> None:
    """Load the merge and what a first one needs, and keep it out of later garbage collections."""
    from fastapply.apply import apply

    apply("x = 1\n", "x = 2\n", path="warm.py", on_doubt="best")
    gc.collect()
    gc.freeze()


def _close_all_but(descriptor: int) -> None:
    """Close what was inherited: of several server processes each leaves its listening socket open to its children."""
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, min(os.sysconf("SC_OPEN_MAX"), 1 << 20))


def _limit_memory(limit: int) -> None:
    if limit == 0:
        return
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (ImportError, ValueError, OSError) as error:  # not every system has the limit, or lets it be set
        _log(f"a worker runs without a memory limit: {error}")


def _log(message: str) -> None:
    sys.stderr.write(f"fastapply: {message}\n")
    sys.stderr.flush()


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Let the kernel end this process after `seconds`, even in the midst of C code."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _read_frame(stream: BufferedRWPair) -> bytes | None:
    header = stream.read(wire.HEADER.size)
    if len(header) < wire.HEADER.size:
        return None
    (length,) = wire.HEADER.unpack(header)
    payload = stream.read(length)
    return payload if len(payload) == length else None


def _write_frame(stream: BufferedRWPair, payload: bytes) -> None:
    stream.write(wire.HEADER.pack(len(payload)))
    stream.write(payload)
    stream.flush()


if __name__ == "__main__":
    main()
