"""Results as medians and ratios: rows for JSON, and plain tables."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from backend.bench.forced import MODEL_STAGES, OWN_STAGES, STAGES
from backend.bench.measure import LOOKUP, PLAIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.bench.arithmetic import Work
    from backend.bench.measure import Result

__all__ = ["Row", "quantile", "row_of", "stage_row", "summed_up", "table"]

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Ratio:
    """A variant's rate in multiples of another's, median over the files that both made."""

    name: str
    variant: str
    rate: str


_RATIOS = (
    _Ratio("x_plain", PLAIN, "rate"),
    _Ratio("x_lookup", LOOKUP, "rate"),
    _Ratio("x_plain_after_prompt", PLAIN, "rate_after_prompt"),
    _Ratio("x_lookup_after_prompt", LOOKUP, "rate_after_prompt"),
)


def row_of(result: Result, work: Work) -> Row:
    """One answer."""
    return asdict(result) | {
        "forced": True,
        "rate": result.rate,
        "rate_after_prompt": result.rate_after_prompt,
        "tflops": work.flops / result.seconds / 1e12,
        "gb_per_second": work.bytes / result.seconds / 1e9,
    }


def summed_up(rows: Sequence[Row]) -> list[Row]:
    """One row a variant, in the order of `rows`: medians over the files, of which each counts by its own median."""
    by_variant: defaultdict[str, defaultdict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by_variant[row["variant"]][row["file"]].append(row)
    return [_summary(variant, files, by_variant) for variant, files in by_variant.items()]


def _summary(variant: str, files: Mapping[str, list[Row]], all_files: Mapping[str, Mapping[str, list[Row]]]) -> Row:
    every = [row for runs in files.values() for row in runs]
    found: Row = {
        "variant": variant,
        "forced": True,
        "runs": len(every),
        "passes": _over(files, "passes"),
        "missed": _over(files, "missed"),
        "choices": _over(files, "choices"),
        "no_choice": _over(files, "no_choice"),
        "rate": _over(files, "rate"),
        "rate_after_prompt": _over(files, "rate_after_prompt"),
        "seconds_p50": quantile([row["seconds"] for row in every], 0.5),
        "seconds_p95": quantile([row["seconds"] for row in every], 0.95),
        "tflops": _over(files, "tflops"),
        "gb_per_second": _over(files, "gb_per_second"),
        "agreement": min(row["agreement"] for row in every),
        "correct": all(row["correct"] for row in every),
    }
    for ratio in _RATIOS:
        base = all_files.get(ratio.variant, {})
        shared = [_middle(files[name], ratio.rate) / _middle(base[name], ratio.rate) for name in files if name in base]
        found[ratio.name] = median(shared) if shared else None
    return found


def stage_row(variant: str, file: str, steps: Sequence[Mapping[str, float]]) -> Row:
    """Where the time of one answer's steps went; shares are of the sum over all of them."""
    times = [sum(step.values()) for step in steps]
    sums = {stage: sum(step[stage] for step in steps) for stage in STAGES}
    whole = sum(times)
    return {
        "variant": variant,
        "file": file,
        "forced": True,
        "steps": len(steps),
        "step_ms_p50": quantile(times, 0.5) * 1e3,
        "step_ms_p95": quantile(times, 0.95) * 1e3,
        "shares": {stage: sums[stage] / whole for stage in STAGES},
        "overhead": 1 - sum(sums[stage] for stage in MODEL_STAGES) / whole,
        "engine": sum(sums[stage] for stage in OWN_STAGES) / whole,
    }


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them do not exceed."""
    return sorted(values)[max(math.ceil(len(values) * share) - 1, 0)]


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns as wide as they must be; the first to the left, numbers to the right."""
    cells = [list(heads), *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        first, rest = (
            row[0].ljust(widths[0]),
            [one.rjust(width) for one, width in zip(row[1:], widths[1:], strict=True)],
        )
        lines.append("  ".join([first, *rest]).rstrip())
    return "\n".join(lines)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return str(value)


def _middle(runs: Sequence[Row], field: str) -> float:
    return float(median(row[field] for row in runs))


def _over(files: Mapping[str, Sequence[Row]], field: str) -> float:
    return float(median(_middle(runs, field) for runs in files.values()))
