"""`POST /v1/code/apply`, as Relace's and Morph's clients ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from support.service import Service

FILE = "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
EDIT = "# ... existing code ...\ndef two():\n    return 22\n"
MERGED = "def one():\n    return 1\n\n\ndef two():\n    return 22\n"
USAGE = {
    "prompt_tokens": 0,
    "completion_tokens": 0,
    "total_tokens": 0,
    "drafted_tokens": 0,
    "accepted_tokens": 0,
    "passes": 0,
    "mismatches": 0,
    "cached_tokens": 0,
}


def ask(service: Service, **fields: object) -> httpx.Response:
    return httpx.post(f"{service.url}/v1/code/apply", json=fields, timeout=30)


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"initial_code": FILE, "edit_snippet": EDIT, "instruction": "Change two."}, id="snake case"),
        pytest.param(
            {"initialCode": FILE, "editSnippet": EDIT, "instructions": "Change two.", "stream": False}, id="camel case"
        ),
        pytest.param(
            {"initial_code": FILE, "edit_snippet": EDIT, "relace_metadata": {"id": 1}, "model": "relace-apply-3"},
            id="metadata",
        ),
        pytest.param({"initial_code": FILE, "edit_snippet": EDIT, "stream": True}, id="stream"),
    ],
)
def test_the_answer_is_one_object(service: Service, form: dict[str, object]) -> None:
    reply = ask(service, **form)
    assert reply.headers["content-type"] == "application/json"
    assert reply.json() == {"mergedCode": MERGED, "usage": USAGE}


def test_the_best_guess_comes_with_its_doubts(service: Service) -> None:
    answer = ask(service, code="a = 1\n", edit="# ...\nc = 3\n# ...\n", on_doubt="best").json()
    assert answer["doubts"][0]["kind"] == "no_anchor"


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ({"initial_code": None}, 422, "invalid_request", "original_code"),
        ({"edit_snippet": "# ...\nc = 3\n# ...\n", "initialCode": "a = 1\n"}, 422, "edit_in_doubt", None),
        ({"model": "gpt-5"}, 404, "model_not_found", "model"),
        ({"on_doubt": "model"}, 422, "model_unavailable", "on_doubt"),
        ({"relace_metadata": {}, "path": 7}, 422, "invalid_request", "path"),
    ],
)
def test_errors_are_what_morphs_client_reads(
    service: Service, fields: dict[str, object], status: int, code: str, param: str | None
) -> None:
    form = {"initialCode": FILE, "edit_snippet": EDIT} | ({"initialCode": None} if "initial_code" in fields else {})
    reply = ask(service, **form | fields)
    assert reply.status_code == status
    error = reply.json()["error"]
    assert (error["code"], error["param"]) == (code, param)
    assert error["message"]
