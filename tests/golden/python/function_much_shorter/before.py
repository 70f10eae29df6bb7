"""A small in-process job queue with retries and a dead-letter list."""

from __future__ import annotations

import logging
import time
from collections import deque
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3


@dataclass
class Job:
    name: str
    payload: dict
    attempts: int = 0
    created: float = field(default_factory=time.time)


class Queue:
    """First in, first out. Not safe for several threads."""

    def __init__(self, limit: int = 1000) -> None:
        self.limit = limit
        self._jobs: deque[Job] = deque()
        self._dead: list[Job] = []

    def push(self, job: Job) -> bool:
        if len(self._jobs) >= self.limit:
            log.warning("queue full, %s dropped", job.name)
            return False
        self._jobs.append(job)
        return True

    def pop(self) -> Job | None:
        if not self._jobs:
            return None
        return self._jobs.popleft()

    def retry(self, job: Job) -> bool:
        # Jobs that failed too often are kept for a person to look at.
        job.attempts += 1
        if job.attempts >= MAX_ATTEMPTS:
            self._dead.append(job)
            return False
        self._jobs.append(job)
        return True

    def dead(self) -> list[Job]:
        return list(self._dead)

    def __len__(self) -> int:
        return len(self._jobs)


class Worker:
    """Takes jobs from a queue and runs their handlers."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.handlers = {}

    def register(self, name, handler):
        self.handlers[name] = handler

    def run_once(self) -> bool:
        job = self.queue.pop()
        if job is None:
            return False
        try:
            self.handlers[job.name](job.payload)
        except Exception:
            log.exception("job %s failed", job.name)
            self.queue.retry(job)
            return False
        return True

    def run_forever(self, pause: float = 0.5) -> None:
        while True:
            if not self.run_once():
                time.sleep(pause)


def drain(queue: Queue) -> list[Job]:
    """Empty the queue and return what was in it."""
    jobs = []
    while (job := queue.pop()) is not None:
        jobs.append(job)
    return jobs
