"""The end of the service under load, as people and service managers bring it about: nothing that was taken is lost.

What the service took stands in its log, by the ids that the clients gave; so both sides can be compared.
"""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.load import Load
from support.service import running, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.service import Service

TAKEN = re.compile(r"request id=(load-\d+) route=/v1/apply status=(\d+)")


def to_process(service: Service, number: signal.Signals) -> None:
    """As `kill`, `docker stop` and Kubernetes do."""
    os.kill(service.process.pid, number)


def to_group(service: Service, number: signal.Signals) -> None:
    """As systemd does, and a terminal for Ctrl-C."""
    os.killpg(service.process.pid, number)


@pytest.mark.parametrize(
    ("send", "number", "servers", "keep_alive"),
    [
        pytest.param(to_process, signal.SIGTERM, 1, True, id="SIGTERM"),
        pytest.param(to_process, signal.SIGTERM, 1, False, id="SIGTERM-new-connections"),
        pytest.param(to_group, signal.SIGTERM, 1, True, id="SIGTERM-to-the-group"),
        pytest.param(to_process, signal.SIGINT, 1, True, id="SIGINT"),
        pytest.param(to_group, signal.SIGINT, 1, True, id="SIGINT-to-the-group"),
        pytest.param(to_process, signal.SIGTERM, 2, True, id="SIGTERM-with-two-servers"),
        pytest.param(to_group, signal.SIGTERM, 2, True, id="SIGTERM-to-the-group-with-two-servers"),
    ],
)
def test_what_was_taken_is_answered_before_the_end(
    tmp_path: Path,
    send: Callable[[Service, signal.Signals], None],
    number: signal.Signals,
    servers: int,
    keep_alive: bool,
) -> None:
    options = ("--pool-workers", "1", "--workers", str(servers))
    with running(tmp_path / "log", *options, own_group=True) as service:
        with Load(service, users=8, keep_alive=keep_alive) as load:
            wait_until(lambda: len(load.answers) > 50)
            family = descendants(service.process.pid)
            assert len(family) >= 2
            send(service, number)
            assert service.process.wait(15) == 0, service.log.read_text()[-2000:]
            time.sleep(0.1)
        taken = dict(TAKEN.findall(service.log.read_text()))
        answered = {answer.id: str(answer.status) for answer in load.answers if answer.status}
        assert set(taken.values()) == {"200"}
        assert set(load.whats) <= {"right", "ConnectError", "ReadError", "RemoteProtocolError", "WriteError"}, (
            load.whats
        )
        assert answered == taken
        wait_until(lambda: not any(map(is_running, family)), 5)


def descendants(pid: int) -> set[int]:
    """The processes below `pid`."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found |= {child} | descendants(child)
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False
