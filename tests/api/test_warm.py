"""`POST /v1/warm`: without a model, and with a real engine."""

from __future__ import annotations

import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from backend.bench.checkpoints import write_parrot
from support.service import running, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.service import Service

PROFILE = "kortix-fastapply-1.5b"


def numbered(name: str, count: int = 200) -> str:
    """A file; it and the one with a line more in its middle are both known to the parrot."""
    return "".join(f"{name}_{number} = {number}\n" for number in range(count))


def edited(name: str) -> str:
    return numbered(name).replace(f"{name}_100 = 100\n", f"{name}_100 = 100\n{name}_new = 1\n")


NAMES = ("cold", "warm", "gone", "busy")
LONG = numbered("long", 5000)


def ask(service: Service, body: dict[str, Any], **options: Any) -> httpx.Response:
    return httpx.post(f"{service.url}/v1/warm", json=body, **{"timeout": 60, **options})


def warm(service: Service, text: str) -> dict[str, Any]:
    reply = ask(service, {"original_code": text, "path": "a.py"})
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def edit(service: Service, name: str) -> dict[str, Any]:
    """An edit in doubt, which the model decides."""
    snippet = f"# ... existing code ...\n{name}_new = 1\n# ... existing code ...\n"
    reply = service.apply(original_code=numbered(name), edit_snippet=snippet, path="a.py", timeout=60)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = write_parrot(tmp_path_factory.mktemp("parrot"), [edited(name) for name in NAMES])
    options = ("--model", str(folder), "--profile", PROFILE, "--device", "cpu", "--pool-workers", "1")
    with running(tmp_path_factory.mktemp("log") / "serve.log", *options) as service:
        wait_until(lambda: httpx.get(f"{service.url}/health").json()["models"][PROFILE] == "up", 90)
        yield service


def figure(service: Service, name: str) -> float:
    found = re.search(rf'fastapply_engine{{figure="{name}"}} (\S+)', httpx.get(f"{service.url}/metrics").text)
    assert found
    return float(found[1])


def test_without_a_model_nothing_is_done_and_nothing_wrong(service: Service) -> None:
    answer = warm(service, "a = 1\n")
    assert answer.pop("ms") >= 0
    assert answer == {"model": None, "warmed_tokens": 0, "cached_tokens": 0, "skipped": "no_model"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "invalid_request"),
        ({"original_code": 1}, 422, "invalid_request"),
        ({"original_code": "", "code": "a"}, 422, "invalid_request"),
        ({"original_code": "", "model": "gpt-5"}, 422, "model_unavailable"),
    ],
)
def test_what_can_not_be_read_is_told(service: Service, body: dict[str, Any], status: int, code: str) -> None:
    reply = ask(service, body)
    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_an_edit_finds_the_file_read_and_is_answered_alike(served: Service) -> None:
    cold = edit(served, "cold")
    first, again = warm(served, numbered("warm")), warm(served, numbered("warm"))
    assert first["model"] == PROFILE
    assert first["cached_tokens"] < first["warmed_tokens"] == again["warmed_tokens"] == again["cached_tokens"]
    answer = edit(served, "warm")
    assert (answer["engine"], answer["merged_code"]) == (PROFILE, edited("warm"))
    assert cold["merged_code"] == edited("cold")
    assert answer["usage"]["cached_tokens"] >= first["warmed_tokens"] > cold["usage"]["cached_tokens"]
    assert answer["usage"]["passes"] <= cold["usage"]["passes"]
    text = httpx.get(f"{served.url}/metrics").text
    assert 'fastapply_warmed_total{outcome="warmed"} 2.0' in text
    read = first["warmed_tokens"] - first["cached_tokens"]
    assert f'fastapply_model_tokens_total{{kind="warmed"}} {read:.1f}' in text


def test_a_file_too_long_is_not_read(served: Service) -> None:
    answer = warm(served, LONG)
    assert (answer["warmed_tokens"], answer["skipped"]) == (0, "question_too_long")


def test_the_structural_merge_has_nothing_to_read(served: Service) -> None:
    answer = ask(served, {"original_code": numbered("warm"), "model": "structural"}).json()
    assert (answer["model"], answer["skipped"]) == (None, "no_model")


def test_a_client_that_goes_ends_it(served: Service) -> None:
    """The engine stands still until its client has gone: then it computes nothing of it, and holds no page."""
    [engine] = [one for one in served.workers() if b"backend.process" in Path(f"/proc/{one}/cmdline").read_bytes()]
    os.kill(engine, signal.SIGSTOP)
    try:
        with pytest.raises(httpx.ReadTimeout):
            ask(served, {"original_code": numbered("gone")}, timeout=1)
        wait_until(lambda: "499" in served.log.read_text())
    finally:
        os.kill(engine, signal.SIGCONT)
    wait_until(lambda: figure(served, "live") == 0)
    assert figure(served, "available") == figure(served, "pages")
    found = warm(served, numbered("gone"))
    assert found["warmed_tokens"] - found["cached_tokens"] > 64
    assert edit(served, "gone")["merged_code"] == edited("gone")


def test_edits_are_answered_among_a_burst_of_them(served: Service) -> None:
    """So many at once that some are turned away, which is no error either."""
    with ThreadPoolExecutor(24) as pool:
        burst = [pool.submit(warm, served, numbered(f"file_{number}", 30)) for number in range(48)]
        answers = [pool.submit(edit, served, "busy") for _ in range(4)]
        assert {answer.result()["merged_code"] for answer in answers} == {edited("busy")}
        assert {one.result()["skipped"] for one in burst} <= {None, "model_busy"}
    wait_until(lambda: figure(served, "live") == 0)
    assert figure(served, "available") == figure(served, "pages")
