"""What the properties of the engine draw: sampling, drafts of a known answer, and how drafts are made."""

from __future__ import annotations

from hypothesis import strategies as st

from backend.request import Drafts, SamplingParams
from backend.settings import DraftSettings
from support.hashing import VOCAB

TOKENS = st.lists(st.integers(0, VOCAB - 1), max_size=40)
COMMON = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3]
"""What prompts begin with, so that they share pages."""


@st.composite
def samplings(draw: st.DrawFn) -> SamplingParams:
    if draw(st.booleans()):
        return SamplingParams()
    temperature = draw(st.sampled_from([0.01, 0.7, 1.0, 3.0]))
    return SamplingParams(temperature, draw(st.sampled_from([0.1, 0.8, 1.0])), draw(st.integers(0, 2**70)))


@st.composite
def drafts_of(draw: st.DrawFn, answer: list[int]) -> Drafts:
    """The true answer, the answer with pieces cut out, put in, changed or moved, more than the answer, or anything."""

    def text() -> list[int]:
        found = list(answer)
        for kind in draw(
            st.lists(st.sampled_from(["cut", "insert", "change", "swap", "longer", "noise", "none"]), max_size=4)
        ):
            at, size = draw(st.integers(0, 40)), draw(st.integers(1, 9))
            match kind:
                case "cut":
                    del found[at : at + size]
                case "insert":
                    found[at:at] = draw(st.lists(st.integers(0, VOCAB - 1), min_size=1, max_size=size))
                case "change":
                    found[at : at + 1] = [(token + 1) % VOCAB for token in found[at : at + 1]]
                case "swap":
                    found = found[at:] + found[:at]
                case "longer":
                    found += draw(TOKENS)
                case "noise":
                    found = draw(TOKENS)
                case "none":
                    found = []
        return found

    unsure = sorted(draw(st.sets(st.integers(0, 60), max_size=4)))
    return Drafts(text(), unsure, text() if draw(st.booleans()) else [], draw(TOKENS))


@st.composite
def draft_settings(draw: st.DrawFn) -> DraftSettings:
    first = draw(st.integers(1, 12))
    return DraftSettings(
        first_chunk=first,
        most_chunk=first + draw(st.integers(0, 30)),
        free_tokens=draw(st.integers(0, 12)),
        strong_match=draw(st.integers(1, 8)),
        ngrams=draw(st.booleans()),
    )
