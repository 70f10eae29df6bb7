"""The client against the real service: what it gives and raises is what the merge in process gives and raises."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import fastapply
from fastapply import errors
from fastapply.applier import local_applier, remote_applier
from fastapply.client import AsyncClient, Client
from fastapply.client.connection import KEY_VARIABLE
from fastapply.workers.wire import Job
from support.golden import merged_cases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapply.applier import Applier
    from fastapply.merge.values import ApplyResult
    from support.service import Service

BEFORE = "def a():\n    x = 1\n    return x\n\n\ndef b():\n    x = 1\n    return x\n"
DOUBTFUL = "# ... existing code ...\n    x = 1\n    y = 2\n    return x\n# ... existing code ...\n"
EDIT = {"original_code": BEFORE, "edit_snippet": "def b():\n    x = 2\n    return x\n", "path": "a.py"}


@pytest.fixture(scope="module")
def client(service: Service, key: str) -> Iterator[Client]:
    with Client(service.url, key) as made:
        yield made


def timeless(result: ApplyResult) -> ApplyResult:
    return msgspec.structs.replace(result, timings={})


def outcome(apply: Any, **arguments: Any) -> object:
    """What a call gives, or the type, message and doubts of what it raises."""
    try:
        return timeless(apply(**arguments))
    except errors.FastApplyError as error:
        fields = [getattr(error, name, None) for name in ("field", "doubts")]
        return type(error), str(error), fields


def test_a_choice_from_the_doubt_settles_it(client: Client) -> None:
    """As it came with the refusal."""
    edit = {"original_code": BEFORE, "edit_snippet": DOUBTFUL, "path": "a.py"}
    with pytest.raises(errors.EditRefused) as refused:
        client.apply(**edit)
    for choice in refused.value.doubts[0].choices:
        chosen = client.apply(**edit, choices=[choice])
        assert timeless(chosen) == timeless(fastapply.apply(**edit, choices=[choice]))


@pytest.mark.parametrize("case", merged_cases()[::12], ids=lambda case: case.name)
def test_it_gives_what_the_merge_in_process_gives(client: Client, case: Any) -> None:
    arguments = {"edit_snippet": case.snippet, "path": case.path, "instruction": case.instruction}
    assert outcome(client.apply, original_code=case.before, **arguments) == outcome(
        fastapply.apply, original_code=case.before, **arguments
    )


@pytest.mark.parametrize(
    "arguments",
    [
        EDIT,
        {**EDIT, "edit_snippet": DOUBTFUL},
        {**EDIT, "edit_snippet": DOUBTFUL, "on_doubt": "best"},
        {**EDIT, "language": "pyhton"},
        {**EDIT, "path": None, "language": "python"},
    ],
    ids=["sure", "in doubt", "best guess", "no language", "language"],
)
def test_it_raises_what_the_merge_in_process_raises(client: Client, arguments: dict[str, Any]) -> None:
    assert outcome(client.apply, **arguments) == outcome(fastapply.apply, **arguments)


def test_other_errors_come_with_their_types(client: Client) -> None:
    with pytest.raises(errors.InvalidRequest) as wrong:
        client.apply(BEFORE, 7, path="a.py")  # type: ignore[arg-type]
    assert wrong.value.field == "edit_snippet"
    with pytest.raises(errors.InvalidRequest, match="can't be sent"):
        client.apply(BEFORE, object(), path="a.py")  # type: ignore[arg-type]
    with pytest.raises(errors.InvalidRequest, match="lone surrogate"):
        client.apply(BEFORE, "x = '\ud800'")
    with pytest.raises(errors.ModelUnavailable):
        client.apply(**EDIT, on_doubt="model")
    with pytest.raises(errors.InputTooLarge):
        client.apply("x" * (11 << 20), "x")


@pytest.mark.parametrize("key", ["", "fa_another"])
def test_a_wrong_key_is_an_error_of_its_own(service: Service, key: str) -> None:
    with Client(service.url, key) as client, pytest.raises(errors.KeyRefused) as refused:
        client.apply(**EDIT)
    assert "fa_another" not in str(refused.value)


def test_the_key_is_taken_from_the_environment_and_shown_nowhere(
    service: Service, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, key)
    with Client(f"{service.url}/v1/") as client:
        assert client.apply(**EDIT).merged_code.endswith("def b():\n    x = 2\n    return x\n")
        assert repr(client) == f"Client({service.url!r}, key=***)"
    assert repr(AsyncClient(service.url, "")) == f"AsyncClient({service.url!r}, key=None)"


def test_proxies_of_the_environment_see_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert client.health()["status"] == "ok"


def test_a_file_may_be_sent_ahead_and_the_tools_asked_for(client: Client) -> None:
    warmth = client.warm(BEFORE, path="a.py")
    assert (warmth.warmed_tokens, warmth.skipped) == (0, "no_model")
    assert {tool["function"]["name"] for tool in client.tools("openai")} >= {"edit_file", "undo_edit"}
    assert client.tools() == client.tools("mcp")
    with pytest.raises(errors.InvalidRequest, match="format"):
        client.tools("nonsense & more")


def test_threads_share_a_client(client: Client) -> None:
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda _: timeless(client.apply(**EDIT)), range(24)))
    assert len(results) == 24
    assert len(set(map(repr, results))) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_has_connections_of_its_own(client: Client) -> None:
    client.health()
    child = os.fork()
    if child == 0:  # where the thread that served the client is not
        signal.alarm(30)
        os._exit(client.health()["status"] != "ok")
    _, status = os.waitpid(child, 0)
    assert status == 0
    assert client.health()["status"] == "ok"


def test_a_closed_client_says_so_and_leaves_no_thread(service: Service, key: str) -> None:
    before = threading.active_count()
    client = Client(service.url, key)
    client.health()
    assert threading.active_count() == before + 1
    client.close()
    client.close()
    assert threading.active_count() == before
    with pytest.raises(errors.ServiceError, match="closed"):
        client.health()


def test_the_one_for_asyncio_answers_many_at_once(service: Service, key: str) -> None:
    async def ask() -> set[str]:
        async with AsyncClient(service.url, key) as client:
            results = await asyncio.gather(*(client.apply(**EDIT) for _ in range(16)))
            assert (await client.health())["models"]
        return {result.merged_code for result in results}

    assert len(asyncio.run(ask())) == 1


@pytest.mark.parametrize(
    ("job", "on_doubt", "raises"),
    [
        (Job(**EDIT), None, None),
        (Job(BEFORE, DOUBTFUL, path="a.py"), None, errors.EditRefused),
        (Job(BEFORE, DOUBTFUL, path="a.py"), "best", None),
        (Job(**EDIT), "model", errors.ModelUnavailable),
    ],
)
def test_both_appliers_agree(service: Service, key: str, job: Job, on_doubt: Any, raises: Any) -> None:
    async def outcome_of(applier: Applier) -> object:
        try:
            return timeless(await applier.apply(job, on_doubt))
        except errors.FastApplyError as error:
            return type(error)

    async def both() -> list[object]:
        async with local_applier() as local, remote_applier(service.url, key) as remote:
            return [await outcome_of(local), await outcome_of(remote)]

    here, there = asyncio.run(both())
    assert here == there
    assert here is raises or raises is None
    assert (raises is None) != isinstance(here, type)
