"""The names under which models are asked for, and what is said of them. One table for all routes."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Literal, NoReturn

import msgspec

from fastapply.api.problems import Problem
from fastapply.merge.values import STRUCTURAL

if TYPE_CHECKING:
    from fastapply.merge.values import ApplyResult
    from fastapply.resolver import Who

__all__ = ["MODEL", "Model", "ModelList", "Models", "model_of"]

MODEL = "fastapply-structural"
"""The name under which the structural merge answers."""

_AUTO = "The structural merge; what it leaves in doubt goes to {model}."
_AUTO_ALONE = "The structural merge, as no model is configured."
_STRUCTURAL = "The structural merge alone."
# Names of hosted services, so that a client needs a new base URL and nothing else. With a maker's prefix as gateways
# write them.
_HOSTED = ("morph-v3-fast", "morph-v3-large", "relace-apply-3")
_PREFIXED = ("morph/morph-v3-fast", "morph/morph-v3-large", "relace/relace-apply-3")

_RELEASED = 1_767_225_600  # 2026-01-01: OpenAI's clients want a time of creation


def model_of(result: ApplyResult) -> str:
    """The name of who made `result`."""
    return MODEL if result.engine == STRUCTURAL else result.engine


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


class Models:
    """All names of one service."""

    def __init__(self, own: str = "", description: str = "") -> None:
        """`own` is the name of the model that is configured; empty without one."""
        self.own = own
        self.names: dict[str, str] = {
            "auto": _AUTO.format(model=own) if own else _AUTO_ALONE,
            MODEL: _STRUCTURAL,
            STRUCTURAL: _STRUCTURAL,
            **dict.fromkeys((*_HOSTED, *_PREFIXED), "Another name for auto."),
            **({own: description} if own else {}),
        }
        """Each name that is accepted, and what it stands for."""

    def listed(self) -> ModelList:
        """All names."""
        return ModelList(tuple(Model(name, description) for name, description in self.names.items()))

    def who(self, name: str) -> Who:
        """Whom `name` stands for; a 422 problem where it is no model here."""
        if name not in self.names:
            raise Problem.model_unavailable("model", f"{self._unknown(name)}, or leave it out")
        if name in (MODEL, STRUCTURAL):
            return "structural"
        return "model" if name == self.own else "auto"

    def openai_who(self, name: str) -> Who:
        """The same, with the 404 that OpenAI's clients know."""
        self.openai_model(name)
        return self.who(name)

    def openai_model(self, name: str) -> Model:
        """The model `name`; where there is none, the 404 that OpenAI's clients know."""
        if name not in self.names:
            self._not_found(name)
        return Model(name, self.names[name])

    def _not_found(self, name: str) -> NoReturn:
        raise Problem(HTTPStatus.NOT_FOUND, "model_not_found", self._unknown(name), field="model")

    def _unknown(self, name: str) -> str:
        known = ["auto", MODEL, *([self.own] if self.own else [])]
        return f"there is no model {name!r} here; send {', '.join(known[:-1])} or {known[-1]}"
