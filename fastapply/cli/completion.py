"""`fastapply completion`: what makes a shell complete this command."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import shtab

from fastapply.cli.exit_codes import OK
from fastapply.cli.parser import build_parser
from fastapply.cli.terminal import write_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["run"]

_FILES = frozenset({"FILE", "SNIPPET", "CASES", "OUT"})
"""The metavars of arguments that are files."""


def run(args: argparse.Namespace) -> int:
    """Print the completion for one shell."""
    parser = build_parser()
    for action in _actions(parser):
        if action.metavar in _FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
    write_text(shtab.complete(parser, args.shell).rstrip() + "\n")
    return OK


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All arguments of all verbs."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from _actions(verb)
