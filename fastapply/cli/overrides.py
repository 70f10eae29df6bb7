"""The settings that a command line names. The parser calls the flag of a setting by the setting's path."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

__all__ = ["overrides_of"]


def overrides_of(args: argparse.Namespace) -> dict[str, object]:
    """What the flags say, by path, for `load` and `environment_of`; flags that were not given are left out."""
    return {name: value for name, value in vars(args).items() if "." in name and value is not None}
