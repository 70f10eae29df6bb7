from __future__ import annotations

import pytest

from fastapply import apply
from fastapply.errors import EditRefused, InvalidRequest, ModelUnavailable
from fastapply.resolve.route import CHOICES, check_choice

ORIGINAL = "def f():\n    setup()\n    return 1\n\n\ndef g():\n    setup()\n    return 1\n"
SURE = "def g():\n    setup()\n    return 2\n"
IN_DOUBT = "    setup()\n    check()\n    # ...\n"


@pytest.mark.parametrize("on_doubt", ["refuse", "best"])
def test_without_a_doubt_the_choice_does_not_matter(on_doubt: str) -> None:
    """Both give the same answer."""
    result = apply(ORIGINAL, SURE, path="a.py", on_doubt=on_doubt)  # type: ignore[arg-type]
    assert result.doubts == ()
    assert result.merged_code == ORIGINAL[: ORIGINAL.index("def g")] + SURE


def test_a_doubt_is_refused_by_default() -> None:
    """The error carries the doubts, says them, and holds the best guess."""
    with pytest.raises(EditRefused) as caught:
        apply(ORIGINAL, IN_DOUBT, path="a.py")
    refusal = caught.value
    assert [doubt.kind for doubt in refusal.doubts] == ["ambiguous_anchor"]
    assert refusal.doubts[0].message in str(refusal)
    assert refusal.best_guess is not None
    best = apply(ORIGINAL, IN_DOUBT, path="a.py", on_doubt="best")
    assert refusal.best_guess.merged_code == best.merged_code
    assert refusal.best_guess.doubts == refusal.doubts == best.doubts


def test_the_best_guess_comes_with_its_doubts() -> None:
    """A guess is never rounded up to success."""
    guess = apply(ORIGINAL, IN_DOUBT, path="a.py", on_doubt="best")
    assert [doubt.kind for doubt in guess.doubts] == ["ambiguous_anchor"]
    assert guess.merged_code.count("    check()\n") == 1


def test_a_model_that_is_not_configured_is_an_error() -> None:
    """Before any merging, in doubt or not: it is not silently done without."""
    with pytest.raises(ModelUnavailable, match="refuse"):
        apply(ORIGINAL, SURE, path="a.py", on_doubt="model")


@pytest.mark.parametrize("on_doubt", ["", "guess", "BEST"])
def test_an_unknown_choice_is_an_error(on_doubt: str) -> None:
    """It names the field and the choices."""
    with pytest.raises(InvalidRequest, match="refuse, best, model") as caught:
        check_choice(on_doubt)
    assert caught.value.field == "on_doubt"


def test_the_choices() -> None:
    """Those of the API."""
    assert set(CHOICES) == {"refuse", "best", "model"}
