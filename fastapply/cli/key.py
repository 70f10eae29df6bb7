"""`fastapply key`: a new key for a client of the service."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import sys
from typing import TYPE_CHECKING

from fastapply.cli.exit_codes import OK
from fastapply.cli.terminal import write_text
from fastapply.errors import InvalidRequest, InvalidSetting
from fastapply.settings.files import SYSTEM_FILE, find

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

__all__ = ["run"]

_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_RANDOM_BYTES = 32


def run(args: argparse.Namespace) -> int:
    """Make a key. It goes to stderr, so that stdout can be appended to the configuration file."""
    if not _NAME.fullmatch(args.name):
        raise InvalidRequest("NAME may have up to 64 letters, digits and any of . _ @ -", field="name")
    file = _refuse_a_name_in_use(args.config, args.name)
    key = f"fa_{secrets.token_urlsafe(_RANDOM_BYTES)}"
    digest = hashlib.sha256(key.encode()).hexdigest()
    if args.json:
        write_text(json.dumps({"name": args.name, "key": key, "sha256": digest}) + "\n")
        return OK
    print(f"The key of {args.name}, shown this once and stored nowhere:\n\n    {key}\n", file=sys.stderr)
    where = file or f"{SYSTEM_FILE} (or ~/.config/fastapply/config.toml, for your user alone)"
    print(f"Append the following to {where}, or set FASTAPPLY_KEYS={args.name}:{digest}", file=sys.stderr)
    sys.stderr.flush()
    write_text(f'\n[[keys]]\nname = "{args.name}"\nsha256 = "{digest}"\n')
    return OK


def _refuse_a_name_in_use(config: Path | None, name: str) -> Path | None:
    """The configuration file that is to have the key; `None` where there is none yet."""
    try:
        file = find(config, os.environ)
    except (InvalidSetting, OSError):
        if config is not None:
            raise
        return None  # making a key needs no file, so one that can't be read is no obstacle
    # Not `load`: a file that only lacks a key for its host is refused there, and here is where the key comes from.
    keys = file.content.get("keys") if file else None
    for key in keys if isinstance(keys, list) else []:
        if isinstance(key, dict) and key.get("name") == name:
            raise InvalidRequest(f"{file.path if file else ''} has a key {name} already", field="name")
    return file.path if file else None
