"""Functions and constants of the package replaced for a while, from outside: to time them, or to do without them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["replaced", "resolve"]


def resolve(name: str) -> tuple[Any, str, Any]:
    """What "module:name" or "module:Class.name" names: its holder, its name there, and itself.

    Raises `LookupError` where there is no such thing (any more).
    """
    module, _, path = name.partition(":")
    try:
        holder: Any = importlib.import_module(module)
        *owners, attribute = path.split(".")
        for owner in owners:
            holder = getattr(holder, owner)
        return holder, attribute, getattr(holder, attribute)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"{name} is not there: {error}") from None


@contextmanager
def replaced(name: str, change: Callable[[Any], Any]) -> Iterator[None]:
    """What `name` names is `change(itself)` within.

    Where the module defines it, whoever imported it from there sees the change, too; else only that module does.
    """
    holder, attribute, original = resolve(name)
    holders = [holder, *_importers(name, attribute, original)]
    new = change(original)
    try:
        for each in holders:
            setattr(each, attribute, new)
        yield
    finally:
        for each in holders:
            setattr(each, attribute, original)


def _importers(name: str, attribute: str, original: Any) -> list[Any]:
    module, _, path = name.partition(":")
    if "." in path or getattr(original, "__module__", module) != module:
        return []
    others = (other for key, other in list(sys.modules.items()) if key.startswith("fastapply.") and key != module)
    return [other for other in others if vars(other).get(attribute) is original]
