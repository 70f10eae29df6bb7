"""Lines that recur and lead to nothing: rulers above a blank line."""

from __future__ import annotations

import pytest

from fastapply import apply


@pytest.mark.parametrize("ruler", ["# ----", "# ====", "# ####"])
def test_a_ruler_above_a_blank_line_is_found_again(ruler: str) -> None:
    """Rulers recur; the line below the blank one says which of them is meant."""
    original = f"{ruler}\n\na = read()\n{ruler}\n\nb = write()\n{ruler}\n"
    snippet = f"{ruler}\n  \na = read()\n{ruler}\n  \nb = write(a)\n{ruler}\n"
    assert apply(original, snippet, path="a.py").merged_code == original.replace("write()", "write(a)")
