"""`fastapply serve`: how it starts and ends. What it answers is tested under tests/api."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.vocabularies import chat

if TYPE_CHECKING:
    from conftest import Run


def test_a_port_in_use_is_an_error(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", "--port", taken.getsockname()[1], "--pool-workers", 1)
    assert done.returncode == 2
    assert b"in use" in done.stderr
    assert done.stderr.splitlines()[-1].startswith(b"fastapply: error: ")


def test_a_service_that_logs_to_a_file_does_not_end_in_silence(run: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", port, "--pool-workers", 1, FASTAPPLY_LOG_FILE=str(tmp_path / "log"))
    assert done.returncode == 2
    assert f"port {port}".encode() in done.stderr
    assert b"/log, says why" in done.stderr
    assert "in use" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("wrong", [("--workers", "0"), ("--queue", "-1"), ("--port", "70000"), ("--deadline", "0")])
def test_settings_out_of_range_are_an_error(run: Run, wrong: tuple[str, str]) -> None:
    done = run("serve", *wrong)
    assert done.returncode == 2
    assert wrong[0].strip("-").encode() in done.stderr


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("profile", "said"), [("generic-llama3", b"<|begin_of_text|>"), ("generic-chat", b"generic-chatml")]
)
def test_a_model_that_can_t_be_used_is_one_clear_error(
    run: Run, tmp_path: Path, workers: int, profile: str, said: bytes
) -> None:
    """Found before an engine or a server process is started for it."""
    chat(tmp_path)
    done = run("serve", "--port", "0", "--workers", workers, "--model", tmp_path, "--profile", profile)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith(b"fastapply: error: ")
    assert said in line


def test_the_configuration_is_read_and_the_command_line_stands_over_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "fastapply.toml").write_text("[server]\nport = 1\n[pool]\nqueue = -1\n")
    done = run("serve", "--config", "fastapply.toml", FASTAPPLY_SERVER_PORT="2")
    assert done.returncode == 2
    assert done.stderr == b"fastapply: error: fastapply.toml:4: pool.queue must be 0 or more\n"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--config", "fastapply.toml", "--queue", 0, "--port", port, FASTAPPLY_SERVER_PORT="2")
    assert done.returncode == 2
    assert b"in use" in done.stderr


def test_ctrl_c_ends_it_quietly(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("fastapply")), "serve", "--port", "0", "--pool-workers", "1"]
    log = tmp_path / "log"
    with log.open("wb") as output, subprocess.Popen(command, stderr=output, start_new_session=True) as process:
        due = time.monotonic() + 30
        while b"running on" not in log.read_bytes() and time.monotonic() < due:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in (0, 130, -signal.SIGINT)
    assert b"Traceback" not in log.read_bytes()
