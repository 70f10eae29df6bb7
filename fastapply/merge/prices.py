"""The constants of the alignment's score, found by search over real edits; they are weights, not rules."""

from __future__ import annotations

import msgspec


class Prices(msgspec.Struct):
    """The constants of the score, found by search over real edits."""

    punctuation: float = 0.4
    short: float = 1.4
    base: float = 1.8
    per_char: float = 0.035
    longest: float = 2.5
    unique: float = 2.3
    rarity: float = 1.1
    floor: float = 0.4
    follow: float = 0.2
    shift: float = 0.1
    shift_change: float = 0.6
    edge: float = 2.5
    segment_edge: float = 1.5
    replaced_open: float = 0.07
    replaced: float = 0.1
    lost_open: float = 0.2
    lost: float = 0.15
    lost_line: float = 0.12
    definition: float = 0.4
    favour: float = 8.0
    near: float = 2.0
    elsewhere: float = 0.5
    renamed: float = 0.75
    lost_most: float = 30.0


LENIENT = Prices()
STRICT = Prices(lost_open=1.5, lost_line=0.4)
