"""What may keep the service from running, found by looking: `examine` gives one finding for each thing looked at.

Nothing is changed, nothing but this machine is asked, and what can't be looked at is a finding, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapply.doctor.finding import Finding
from fastapply.doctor.installed import look_at_dependencies, look_at_grammars, look_at_python
from fastapply.doctor.machine import look_at_cores, look_at_log, look_at_memory, look_at_port
from fastapply.doctor.model import look_at_model
from fastapply.doctor.said import look_at_faults, look_at_file, look_at_keys, look_at_roots, look_at_transport
from fastapply.errors import InvalidSetting
from fastapply.settings.load import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["Finding", "examine"]


def examine(config: Path | None, environ: Mapping[str, str], overrides: Mapping[str, object]) -> Iterator[Finding]:
    """All findings, for the settings that `load` makes of the same arguments."""
    yield look_at_python()
    yield from look_at_dependencies()
    yield from look_at_grammars()
    try:
        loaded = load(config, environ, overrides)
    except InvalidSetting as error:
        yield from look_at_faults(error)
        unseen = "port, keys, roots, log, model, cores and memory were not looked at"
        yield Finding("note", unseen, "correct the settings first")
        return
    settings = loaded.settings
    yield from look_at_file(loaded.file)
    yield from look_at_keys(settings)
    yield from look_at_transport(settings)
    yield from look_at_roots(settings)
    yield look_at_port(settings.server.host, settings.server.port)
    yield look_at_log(settings.log.file)
    yield from look_at_model(settings.model)
    yield look_at_cores(settings)
    yield look_at_memory(settings)
