"""The names under which models are asked for, and what is said of them. One table for all routes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal, NoReturn

import msgspec

from fastapply.api.problems import Problem

__all__ = ["MODEL", "NAMES", "Model", "ModelList", "list_models", "require_model", "require_openai_model"]

MODEL = "fastapply-structural"
"""The name under which the structural merge answers."""

NAMES = {
    "auto": "The service chooses: the structural merge, as no model is configured.",
    MODEL: "The structural merge.",
    "structural": "The structural merge.",
    # Names of hosted services, so that a client needs a new base URL and nothing else. With a maker's prefix as
    # gateways write them.
    "morph-v3-fast": "Another name for auto.",
    "morph-v3-large": "Another name for auto.",
    "morph/morph-v3-fast": "Another name for auto.",
    "morph/morph-v3-large": "Another name for auto.",
    "relace-apply-3": "Another name for auto.",
    "relace/relace-apply-3": "Another name for auto.",
}
"""Each name that is accepted, and what it stands for."""

_RELEASED = 1_767_225_600  # 2026-01-01: OpenAI's clients want a time of creation


class Model(msgspec.Struct, frozen=True):
    """One name, in OpenAI's form."""

    id: str
    description: str
    created: int = _RELEASED
    object: Literal["model"] = "model"
    owned_by: Literal["fastapply"] = "fastapply"


class ModelList(msgspec.Struct, frozen=True):
    """The answer of `GET /v1/models`."""

    data: tuple[Model, ...]
    object: Literal["list"] = "list"


def list_models() -> ModelList:
    """All names."""
    return ModelList(tuple(Model(name, description) for name, description in NAMES.items()))


def require_model(name: str) -> None:
    """A 422 problem where `name` is no model here."""
    if name not in NAMES:
        raise Problem.model_unavailable("model", f"{_unknown(name)}, or leave it out")


def require_openai_model(name: str) -> Model:
    """The model `name`; where there is none, the 404 that OpenAI's clients know."""
    if name not in NAMES:
        _not_found(name)
    return Model(name, NAMES[name])


def _not_found(name: str) -> NoReturn:
    raise Problem(HTTPStatus.NOT_FOUND, "model_not_found", _unknown(name), field="model")


def _unknown(name: str) -> str:
    return f"there is no model {name!r} here; send auto or {MODEL}"
