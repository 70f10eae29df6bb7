"""Several files in one call."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fastapply import errors
from fastapply.client import AsyncClient, Client, FileEdit
from fastapply.merge.values import ApplyResult
from support.model_server import refuses, serving

if TYPE_CHECKING:
    from support.service import Service

BEFORE = "def a():\n    x = 1\n    return x\n\n\ndef b():\n    x = 1\n    return x\n"
SURE = FileEdit(BEFORE, "def b():\n    x = 2\n    return x\n", path="a.py")
DOUBTFUL = FileEdit(BEFORE, "# ... existing code ...\n    x = 1\n    y = 2\n    return x\n# ...\n", "b.py")
ODD = FileEdit("a", "b", language="klingon")


def test_each_file_has_its_result_or_its_error(service: Service, key: str) -> None:
    with Client(service.url, key) as client:
        sure, doubtful, odd = client.apply_batch([SURE, DOUBTFUL, ODD])
        alone = client.apply(SURE.original_code, SURE.edit_snippet, path="a.py")
    assert isinstance(sure, ApplyResult)
    assert sure.merged_code == alone.merged_code
    assert isinstance(doubtful, errors.EditRefused)
    assert doubtful.doubts[0].candidates
    assert isinstance(odd, errors.UnknownLanguage)
    assert odd.field == "language"


def test_all_or_none(service: Service, key: str) -> None:
    with Client(service.url, key) as client:
        assert len(client.apply_batch([SURE], atomic=True)) == 1
        with pytest.raises(errors.BatchRefused, match=r"b\.py") as refused:
            client.apply_batch([SURE, DOUBTFUL, ODD], atomic=True)
    assert {number: type(error) for number, error in refused.value.failures.items()} == {
        1: errors.EditRefused,
        2: errors.UnknownLanguage,
    }


def test_a_batch_that_can_not_be_used_is_an_error_as_a_whole(service: Service, key: str) -> None:
    with Client(service.url, key) as client:
        with pytest.raises(errors.InvalidRequest) as twice:
            client.apply_batch([SURE, SURE])
        assert twice.value.field == "files[1].path"
        with pytest.raises(errors.InvalidRequest):
            client.apply_batch([])


@pytest.mark.parametrize("body", ['{"files": []}', '{"files": [{}]}'])
def test_an_answer_with_fewer_files_is_none(body: str) -> None:
    async def ask() -> None:
        async with (
            serving(refuses(200, body, content_type="application/json")) as server,
            AsyncClient(server.address, "") as client,
        ):
            await client.apply_batch([SURE])

    with pytest.raises(errors.UnexpectedAnswer):
        asyncio.run(ask())
