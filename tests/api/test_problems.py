"""Every error is a problem (RFC 9457) with a stable code."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx
import pytest

from fastapply import errors
from fastapply.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.service import Service

JSON = {"content-type": "application/json"}
GOOD = {"original_code": "a = 1\n", "edit_snippet": "a = 2\n", "path": "a.py"}


def post(service: Service, content: bytes | Iterator[bytes], headers: dict[str, str] = JSON) -> httpx.Response:
    return httpx.post(f"{service.url}/v1/apply", content=content, headers=headers, timeout=30)


def assert_problem(reply: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = reply.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"urn:fastapply:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    return problem


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.OutsideWorkspace("../x", "/root", "leads out"), 403),
        (errors.EditConflict(["x"], "changed"), 409),
        (errors.NothingToUndo("no edit"), 404),
        (errors.NotText("x: is not UTF-8"), 422),
        (errors.WorkspaceBusy("wait"), 503),
        (errors.WorkspaceError("x: no space left"), 500),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_of_a_workspace_have_a_status_and_a_title(error: errors.FastApplyError, status: int) -> None:
    problem = Problem.of(error)
    assert (problem.status, problem.code) == (status, error.code)
    assert problem.problem_body().title != HTTPStatus(status).phrase
    assert problem.headers.get("Retry-After") == ("1" if status == 503 else None)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"{", "not JSON", id="cut short"),
        pytest.param(b"[]", "not an object", id="array"),
        pytest.param(b"null", "not an object", id="null"),
        pytest.param(b'{"code": "\xff"}', "not UTF-8", id="latin-1"),
        pytest.param(b'{"code": "\xed\xa0\x80"}', "not UTF-8", id="surrogate in UTF-8"),
        pytest.param(b'{"code": "\\ud800", "edit": ""}', r"lone surrogate (\ud800)", id="high surrogate"),
        pytest.param(b'{"code": "\\udc00 x", "edit": ""}', r"lone surrogate (\udc00)", id="low surrogate"),
        pytest.param(b'{"code": "\\ud83d\\ude00\\ud83d", "edit": ""}', r"lone surrogate (\ud83d)", id="half an emoji"),
        pytest.param(b'{"a":' + b"[" * 100_000, "nested too deep", id="nested"),
        pytest.param(b'{"a":' * 100_000, "nested too deep", id="nested objects"),
    ],
)
def test_a_body_that_cannot_be_read_is_malformed(service: Service, body: bytes, said: str) -> None:
    problem = assert_problem(post(service, body), 400, "malformed")
    assert said in str(problem["detail"])


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"original_code": None}, "original_code", "initial_code"),
        ({"edit_snippet": None}, "edit_snippet", "code_edit"),
        ({"original_code": 1}, "original_code", "Expected `str`, got `int`"),
        ({"original_code": None, "initialCode": ["x"]}, "initialCode", "Expected `str`, got `array`"),
        ({"instruction": {}}, "instruction", "Expected `str`"),
        ({"path": 7}, "path", "Expected `str"),
        ({"stream": "yes"}, "stream", "Expected `bool`"),
        ({"on_doubt": "guess"}, "on_doubt", "refuse, best, model"),
        ({"code": "b\n"}, "code", "differs from original_code"),
        ({"filename": "b.py"}, "filename", "differs from path"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(
    service: Service, change: dict[str, object], field: str, said: str
) -> None:
    problem = assert_problem(service.apply(GOOD | change), 422, "invalid_request")
    assert problem["field"] == field
    assert said in str(problem["detail"])


def test_a_language_that_nobody_knows_is_named(service: Service) -> None:
    problem = assert_problem(service.apply(GOOD | {"language": "klingon"}), 422, "unknown_language")
    assert problem["field"] == "language"


@pytest.mark.parametrize("asked", [{"on_doubt": "model"}, {"model": "gpt-5"}])
def test_a_model_is_not_there(service: Service, asked: dict[str, str]) -> None:
    problem = assert_problem(service.apply(GOOD | asked), 422, "model_unavailable")
    assert problem["field"] in asked


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"content-type": "text/plain"}, id="text"),
        pytest.param({"content-type": "application/x-www-form-urlencoded"}, id="form"),
        pytest.param({}, id="no type"),
        pytest.param(JSON | {"content-encoding": "gzip"}, id="compressed"),
    ],
)
def test_only_plain_json_is_read(service: Service, headers: dict[str, str]) -> None:
    assert_problem(post(service, b'{"code": "", "edit": ""}', headers), 415, "unsupported_media_type")


def test_json_with_a_charset_is_read(service: Service) -> None:
    reply = post(service, b'{"code": "", "edit": ""}', {"content-type": "application/json; charset=utf-8"})
    assert reply.status_code == 200


def test_a_body_above_the_limit_is_too_large(service: Service) -> None:
    assert_problem(post(service, b"}" * (10 * 1024 * 1024 + 1)), 413, "input_too_large")


def test_a_body_that_grows_above_the_limit_is_too_large(service: Service) -> None:
    assert_problem(post(service, (b"}" * 1_000_000 for _ in range(12))), 413, "input_too_large")


def test_other_paths_and_methods_are_problems_too(service: Service) -> None:
    assert_problem(httpx.get(f"{service.url}/v1/nothing"), 404, "not_found")
    reply = httpx.get(f"{service.url}/v1/apply")
    assert_problem(reply, 405, "method_not_allowed")
    assert "POST" in reply.headers["allow"]


def test_code_is_never_logged(start_service: Callable[..., Service]) -> None:
    service = start_service("--pool-workers", "1")
    for change in ({}, {"language": "klingon"}, {"path": 7}, {"edit_snippet": "# ...\nxyzzy\n# ..."}):
        service.apply(GOOD | {"original_code": "xyzzy = 1\n"} | change)
    post(service, b'{"code": "xyzzy')
    assert "xyzzy" not in service.log.read_text()
