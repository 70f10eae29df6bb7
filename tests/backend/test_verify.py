"""What stands of a draft, and that what is drawn has the model's own distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import BadRequest
from backend.request import SamplingParams
from backend.sampling import choose, nucleus, uniforms
from backend.stops import Stop, Stops
from backend.verify import Verdict, verify, verify_sampled

LOGITS = np.array([2.0, 1.0, 0.5, 0.5, -1.0, -np.inf, 0.0], np.float32)


def softmax(logits: np.ndarray, temperature: float) -> np.ndarray:
    weights = np.exp((logits.astype(np.float64) - logits.max()) / temperature)
    return weights / weights.sum()


def chi_squared(counts: np.ndarray, probabilities: np.ndarray) -> float:
    possible = probabilities > 0
    assert not counts[~possible].any()
    wanted = probabilities[possible] * counts.sum()
    return float(((counts[possible] - wanted) ** 2 / wanted).sum())


def far(degrees: int) -> float:
    """Above this in one of 10^5 runs (Wilson and Hilferty); seeds are fixed, so a test fails always or never."""
    return degrees * (1 - 2 / (9 * degrees) + 4.3 * (2 / (9 * degrees)) ** 0.5) ** 3


def test_greedy_stands_up_to_the_first_difference() -> None:
    best = np.array([4, 5, 6, 7])
    assert verify(np.array([4, 5, 6]), best) == Verdict(3, 7)
    assert verify(np.array([4, 9, 6]), best) == Verdict(1, 5)
    assert verify(np.array([9, 9, 9]), best) == Verdict(0, 4)
    assert verify(np.empty(0, np.int64), np.array([3])) == Verdict(0, 3)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_choices_have_the_models_distribution(temperature: float) -> None:
    draws = [choose(LOGITS, temperature, 1.0, seed, 0) for seed in range(20_000)]
    counts = np.bincount(draws, minlength=len(LOGITS))
    assert chi_squared(counts, softmax(LOGITS, temperature)) < far(5)


def test_choices_along_one_answer_have_it_too() -> None:
    draws = [choose(LOGITS, 1.0, 1.0, 1234, position) for position in range(20_000)]
    assert chi_squared(np.bincount(draws, minlength=len(LOGITS)), softmax(LOGITS, 1.0)) < far(5)


def test_neighbouring_positions_are_independent() -> None:
    """Pairs of choices against the product of the two distributions."""
    p = softmax(LOGITS, 1.0)
    draws = np.array([[choose(LOGITS, 1.0, 1.0, seed, position) for position in (6, 7)] for seed in range(20_000)])
    counts = np.bincount(draws[:, 0] * len(p) + draws[:, 1], minlength=len(p) ** 2)
    assert chi_squared(counts, np.outer(p, p).reshape(-1)) < far(35)


@pytest.mark.parametrize("drafted", [0, 2, 4, 5])
def test_a_draft_stands_with_its_probability_and_else_the_rest_is_drawn(drafted: int) -> None:
    """The exact rule for a one-hot draft: accept x with p(x), else draw from p without x, renormalised."""
    p = softmax(LOGITS, 1.0)
    logits = np.stack((LOGITS, LOGITS))
    sampling = SamplingParams(temperature=1.0)
    verdicts = [verify_sampled(np.array([drafted]), logits, sampling, seed, 3) for seed in range(20_000)]
    accepted = sum(verdict.accepted for verdict in verdicts)
    assert abs(accepted / 20_000 - p[drafted]) < 4.5 * (p[drafted] * (1 - p[drafted]) / 20_000) ** 0.5 + 1e-12
    refused = np.bincount([one.chosen for one in verdicts if not one.accepted], minlength=len(p))
    rest = np.where(np.arange(len(p)) == drafted, 0, p)
    assert chi_squared(refused, rest / rest.sum()) < far(5)
    after = np.bincount([one.chosen for one in verdicts if one.accepted], minlength=len(p))
    if accepted:
        assert chi_squared(after, p) < far(5)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**64), draft=st.lists(st.integers(0, 6), max_size=5), position=st.integers(0, 10_000))
def test_the_draft_changes_nothing_that_is_chosen(seed: int, draft: list[int], position: int) -> None:
    rng = np.random.default_rng(seed % 2**32)
    logits = rng.normal(size=(len(draft) + 1, 7)).astype(np.float32)
    plain = [choose(row, 0.8, 0.9, seed, position + i) for i, row in enumerate(logits)]
    accepted, chosen = verify_sampled(np.array(draft, np.int64), logits, SamplingParams(0.8, 0.9), seed, position)
    assert [*draft[:accepted], chosen] == plain[: accepted + 1]
    assert accepted == len(draft) or draft[accepted] != chosen


def test_near_zero_temperature_is_greedy() -> None:
    assert {choose(LOGITS, 1e-6, 1.0, seed, 0) for seed in range(50)} == {0}


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    logits=st.lists(st.integers(-4, 4), min_size=1, max_size=40),
    top_p=st.floats(0.01, 1.0),
    temperature=st.sampled_from([0.3, 1.0, 2.5]),
)
def test_the_nucleus_is_the_fewest_that_suffice(logits: list[int], top_p: float, temperature: float) -> None:
    p = softmax(np.array(logits), temperature)
    order = sorted(range(len(p)), key=lambda token: (-logits[token], token))
    tokens, scores = nucleus(np.array(logits, np.float32), temperature, top_p)
    assert tokens.tolist() == sorted(order[: len(tokens)])
    assert np.all(np.diff(tokens) > 0)
    assert len(scores) == len(tokens)
    assert p[tokens].sum() >= top_p - 1e-9
    if len(tokens) > 1:
        assert p[order[: len(tokens) - 1]].sum() < top_p + 1e-9


def test_a_nucleus_larger_than_is_sorted_at_first_is_whole() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 0.1, 5000).astype(np.float32)
    tokens, _ = nucleus(logits, 1.0, 0.9)
    p = softmax(logits, 1.0)
    order = np.argsort(-p, kind="stable")
    count = int(np.searchsorted(np.cumsum(p[order]), 0.9)) + 1
    assert tokens.tolist() == sorted(order[:count].tolist())


def test_equal_weights_at_the_border_go_to_lower_ids() -> None:
    tokens, _ = nucleus(np.zeros(5000, np.float32), 1.0, 0.1)
    assert tokens.tolist() == list(range(500))


def test_noise_is_uniform_and_never_0_or_1() -> None:
    numbers = uniforms(7, 0, np.arange(100_000))
    assert numbers.min() > 0
    assert numbers.max() < 1
    assert chi_squared(np.bincount((numbers * 50).astype(int), minlength=50), np.full(50, 0.02)) < far(49)


@pytest.mark.parametrize("field", ["temperature", "top_p"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_senseless_sampling_is_named(field: str, value: float) -> None:
    with pytest.raises(BadRequest) as caught:
        SamplingParams(**{field: value})
    assert caught.value.field == field


def tokens(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def test_the_first_stop_counts_and_of_two_the_longer() -> None:
    stops = Stops({9}, [(3, 4), (2, 3, 4), (7, 7)])
    assert stops.find(tokens(1, 5, 6), 3) is None
    assert stops.find(tokens(1, 9, 2, 9), 4) == Stop(2, 1)
    assert stops.find(tokens(1, 2, 3, 4, 9), 5) == Stop(4, 3)
    assert stops.find(tokens(2, 3, 4, 7), 1) is None  # what ended before the new ones was looked at before
    assert stops.find(tokens(2, 3, 4), 1) == Stop(3, 3)


def test_what_may_begin_a_stop_sequence_is_held() -> None:
    stops = Stops(set(), [(1, 2, 1, 3), (2, 5)])
    assert stops.held(tokens(1, 2, 1)) == 3
    assert stops.held(tokens(9, 1, 2)) == 2
    assert stops.held(tokens(9, 2)) == 1
    assert stops.held(tokens(2, 9)) == 0
    assert stops.held(tokens()) == 0
