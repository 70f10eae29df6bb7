"""A model behind a server that a team already runs: any that speaks OpenAI's API."""

from __future__ import annotations

from fastapply.resolve.remote.completer import RemoteCompleter

__all__ = ["RemoteCompleter"]
