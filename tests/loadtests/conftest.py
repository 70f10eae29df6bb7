"""The load tests are part of the repository, not of the package."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]

collect_ignore_glob = []
if not (ROOT / "loadtests").is_dir() or not all(map(find_spec, ("locust", "matplotlib"))):
    collect_ignore_glob.append("test_*.py")
sys.path.append(str(ROOT))
