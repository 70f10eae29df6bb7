"""What was measured, as values for a program and as tables for a person."""

from __future__ import annotations

import os
import platform
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import version

import msgspec

from fastapply import __version__
from fastapply.bench.timing import Outcome, Timed, percentile

__all__ = ["Growth", "Report", "group_rows", "growth_rows", "machine", "render", "stage_rows"]

_MS = 1e6  # nanoseconds


class GroupRow(msgspec.Struct, frozen=True):
    """The files of one language: medians over them, and 95th percentiles. A multiple is a merge in bare parses."""

    language: str
    files: int
    lines: float
    parse_ms: float
    merge_ms: float
    merge_p95_ms: float
    multiple: float
    multiple_p95: float


class StageRow(msgspec.Struct, frozen=True):
    """One stage: the mean of its time in all merges, its share, and what it takes in bare parses."""

    stage: str
    share: float
    multiple: float


class Growth(msgspec.Struct, frozen=True):
    """One generated file, merged."""

    language: str
    timed: Timed
    outcome: Outcome


class GrowthRow(msgspec.Struct, frozen=True):
    """One size. `growth` is the time per line as a multiple of the smallest size's: 1 throughout is linear."""

    language: str
    lines: int
    parse_ms: float
    merge_ms: float
    merge_p95_ms: float
    us_per_line: float
    growth: float
    multiple: float
    outcome: Outcome


class Report(msgspec.Struct, frozen=True):
    """All of it."""

    machine: dict[str, str]
    rounds: int
    groups: list[GroupRow]
    stages: list[StageRow]
    growth: list[GrowthRow]


def machine() -> dict[str, str]:
    """What the times depend on."""
    return {
        "fastapply": __version__,
        "python": platform.python_version(),
        "tree_sitter": version("tree-sitter"),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count()),
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def group_rows(timed: Sequence[Timed]) -> list[GroupRow]:
    """A row for each language, by name, and one for all."""
    groups: dict[str, list[Timed]] = defaultdict(list)
    for each in timed:
        groups[each.language].append(each)
    return [_group(name, groups[name]) for name in sorted(groups)] + ([_group("all", timed)] if timed else [])


def _group(name: str, timed: Sequence[Timed]) -> GroupRow:
    def median(of: Callable[[Timed], float]) -> float:
        return statistics.median(map(of, timed))

    return GroupRow(
        language=name,
        files=len(timed),
        lines=median(lambda each: each.lines),
        parse_ms=median(lambda each: each.parse_ns) / _MS,
        merge_ms=median(lambda each: each.merge_ns) / _MS,
        merge_p95_ms=percentile([each.merge_ns for each in timed], 95) / _MS,
        multiple=median(lambda each: each.multiple),
        multiple_p95=percentile([each.multiple for each in timed], 95),
    )


def stage_rows(nanoseconds: Mapping[str, float], parse_ns: float) -> list[StageRow]:
    """The stages in their order, and all of them; `parse_ns` is what the bare parses of the same files take."""
    whole = sum(nanoseconds.values())
    if not whole or not parse_ns:
        return []
    rows = [StageRow(stage, ns / whole, ns / parse_ns) for stage, ns in nanoseconds.items()]
    return [*rows, StageRow("all", 1.0, whole / parse_ns)]


def growth_rows(grown: Sequence[Growth]) -> list[GrowthRow]:
    """A row for each generated file, in the order given: by language, then by size."""
    first: dict[str, float] = {}
    return [_grown(each, first) for each in grown]


def _grown(each: Growth, first: dict[str, float]) -> GrowthRow:
    timed = each.timed
    per_line = timed.merge_ns / timed.lines
    return GrowthRow(
        language=each.language,
        lines=timed.lines,
        parse_ms=timed.parse_ns / _MS,
        merge_ms=timed.merge_ns / _MS,
        merge_p95_ms=timed.merge_p95_ns / _MS,
        us_per_line=per_line / 1e3,
        growth=per_line / first.setdefault(each.language, per_line),
        multiple=timed.multiple,
        outcome=each.outcome,
    )


# ---- tables


def render(report: Report) -> Iterator[str]:
    """The tables, line by line."""
    yield ", ".join(f"{name} {value}" for name, value in report.machine.items())
    yield f"medians of {report.rounds} rounds; x: a merge in multiples of tree-sitter's bare parse of the same original"
    yield from _table("Merges of files by language", _GROUP_COLUMNS, report.groups)
    yield from _table("Where the time goes (means over all merges)", _STAGE_COLUMNS, report.stages)
    yield from _table("Growth of a three-hunk edit with the length of the file", _GROWTH_COLUMNS, report.growth)


_GROUP_COLUMNS = {
    "language": "{0.language}",
    "files": "{0.files}",
    "lines": "{0.lines:.0f}",
    "parse ms": "{0.parse_ms:.2f}",
    "merge ms": "{0.merge_ms:.2f}",
    "p95": "{0.merge_p95_ms:.2f}",
    "x": "{0.multiple:.1f}",
    "x p95": "{0.multiple_p95:.1f}",
}
_STAGE_COLUMNS = {"stage": "{0.stage}", "share": "{0.share:.1%}", "x": "{0.multiple:.2f}"}
_GROWTH_COLUMNS = {
    "language": "{0.language}",
    "lines": "{0.lines}",
    "parse ms": "{0.parse_ms:.1f}",
    "merge ms": "{0.merge_ms:.1f}",
    "p95": "{0.merge_p95_ms:.1f}",
    "us/line": "{0.us_per_line:.1f}",
    "growth": "{0.growth:.2f}",
    "x": "{0.multiple:.1f}",
    "result": "{0.outcome}",
}


def _table(title: str, columns: Mapping[str, str], rows: Sequence[object]) -> Iterator[str]:
    """Columns by heading and format; the first one to the left, the others to the right."""
    if not rows:
        return
    cells = [list(columns), *([template.format(row) for template in columns.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    yield ""
    yield title
    for first, *others in cells:
        rest = (f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True))
        yield "  ".join([f"{first:<{widths[0]}}", *rest])
