"""`POST /v1/apply`: what is accepted, and what comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from support.service import Service

ORIGINAL = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
SNIPPET = "# ... existing code ...\ndef two():\n    return 22\n"
MERGED = "def one():\n    return 1\n\n\ndef two():\n    return 22\n"


def test_the_merged_file_comes_back_with_all_there_is_to_know(service: Service) -> None:
    reply = service.apply(original_code=ORIGINAL, edit_snippet=SNIPPET, path="numbers.py")
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/json"
    answer = reply.json()
    assert answer["merged_code"] == MERGED
    assert answer["engine"] == "structural"
    assert answer["model"] == "fastapply-structural"
    assert answer["language"] == "python"
    assert answer["changes"] == {"added": 1, "removed": 1}
    assert answer["doubts"] == []
    assert answer["usage"]["total_tokens"] == 0
    assert "-    return 2\n+    return 22\n" in answer["diff"]
    assert answer["timings"]
    [edit] = answer["edits"]
    assert ORIGINAL[: edit["start"]] + edit["text"] + ORIGINAL[edit["end"] :] == MERGED
    assert sum(span["end"] - span["start"] for span in answer["provenance"]) == MERGED.count("\n")


def test_ids_are_unique(service: Service) -> None:
    ids = {service.apply(code=ORIGINAL, edit=SNIPPET, path="a.py").json()["id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize("original", ["original_code", "originalCode", "initial_code", "initialCode", "code", "file"])
@pytest.mark.parametrize(
    "snippet", ["edit_snippet", "editSnippet", "code_edit", "codeEdit", "update", "edit", "snippet"]
)
def test_every_name_for_the_texts_is_accepted(service: Service, original: str, snippet: str) -> None:
    reply = service.apply({original: ORIGINAL, snippet: SNIPPET, "filename": "numbers.py"})
    assert reply.json()["merged_code"] == MERGED


def test_two_names_for_one_thing_may_agree(service: Service) -> None:
    reply = service.apply(code=ORIGINAL, file=ORIGINAL, edit=SNIPPET, path="a.py", filename="a.py")
    assert reply.json()["merged_code"] == MERGED


def test_null_is_as_if_absent_and_unknown_fields_do_no_harm(service: Service) -> None:
    more = {"instructions": None, "language": None, "model": "auto", "stream": False, "relace_metadata": {"x": 1}}
    reply = service.apply({"code": ORIGINAL, "edit": SNIPPET, "path": "numbers.py", **more})
    assert reply.json()["merged_code"] == MERGED


def test_bytes_survive_the_way(service: Service) -> None:
    original = "\ufeffa = '\u2028é😀\\ud800'\r\nb = '\t\x0c\x00'\r\nc = 3"
    reply = service.apply(original_code=original, edit_snippet=original, path="a.txt")
    assert reply.json()["merged_code"] == original


def test_a_doubt_is_a_problem_with_candidates_and_a_hint(service: Service) -> None:
    original = "def f():\n    go()\n\n\ndef g():\n    go()\n"
    reply = service.apply(original_code=original, edit_snippet="# ...\n    stop()\n# ...\n", path="a.py")
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["code"] == "edit_in_doubt"
    assert problem["type"] == "urn:fastapply:problem:edit_in_doubt"
    assert problem["status"] == 422
    assert problem["title"]
    assert problem["detail"]
    assert problem["hint"]
    for doubt in problem["doubts"]:
        assert doubt["kind"]
        assert doubt["message"]
        assert all(0 <= place["start"] <= place["end"] <= 6 for place in doubt["candidates"])


def test_a_choice_from_the_doubt_settles_it(service: Service) -> None:
    """Sent back as it came, with the same texts."""
    original = "def f():\n    go()\n\n\ndef g():\n    go()\n"
    edit = {"original_code": original, "edit_snippet": "# ...\n    go()\n    stop()\n# ...\n", "path": "a.py"}
    [doubt] = service.apply(edit).json()["doubts"]
    merged = [service.apply(edit | {"choices": [choice]}).json()["merged_code"] for choice in doubt["choices"]]
    assert sorted(merged) == sorted(
        [
            "def f():\n    go()\n    stop()\n\n\ndef g():\n    go()\n",
            "def f():\n    go()\n\n\ndef g():\n    go()\n    stop()\n",
        ]
    )


def test_a_choice_that_no_doubt_offers_is_an_error(service: Service) -> None:
    """It was made for another file, or for this one before it changed."""
    choice = {
        "kind": "no_anchor",
        "action": "insert",
        "snippet": {"start": 0, "end": 1},
        "place": {"start": 1, "end": 1},
    }
    reply = service.apply(original_code=ORIGINAL, edit_snippet=SNIPPET, path="a.py", choices=[choice])
    assert reply.status_code == 422
    assert reply.json()["code"] == "invalid_request"
    assert reply.json()["field"] == "choices[0]"


def test_the_best_guess_comes_with_its_doubts(service: Service) -> None:
    original = "def f():\n    go()\n\n\ndef g():\n    go()\n"
    reply = service.apply(
        original_code=original, edit_snippet="# ...\n    stop()\n# ...\n", path="a.py", onDoubt="best"
    )
    assert reply.status_code == 200
    assert reply.json()["doubts"]


def test_the_same_bytes_at_any_concurrency(service: Service, background: ThreadPoolExecutor) -> None:
    requests = [
        {"code": ORIGINAL * size + f"# {size}\n", "edit": f"# ... existing code ...\n# {size + 1}\n", "path": "a.py"}
        for size in range(32)
    ]

    def told(request: dict[str, str]) -> str:
        answer = service.apply(request | {"on_doubt": "best"}).json()
        return json.dumps({name: value for name, value in answer.items() if name not in ("id", "timings")})

    alone = [told(request) for request in requests]
    assert list(background.map(told, requests)) == alone


def test_a_body_of_ten_million_bytes_is_read(service: Service) -> None:
    line = "x = 1\n"
    body = json.dumps({"original_code": "", "edit_snippet": "", "path": "a.txt"})
    original = line * ((10_000_000 - len(body)) // 2 // len(json.dumps(line)[1:-1]))
    reply = service.apply(original_code=original, edit_snippet=original, path="a.txt")
    assert 9_999_000 < len(reply.request.content) <= 10_000_000
    assert reply.status_code in (200, 504), reply.text[:200]


def test_health_says_that_all_workers_are_up(service: Service) -> None:
    reply = httpx.get(f"{service.url}/health")
    assert reply.status_code == 200
    assert reply.json()["status"] == "ok"
    assert reply.json()["workers"]["small"]["wanted"] == 2
