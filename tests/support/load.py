"""Users who ask the service again and again, and check what they get, while a test does harm to it."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import httpx

if TYPE_CHECKING:
    from support.service import Service

_FUNCTIONS = "\n\n".join(f"def number_{number}():\n    return {number}\n" for number in range(20))


@dataclass(frozen=True)
class Answer:
    """What came of one request. `status` is 0 where nothing came."""

    id: str
    status: int
    seconds: float
    what: str
    """`right`, or what is wrong with it."""


class Load:
    """`with Load(service, users=4) as load: …` asks all the time; `answers` are whole when the block has ended."""

    def __init__(self, service: Service, users: int = 4, *, keep_alive: bool = True) -> None:
        self.answers: list[Answer] = []
        self._url = f"{service.url}/v1/apply"
        self._keep_alive = keep_alive
        self._end = threading.Event()
        self._numbers = itertools.count()
        self._threads = [threading.Thread(target=self._ask_on) for _ in range(users)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    @property
    def whats(self) -> Counter[str]:
        """How often what came of a request."""
        return Counter(answer.what for answer in self.answers)

    def assert_undisturbed(self, seconds: float = 4.0) -> None:
        """Each answer was right, and none took longer than `seconds`."""
        assert set(self.whats) == {"right"}, self.whats
        assert max(answer.seconds for answer in self.answers) < seconds

    def _ask_on(self) -> None:
        with httpx.Client(timeout=30) as client:
            while not self._end.is_set():
                number = next(self._numbers)
                self.answers.append(self._ask(client, number))
                if self.answers[-1].status == 0:
                    self._end.wait(0.05)

    def _ask(self, client: httpx.Client, number: int) -> Answer:
        name = f"load-{number}"
        body = {
            "original_code": f"{_FUNCTIONS}\n\ndef last():\n    return {number}\n",
            "edit_snippet": f"# ... existing code ...\ndef last():\n    return -{number}\n",
            "path": "a.py",
        }
        headers = {"x-request-id": name} | ({} if self._keep_alive else {"connection": "close"})
        start = time.perf_counter()
        try:
            reply = client.post(self._url, json=body, headers=headers)
        except httpx.TransportError as error:
            return Answer(name, 0, time.perf_counter() - start, type(error).__name__)
        seconds = time.perf_counter() - start
        if reply.status_code != 200:
            return Answer(name, reply.status_code, seconds, reply.json()["code"])
        right = reply.json()["merged_code"] == f"{_FUNCTIONS}\n\ndef last():\n    return -{number}\n"
        return Answer(name, 200, seconds, "right" if right else "a wrong merge")
