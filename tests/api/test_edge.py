"""What every request gets: an id, a log line without code, its metrics, and an end to clients that stall."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from fastapply.api.edge import Edge
from support.service import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.service import Service

SECRET_CODE = "launch_code = 'tomato-7'"


def test_an_answer_carries_an_id_and_the_clients_own_where_it_is_sane(service: Service) -> None:
    made = httpx.get(f"{service.url}/health").headers["x-request-id"]
    kept = httpx.get(f"{service.url}/health", headers={"x-request-id": "my-id.7"}).headers["x-request-id"]
    replaced = httpx.get(f"{service.url}/health", headers={"x-request-id": "no good\tid"}).headers["x-request-id"]
    assert len(made) == 32
    assert kept == "my-id.7"
    assert replaced not in ("", "no good\tid")


def test_an_answer_is_neither_kept_nor_guessed_at(service: Service) -> None:
    headers = service.apply(original_code="a = 1\n", edit_snippet="a = 2\n").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_metrics_count_requests_verdicts_doubts_and_stages(service: Service) -> None:
    before = figures(service)
    assert service.apply(original_code="a = 1\n", edit_snippet="a = 2\n", path="a.py").status_code == 200
    refused = service.apply(original_code="a = 1\n" * 3, edit_snippet="# ...\nzz = 2\n# ...\n", path="a.py")
    assert refused.status_code == 422
    after = figures(service)

    def grown(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert grown('fastapply_requests_total{route="/v1/apply",status="200"}') == 1
    assert grown('fastapply_requests_total{route="/v1/apply",status="422"}') == 1
    assert grown('fastapply_verdicts_total{verdict="merged"}') == 1
    assert grown('fastapply_verdicts_total{verdict="edit_in_doubt"}') == 1
    kind = refused.json()["doubts"][0]["kind"]
    assert grown(f'fastapply_doubts_total{{kind="{kind}"}}') >= 1
    assert grown('fastapply_stage_seconds_count{stage="total"}') == 1
    assert grown('fastapply_request_seconds_count{route="/v1/apply"}') == 2


def test_metrics_know_the_workers_and_the_event_loop(service: Service) -> None:
    wait_until(lambda: figures(service).get('fastapply_workers{lane="small"}') == 2)
    seen = figures(service)
    assert seen['fastapply_workers{lane="large"}'] == 1
    assert seen["fastapply_event_loop_lag_seconds_count"] > 0


def test_a_path_that_a_client_made_up_is_no_label(service: Service) -> None:
    httpx.get(f"{service.url}/made/up/by-a-client")
    text = httpx.get(f"{service.url}/metrics").text
    assert "made/up" not in text
    assert 'route="other",status="404"' in text


def figures(service: Service) -> dict[str, float]:
    lines = httpx.get(f"{service.url}/metrics").text.splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def test_the_log_says_what_was_asked_and_never_holds_code(
    start_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPPLY_LOG_FORMAT", "json")
    monkeypatch.setenv("FASTAPPLY_LOG_LEVEL", "debug")
    service = start_service("--pool-workers", "1")
    original = f"{SECRET_CODE}\nb = 2\n"
    service.apply(original_code=original, edit_snippet=f"{SECRET_CODE}\nb = 3\n", path="tomato-7.py")
    service.apply(original_code=original, edit_snippet="tomato-7\n# ...\n# ...\n", instruction="tomato-7")
    service.apply({"original_code": [SECRET_CODE], "edit_snippet": SECRET_CODE})
    httpx.post(f"{service.url}/v1/apply", content=SECRET_CODE, headers={"content-type": "application/json"})
    httpx.get(f"{service.url}/tomato-7?tomato-7", headers={"authorization": "Bearer tomato-7"})
    wait_until(lambda: service.log.read_text().count('"route"') >= 5)
    text = service.log.read_text()
    assert "tomato-7" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    requests = [line for line in lines if "route" in line and line["route"] == "/v1/apply"]
    assert [line["status"] for line in requests] == [200, 422, 422, 400]
    assert requests[0]["verdict"] == "merged"
    assert requests[1]["doubts"]
    assert all(line["ms"] > 0 and line["bytes_in"] > 0 and line["id"] for line in requests)


def test_a_disk_that_is_full_costs_log_lines_and_no_request(
    start_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPPLY_LOG_FILE", "/dev/full")
    service = start_service("--pool-workers", "1")
    for _ in range(5):
        assert service.apply(original_code="a = 1\n", edit_snippet="a = 2\n").status_code == 200
    wait_until(lambda: figures(service)["fastapply_log_lines_lost_total"] >= 5)


def test_a_log_that_was_rotated_away_is_opened_anew(
    start_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "service.log"
    monkeypatch.setenv("FASTAPPLY_LOG_FILE", str(file))
    service = start_service("--pool-workers", "1")
    file.rename(tmp_path / "service.log.1")
    service.apply(original_code="a = 1\n", edit_snippet="a = 2\n")
    wait_until(lambda: file.exists() and "route=/v1/apply" in file.read_text())


def run_edge(app: Any, messages: list[Any], seconds: float = 0.05) -> list[Any]:
    """What `Edge` sends on when the client sends `messages` and then nothing more."""
    sent: list[Any] = []

    async def receive() -> Any:
        if messages:
            return messages.pop(0)
        return await asyncio.sleep(3600)

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {"type": "http", "path": "/x", "headers": []}
    asyncio.run(Edge(app, frozenset(["/x"]), seconds)(scope, receive, send))
    return sent


def test_a_client_that_stalls_in_its_body_is_taken_for_gone() -> None:
    seen = []

    async def app(_: Any, receive: Any, __: Any) -> None:
        seen.extend([(await receive())["type"] for _ in range(2)])

    run_edge(app, [{"type": "http.request", "body": b"a", "more_body": True}])
    assert seen == ["http.request", "http.disconnect"]


def test_waiting_for_the_client_to_go_may_last() -> None:
    async def app(_: Any, receive: Any, __: Any) -> None:
        await receive()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await receive()

    run_edge(app, [{"type": "http.request", "body": b"", "more_body": False}])


def test_a_client_that_does_not_read_is_given_up() -> None:
    async def app(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def stuck(_: Any) -> None:
        await asyncio.sleep(3600)

    start = time.monotonic()
    scope: Any = {"type": "http", "path": "/x", "headers": []}
    with pytest.raises(TimeoutError):
        asyncio.run(Edge(app, frozenset(), 0.05)(scope, stuck, stuck))
    assert time.monotonic() - start < 5


def test_a_request_that_dies_is_logged_with_its_fields(caplog: pytest.LogCaptureFixture) -> None:
    async def app(*_: Any) -> None:
        raise RuntimeError(SECRET_CODE)

    with caplog.at_level(logging.INFO), pytest.raises(RuntimeError):
        run_edge(app, [])
    (record,) = [record for record in caplog.records if record.name == "fastapply.request"]
    assert record.__dict__["status"] == 499
    assert SECRET_CODE not in caplog.text


def test_a_body_that_never_ends_is_cut_at_the_limit(service: Service) -> None:
    port = int(service.url.rpartition(":")[2])
    lines = ["POST /v1/apply HTTP/1.1", "host: localhost", "content-type: application/json"]
    head = "\r\n".join([*lines, "transfer-encoding: chunked", "", ""]).encode()
    piece = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(head)
        for _ in range(12):
            client.sendall(piece)
        client.settimeout(20)
        client.sendall(b"0\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413")
