"""Checks on a plan as a whole: lines that would stand twice, twins, declarations that shrink."""

from __future__ import annotations

from fastapply.merge.plan import Plan
from fastapply.merge.values import Doubt


def result_doubts(plan: Plan) -> list[Doubt]:
    return []
