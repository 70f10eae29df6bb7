"""Each family's model is made once: importing transformers and saving cost more than all that is computed."""

from __future__ import annotations

import pytest

from support.models import FAMILIES, Saved, save


@pytest.fixture(scope="session", params=FAMILIES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """One tiny model of each family, in float32."""
    return save(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """One model where the family does not matter."""
    return save(tmp_path_factory.mktemp("llama"), "llama")
