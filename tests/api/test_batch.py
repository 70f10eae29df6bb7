"""`POST /v1/apply/batch`: each file by itself, or all or none."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.golden import merged_cases
from support.service import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

    from support.service import Service

BEFORE = "def a():\n    x = 1\n    return x\n\n\ndef b():\n    x = 1\n    return x\n"
DOUBTFUL = "# ... existing code ...\n    x = 1\n    y = 2\n    return x\n# ... existing code ...\n"
SURE = "def b():\n    x = 2\n    return x\n"
SLOW = "".join(f"x = {number % 7}\n" for number in range(9000))  # some hundred milliseconds


def file(edit: str = SURE, path: str | None = None, **more: Any) -> dict[str, Any]:
    return {"original_code": BEFORE, "edit_snippet": edit, **({"path": path} if path else {}), **more}


def post(service: Service, body: object = None, **fields: Any) -> httpx.Response:
    content = fields if body is None else body
    return httpx.post(f"{service.url}/v1/apply/batch", json=content, timeout=60)


def test_each_file_is_answered_in_its_place_as_it_would_be_alone(service: Service) -> None:
    cases = merged_cases()[::8]
    files = [
        {"path": f"{number}/{case.path}", "original_code": case.before, "edit_snippet": case.snippet}
        for number, case in enumerate(cases)
    ]
    said = post(service, files=files).json()
    assert [one["index"] for one in said["files"]] == list(range(len(files)))
    assert [one["path"] for one in said["files"]] == [one["path"] for one in files]
    for one, sent in zip(said["files"], files, strict=True):
        alone = service.apply(sent)
        if alone.status_code == 200:
            assert one["problem"] is None
            assert one["result"]["merged_code"] == alone.json()["merged_code"]
            assert one["result"]["edits"] == alone.json()["edits"]
        else:
            assert one["result"] is None
            assert one["problem"] == alone.json()
    assert said["merged"] + said["failed"] == len(files)
    assert said["merged"] > len(files) * 0.9


def test_one_file_in_doubt_is_no_matter_of_the_others(service: Service) -> None:
    reply = post(service, files=[file(), file(DOUBTFUL, "b.py"), file(language="klingon")])
    assert reply.status_code == 200
    said = reply.json()
    assert (said["merged"], said["failed"]) == (1, 2)
    sure, doubtful, unknown = said["files"]
    assert "x = 2" in sure["result"]["merged_code"]
    assert doubtful["problem"]["code"] == "edit_in_doubt"
    assert doubtful["problem"]["doubts"][0]["candidates"]
    assert unknown["problem"]["code"] == "unknown_language"


def test_an_atomic_batch_is_all(service: Service) -> None:
    said = post(service, atomic=True, files=[file(path="a.py"), file(path="b.py")]).json()
    assert (said["merged"], said["failed"]) == (2, 0)
    assert all(one["result"] and one["problem"] is None for one in said["files"])


def test_or_none_and_says_why_of_each(service: Service) -> None:
    files = [file(path="a.py"), file(DOUBTFUL, "b.py"), file(DOUBTFUL)]
    reply = post(service, atomic=True, files=files)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    said = reply.json()
    assert said["code"] == "batch_refused"
    assert "merged_code" not in reply.text
    assert [(one["index"], one["path"], one["problem"]["code"]) for one in said["files"]] == [
        (1, "b.py", "edit_in_doubt"),
        (2, None, "edit_in_doubt"),
    ]
    assert all(one["problem"]["doubts"] for one in said["files"])
    assert "files[1] (b.py): edit_in_doubt" in said["detail"]


def test_the_best_guess_of_all_can_be_asked_for(service: Service) -> None:
    said = post(service, on_doubt="best", files=[file(), file(DOUBTFUL)]).json()
    assert said["failed"] == 0
    assert said["files"][1]["result"]["doubts"]


def test_the_names_of_fields_are_those_of_the_single_route(service: Service) -> None:
    said = post(service, files=[{"initialCode": BEFORE, "codeEdit": SURE, "filename": "a.py"}]).json()
    assert said["merged"] == 1


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "files"),
        ({"files": []}, 422, "files"),
        ({"files": [file()] * 257}, 422, "files"),
        ({"files": [1]}, 422, "files[0]"),
        ({"files": [file(), {"original_code": "x"}]}, 422, "files[1].edit_snippet"),
        ({"files": [file(original_code=7)]}, 422, "files[0].original_code"),
        ({"files": [file(path="a/b.py"), file(), file(path="a/./b.py")]}, 422, "files[2].path"),
        ({"files": [file()], "on_doubt": "model"}, 422, "on_doubt"),
        ({"files": [file()], "model": "gpt-5"}, 422, "model"),
        ({"files": [file()], "atomic": "yes"}, 422, "atomic"),
        ([], 400, None),
    ],
)
def test_what_can_not_be_used_is_named(service: Service, body: Any, status: int, field: str | None) -> None:
    reply = post(service, body)
    assert reply.status_code == status
    assert reply.json().get("field") == field
    assert field is None or reply.json()["detail"].startswith(f"{field}: ")


def test_a_lone_surrogate_in_a_file_makes_no_json(service: Service) -> None:
    body = json.dumps({"files": [file("x = '\ud800'")]}).encode()
    headers = {"content-type": "application/json"}
    reply = httpx.post(f"{service.url}/v1/apply/batch", content=body, headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (400, "malformed")
    assert "surrogate" in reply.json()["detail"]


def test_its_merges_are_counted_and_its_log_line_tells_how_many(service: Service) -> None:
    name = 'fastapply_verdicts_total{verdict="merged"}'

    def counted() -> float:
        lines = httpx.get(f"{service.url}/metrics").text.splitlines()
        return next((float(line.split()[-1]) for line in lines if line.startswith(name)), 0.0)

    before = counted()
    assert post(service, files=[file(), file(), file(DOUBTFUL)]).status_code == 200
    assert counted() == before + 2
    wait_until(lambda: "verdict=batch" in service.log.read_text())
    assert "files=3" in service.log.read_text()


def test_a_large_batch_leaves_a_worker_to_others(service: Service, background: ThreadPoolExecutor) -> None:
    edit = "# ... existing code ...\nx = 99\n"
    batch = background.submit(
        post, service, files=[{"original_code": SLOW, "edit_snippet": edit, "language": "python"}] * 12
    )
    wait_until(lambda: pending(service) > 0)
    for _ in range(5):
        assert service.apply(original_code=BEFORE, edit_snippet=SURE, path="a.py").status_code == 200
    assert not batch.done()
    assert batch.result().status_code == 200


def pending(service: Service) -> float:
    lines = httpx.get(f"{service.url}/metrics").text.splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith('fastapply_pending{lane="small"}')))


def test_files_that_are_late_are_told_so_and_the_others_given(
    start_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPPLY_POOL_BATCH_DEADLINE", "1.0")
    service = start_service("--pool-workers", "1")
    edit = "# ... existing code ...\nx = 99\n"
    slow = {"original_code": SLOW, "edit_snippet": edit, "language": "python"}
    said = post(service, files=[file(), *[slow] * 60]).json()
    assert said["merged"] >= 1
    assert {one["problem"]["code"] for one in said["files"] if one["problem"]} == {"deadline_exceeded"}
    assert said["files"][-1]["problem"]["seconds"] == 1.0
    refused = post(service, atomic=True, files=[file(), *[slow] * 60])
    assert (refused.status_code, refused.json()["code"]) == (504, "batch_refused")
    service.wait_for_a_merge()


def test_when_the_client_goes_its_batch_ends(service: Service) -> None:
    edit = "# ... existing code ...\nx = 99\n"
    slow = {"original_code": SLOW, "edit_snippet": edit, "language": "python"}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{service.url}/v1/apply/batch", json={"files": [slow] * 100}, timeout=0.5)
    start = time.monotonic()
    wait_until(lambda: pending(service) == 0)
    assert time.monotonic() - start < 10  # of some twenty seconds
    service.wait_for_a_merge()
