"""Two sizes of a run: `ci`, the same few examples every time, and `deep`: `pytest tests/properties
--hypothesis-profile=deep`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

settings.register_profile("ci", max_examples=40, deadline=None, derandomize=True, suppress_health_check=_SLOW)
settings.register_profile("deep", max_examples=3000, deadline=None, derandomize=False, suppress_health_check=_SLOW)
settings.load_profile("ci")
