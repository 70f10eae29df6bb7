"""`fastapply models`: the built-in profiles of models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fastapply.cli.exit_codes import OK

if TYPE_CHECKING:
    import argparse

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Print name and description of each, or all that is known of them as JSON."""
    import msgspec

    from fastapply.resolve.profile import load_profile, profile_names

    profiles = [load_profile(name) for name in profile_names()]
    if args.json:
        print(json.dumps(msgspec.to_builtins(profiles), indent=2, ensure_ascii=False))
        return OK
    width = max(len(profile.name) for profile in profiles)
    for profile in profiles:
        print(f"{profile.name:<{width}}  {profile.description}")
    return OK
