"""The plots of the report, as SVG whose bytes depend on the figures alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

from loadtests.run import APPLY, ECHOES

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from loadtests.results import Results, Soak

__all__ = ["draw"]

_STYLE: Any = {
    "svg.hashsalt": "fastapply",
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(results: Results, folder: Path) -> None:
    """Write all plots to `folder`."""
    with mpl.rc_context(_STYLE):
        _save(_latency(results), folder / "latency.svg")
        _save(_throughput(results), folder / "throughput.svg")
        if results.soak:
            _save(_memory(results.soak), folder / "memory.svg")
            _save(_over_time(results.soak), folder / "soak.svg")


def _save(figure: Figure, file: Path) -> None:
    figure.savefig(file, metadata={"Date": None, "Creator": None}, bbox_inches="tight")


def _figure(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7, 4))
    axes = figure.add_subplot()
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return figure, axes


def _users_axis(axes: Axes, results: Results) -> list[int]:
    users = sorted({rung.users for rung in results.ladder})
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(users, [str(each) for each in users])
    axes.minorticks_off()
    return users


def _latency(results: Results) -> Figure:
    figure, axes = _figure("Latency against users (closed loop, no pauses)", "users", "ms")
    users = _users_axis(axes, results)
    for what, style in ((APPLY, "-"), ("echo of the edits", ":")):
        by_users = {rung.users: rung for rung in results.ladder if rung.what == what}
        for name, color in (("p50", "C0"), ("p95", "C1"), ("p99", "C3")):
            values = [getattr(by_users[each], name) for each in users]
            axes.plot(users, values, style, color=color, marker="o", markersize=3, label=f"{what}, {name}")
    axes.legend(loc="lower right", fontsize=7)
    return figure


def _throughput(results: Results) -> Figure:
    figure, axes = _figure("Throughput against users", "users", "right answers a second")
    users = _users_axis(axes, results)
    for what in (APPLY, *ECHOES):
        by_users = {rung.users: rung.per_second for rung in results.ladder if rung.what == what}
        axes.plot(users, [by_users[each] for each in users], marker="o", markersize=3, label=what)
    axes.legend()
    return figure


def _memory(soak: Soak) -> Figure:
    figure, axes = _figure(f"Memory at {soak.rung.users} users", "minutes", "MB")
    minutes = [sample.second / 60 for sample in soak.samples]
    workers = max((sample.workers for sample in soak.samples), default=0)
    for name, label, style in (
        ("server_rss", "server, RSS", "C0-"),
        ("server_pss", "server, PSS", "C0:"),
        ("workers_rss", f"{workers} workers, RSS", "C1-"),
        ("workers_pss", f"{workers} workers, PSS", "C1:"),
    ):
        axes.plot(minutes, [getattr(sample, name) for sample in soak.samples], style, label=label, linewidth=1)
    axes.axvline(soak.settled_after / 60, color="grey", linewidth=0.8)
    axes.set_ylim(bottom=0)
    axes.legend()
    return figure


def _over_time(soak: Soak) -> Figure:
    figure = Figure(figsize=(7, 6.5))
    rate, latency, lag = figure.subplots(3, 1, sharex=True)
    rate.set_title(f"{soak.rung.users} users over time")
    minutes = [piece.second / 60 for piece in soak.bins]
    rate.plot(minutes, [piece.per_second for piece in soak.bins], linewidth=1)
    rate.set_ylabel("requests/s")
    latency.plot(minutes, [piece.p95 for piece in soak.bins], "C1", linewidth=1, label="p95")
    latency.plot(minutes, [piece.p50 for piece in soak.bins], "C0", linewidth=1, label="p50")
    latency.set_ylabel("ms")
    latency.legend()
    lag.plot([sample.second / 60 for sample in soak.samples], [sample.lag_ms for sample in soak.samples], linewidth=0.6)
    lag.set_ylabel("loop lag, ms\n(mean of each second)")
    lag.set_xlabel("minutes")
    for axes in (rate, latency, lag):
        axes.set_ylim(bottom=0)
    return figure
