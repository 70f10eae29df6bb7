"""The service with a model: a real engine on a checkpoint that knows the right answers by heart."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from backend.bench.checkpoints import write_parrot
from fastapply import apply
from fastapply.resolve.question import questions
from support.service import running, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.service import Service

PROFILE = "kortix-fastapply-1.5b"
ORIGINAL = "alpha = 1\nbeta = 2\ngamma = 3\ndelta = 4\n"
UNDECIDED = "# ... existing code ...\nnew = 5\n# ... existing code ...\n"
ANSWER = "alpha = 1\nbeta = 2\nnew = 5\ngamma = 3\ndelta = 4\n"
DOUBTFUL = {"original_code": ORIGINAL, "edit_snippet": UNDECIDED, "path": "a.py"}
SURE = {"original_code": ORIGINAL, "edit_snippet": "beta = 2\nnew = 5\ngamma = 3\n", "path": "a.py"}
OTHER = {"original_code": "one = 1\ntwo = 2\n", "edit_snippet": "# ...\nthree = 3\n# ...\n", "path": "a.py"}


def functions(numbers: range) -> str:
    return "".join(f"def f{n}(a):\n    b{n} = a\n    c{n} = b{n}\n    return c{n}\n" for n in numbers)


LONG = functions(range(5_000))
WITHIN = "def f2500(a):\n    # ... existing code ...\n    new = 5\n    # ... existing code ...\n    return c2500\n"
MERGED = LONG.replace("    c2500 = b2500\n", "    new = 5\n    c2500 = b2500\n")


def the_part() -> str:
    """What of the long file the model is shown, as it should come out."""
    guess = apply(LONG, WITHIN, path="a.py", on_doubt="best", deadline=60)
    part = questions(LONG, WITHIN, guess, path="a.py", deadline=60).part
    assert part is not None
    return part.question.code.replace("    c2500 = b2500\n", "    new = 5\n    c2500 = b2500\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_parrot(tmp_path_factory.mktemp("parrot"), [ANSWER, the_part()])


@pytest.fixture(scope="module")
def served(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    log = tmp_path_factory.mktemp("log") / "serve.log"
    options = ("--model", str(folder), "--profile", PROFILE, "--device", "cpu", "--pool-workers", "1")
    with running(log, *options) as service:
        wait_until_up(service)
        yield service


def state_of_model(service: Service) -> str:
    return str(httpx.get(f"{service.url}/health").json()["models"][PROFILE])


def wait_until_up(service: Service) -> None:
    wait_until(lambda: state_of_model(service) == "up", 90)


def chat(service: Service, **fields: object) -> httpx.Response:
    content = f"<code>{ORIGINAL}</code>\n<update>{UNDECIDED}</update>"
    body = {"model": "auto", "messages": [{"role": "user", "content": content}], "path": "a.py", **fields}
    return httpx.post(f"{service.url}/v1/chat/completions", json=body, timeout=60)


def events_of(reply: httpx.Response) -> list[tuple[str, Any]]:
    assert reply.status_code == 200, reply.text
    found = []
    for block in reply.text.strip().split("\n\n"):
        lines = block.split("\n")
        name = lines[0].removeprefix("event: ") if len(lines) == 2 else ""
        data = lines[-1].removeprefix("data: ")
        found.append((name, data if data == "[DONE]" else json.loads(data)))
    return found


def test_what_is_in_doubt_is_asked_of_the_model(served: Service) -> None:
    answer = served.apply(DOUBTFUL).json()
    assert answer["merged_code"] == ANSWER, answer
    assert (answer["engine"], answer["model"], answer["doubts"]) == (PROFILE, PROFILE, [])
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens"] > 0
    assert usage["drafted_tokens"] >= usage["accepted_tokens"] > 0
    assert 1 <= usage["passes"] < usage["completion_tokens"] + usage["prompt_tokens"]
    assert {span["source"] for span in answer["provenance"]} == {"original", "snippet"}
    assert answer["changes"] == {"added": 1, "removed": 0}


def test_what_is_sure_is_not(served: Service) -> None:
    answer = served.apply(SURE).json()
    assert (answer["engine"], answer["usage"]["prompt_tokens"]) == ("structural", 0)


def test_the_structural_merge_alone_refuses(served: Service) -> None:
    for asked in ({"model": "structural"}, {"model": "fastapply-structural"}, {"on_doubt": "refuse"}):
        reply = served.apply({**DOUBTFUL, **asked})
        assert (reply.status_code, reply.json()["code"]) == (422, "edit_in_doubt")
    best = served.apply({**DOUBTFUL, "on_doubt": "best"}).json()
    assert (best["engine"], len(best["doubts"])) == ("structural", 1)


def test_the_model_alone_is_asked_what_is_sure_too(served: Service) -> None:
    answer = served.apply({**SURE, "model": PROFILE}).json()
    assert (answer["engine"], answer["merged_code"]) == (PROFILE, ANSWER)


def test_to_ask_the_model_and_to_leave_it_out_is_a_contradiction(served: Service) -> None:
    reply = served.apply({**DOUBTFUL, "model": "structural", "on_doubt": "model"})
    assert (reply.status_code, reply.json()["field"]) == (422, "on_doubt")


def test_an_answer_without_the_edit_is_refused(served: Service) -> None:
    """The model says what it knows by heart, or lines of the file in some order; never the edit."""
    for stream in (False, True):
        reply = served.apply({**OTHER, "stream": stream}, timeout=60)
        problem = reply.json() if reply.status_code == 422 else events_of(reply)[-1][1]
        assert problem["code"] == "edit_in_doubt"
        kinds = [doubt["kind"] for doubt in problem["doubts"]]
        assert kinds[0] == "no_anchor"
        assert len(kinds) > 1


def test_the_text_streams_and_the_result_ends_it(served: Service) -> None:
    for body, engine in ((DOUBTFUL, PROFILE), (SURE, "structural")):
        reply = served.apply({**body, "stream": True})
        assert reply.headers["content-type"].startswith("text/event-stream")
        *texts, (name, result) = events_of(reply)
        assert {said for said, _ in texts} == {"text"}
        assert "".join(data["text"] for _, data in texts) == result["merged_code"] == ANSWER
        assert (name, result["engine"]) == ("result", engine)


def test_crlf_streams_as_crlf(served: Service) -> None:
    body = {**DOUBTFUL, "original_code": ORIGINAL.replace("\n", "\r\n"), "stream": True}
    *texts, (_, result) = events_of(served.apply(body))
    expected = ANSWER.replace("\n", "\r\n")
    assert "".join(data["text"] for _, data in texts) == result["merged_code"] == expected


def test_chat_completions_ask_it_too(served: Service) -> None:
    answer = chat(served).json()
    assert answer["choices"][0]["message"]["content"] == ANSWER
    assert answer["model"] == PROFILE
    assert answer["usage"]["completion_tokens"] > 0
    *chunks, (_, done) = events_of(chat(served, stream=True, stream_options={"include_usage": True}))
    assert done == "[DONE]"
    said = "".join(choice["delta"].get("content", "") for _, chunk in chunks for choice in chunk["choices"])
    assert said == ANSWER
    assert chunks[-1][1]["usage"]["prompt_tokens"] > 0


def test_all_answers_are_the_same_at_any_concurrency(served: Service) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: served.apply(DOUBTFUL, timeout=60).json(), range(32)))
    assert {reply["merged_code"] for reply in replies} == {ANSWER}


def test_of_a_long_file_the_part_in_doubt_is_asked_about(served: Service) -> None:
    """20,000 lines: far more than the model can read, and as cheap as a few."""
    for stream in (False, True):
        reply = served.apply(original_code=LONG, edit_snippet=WITHIN, path="a.py", stream=stream, timeout=60)
        answer = events_of(reply)[-1][1] if stream else reply.json()
        assert answer.get("merged_code") == MERGED, answer.get("doubts")
        assert answer["engine"] == PROFILE
        assert answer["usage"]["prompt_tokens"] < 2_000
        if stream:
            assert "".join(data["text"] for _, data in events_of(reply)[:-1]) == MERGED


def test_an_edit_too_long_for_the_model_says_so(served: Service) -> None:
    long = "".join(f"line_{number} = {number}\n" for number in range(6_000))
    reply = served.apply({**DOUBTFUL, "original_code": long, "model": PROFILE, "edit_snippet": "line_1 = 2\n"})
    assert reply.status_code == 422, reply.text
    assert reply.json()["code"] in ("question_too_long", "edit_in_doubt")


def test_the_model_is_listed(served: Service) -> None:
    names = [model["id"] for model in httpx.get(f"{served.url}/v1/models").json()["data"]]
    assert PROFILE in names
    assert httpx.get(f"{served.url}/v1/models/{PROFILE}").json()["id"] == PROFILE
    document = httpx.get(f"{served.url}/schema/openapi.json").json()
    assert PROFILE in str(document["components"]["schemas"]["ApplyRequest"]["properties"]["model"])


def test_an_engine_that_dies_takes_no_merge_with_it_and_comes_back(served: Service) -> None:
    os.killpg(engine_of(served), signal.SIGKILL)
    wait_until(lambda: state_of_model(served) == "down")
    assert served.apply(SURE).status_code == 200
    reply = served.apply(DOUBTFUL)
    assert (reply.status_code, reply.json()["code"]) == (422, "edit_in_doubt")
    for asked in ({"on_doubt": "model"}, {"model": PROFILE}):
        reply = served.apply({**DOUBTFUL, **asked})
        assert (reply.status_code, reply.json()["code"]) == (503, "model_down")
        assert int(reply.headers["retry-after"]) > 0
    assert httpx.get(f"{served.url}/health").status_code == 200
    wait_until_up(served)
    assert served.apply(DOUBTFUL).json()["merged_code"] == ANSWER


def engine_of(service: Service) -> int:
    """The process that runs the model: a child of the service."""
    for child in service.workers():
        if b"backend.process" in Path(f"/proc/{child}/cmdline").read_bytes():
            return child
    raise AssertionError("there is no engine")


def test_a_rank_that_dies_takes_the_engine_down_and_the_service_goes_on(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    log = tmp_path_factory.mktemp("log") / "ranks.log"
    options = ("--model", str(folder), "--profile", PROFILE, "--device", "cpu", "--tensor-parallel", "2")
    with running(log, *options, "--pool-workers", "1") as service:
        wait_until_up(service)
        assert service.apply(DOUBTFUL, timeout=60).json()["merged_code"] == ANSWER
        os.kill(other_rank(engine_of(service)), signal.SIGKILL)
        wait_until(lambda: state_of_model(service) == "down")
        assert service.apply(SURE).status_code == 200
        assert service.apply(DOUBTFUL).json()["code"] == "edit_in_doubt"
        wait_until_up(service)
        assert service.apply(DOUBTFUL, timeout=60).json()["merged_code"] == ANSWER
    assert "rank 1" in log.read_text()


def other_rank(engine: int) -> int:
    tasks = Path(f"/proc/{engine}/task").iterdir()
    children = {int(child) for task in tasks for child in (task / "children").read_text().split()}
    [rank] = [child for child in children if b"--rank" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return rank


def test_a_model_that_can_not_be_run_says_why(tmp_path: Path, folder: Path) -> None:
    """Not that it may be back soon: nobody starts it again. Edits are merged and refused as without a model."""
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    config = json.loads((broken / "config.json").read_text())
    (broken / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 10**9}))
    options = ("--model", str(broken), "--profile", PROFILE, "--device", "cpu", "--pool-workers", "1")
    with running(tmp_path / "log", *options) as service:
        asked = {**DOUBTFUL, "on_doubt": "model"}
        wait_until(lambda: service.apply(asked).json()["code"] == "model_unusable", 60)
        reply = service.apply(asked)
        assert reply.status_code == 503
        assert "retry-after" not in reply.headers
        assert "1,000,000,000 positions" in reply.json()["detail"]
        assert service.apply(DOUBTFUL).json()["code"] == "edit_in_doubt"
        assert service.apply(SURE).status_code == 200
        assert httpx.post(f"{service.url}/v1/warm", json={"original_code": "a"}).json()["skipped"] == "model_unusable"
