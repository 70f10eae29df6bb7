"""`fastapply config`: the settings in force, and where each was said."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from fastapply.cli.exit_codes import OK
from fastapply.cli.overrides import overrides_of
from fastapply.cli.terminal import write_text
from fastapply.settings.fields import fields
from fastapply.settings.load import load
from fastapply.settings.values import shown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from fastapply.settings.load import Loaded
    from fastapply.settings.model import Key

__all__ = ["run"]

_SHOWN_DIGITS = 8


def run(args: argparse.Namespace) -> int:
    """Print them, as a table or as JSON."""
    loaded = load(args.config, os.environ, overrides_of(args))
    write_text(json.dumps(_as_json(loaded), indent=2) + "\n" if args.json else _as_table(loaded))
    return OK


def _as_table(loaded: Loaded) -> str:
    rows = [
        *((path, shown(value, fields()[path].hint), str(loaded.sources[path])) for path, value in _values(loaded)),
        *(
            (f"keys[{number}]", _told(key), str(loaded.sources[f"keys[{number}]"]))
            for number, key in enumerate(loaded.settings.keys)
        ),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    file = loaded.file or "none; defaults and the environment hold"
    table = "".join(f"{path:<{widths[0]}}  {value:<{widths[1]}}  {source}\n" for path, value, source in rows)
    return f"configuration file: {file}\n\n{table}"


def _told(key: Key) -> str:
    limit = "" if key.requests_per_minute is None else f", {key.requests_per_minute} requests a minute"
    return f"{key.name}, {key.sha256[:_SHOWN_DIGITS]}…{limit}{', revoked' if key.revoked else ''}"


def _values(loaded: Loaded) -> Iterator[tuple[str, Any]]:
    for path in fields():
        section, _, name = path.partition(".")
        yield path, getattr(getattr(loaded.settings, section), name)


def _as_json(loaded: Loaded) -> dict[str, object]:
    settings = {path: {"value": value, **_source(loaded, path)} for path, value in _values(loaded)}
    keys = [
        {
            "name": key.name,
            "sha256": f"{key.sha256[:_SHOWN_DIGITS]}…",
            "revoked": key.revoked,
            "requests_per_minute": key.requests_per_minute,
            **_source(loaded, f"keys[{number}]"),
        }
        for number, key in enumerate(loaded.settings.keys)
    ]
    return {"file": str(loaded.file) if loaded.file else None, "settings": settings, "keys": keys}


def _source(loaded: Loaded, path: str) -> dict[str, str]:
    source = loaded.sources[path]
    return {"source": source.kind, "place": source.place}
