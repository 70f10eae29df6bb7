"""What is installed: Python, the packages that ours asks for, the grammars."""

from __future__ import annotations

import platform
import re
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from fastapply import __version__
from fastapply.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["look_at_dependencies", "look_at_grammars", "look_at_python"]

_OLDEST = (3, 11)
# Our own requirements are all of this form. The package `packaging` reads more, and may be missing, too.
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)\s*(?P<versions>[^;]*?)\s*(?:;(?P<marker>.*))?")
_VERSION = re.compile(r"(>=|<|==)\s*([\d.]+)")


def look_at_python(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """The interpreter."""
    told = f"FastApply {__version__} on Python {'.'.join(map(str, version))}, {platform.system()}"
    if version < _OLDEST:
        return Finding("problem", told, "install it for Python 3.11 or newer")
    if sys.platform != "linux":
        return Finding(
            "note", told, "for a service use Linux: elsewhere limits of memory are not kept, and no tests run"
        )
    return Finding("ok", told)


def look_at_dependencies(
    requirements: Sequence[str] | None = None, installed: Callable[[str], str] = metadata.version
) -> Iterator[Finding]:
    """Each package that ours asks for; one finding where all are as they should be."""
    try:
        requirements = requirements if requirements is not None else metadata.requires("fastapply") or []
    except metadata.PackageNotFoundError:
        yield Finding(
            "note", "FastApply runs from a folder and is not installed", "pip install it, to compare versions"
        )
        return
    wanted = [found for found in map(_REQUIREMENT.fullmatch, requirements) if found and _applies(found["marker"])]
    findings = [finding for found in wanted if (finding := _look_at_package(found, installed))]
    yield from findings or [Finding("ok", f"{len(wanted)} packages are installed in versions that fit")]


def _applies(marker: str | None) -> bool:
    return not marker or ("extra" not in marker and not ("win32" in marker and sys.platform == "win32"))


def _look_at_package(wanted: re.Match[str], installed: Callable[[str], str]) -> Finding | None:
    name, versions = wanted["name"], wanted["versions"]
    remedy = f"pip install '{name}{versions}'"
    try:
        version = installed(name)
    except metadata.PackageNotFoundError:
        return Finding("problem", f"{name} is not installed", remedy)
    if all(_holds(version, relation, bound) for relation, bound in _VERSION.findall(versions)):
        return None
    return Finding("problem", f"{name} is {version}, and {versions} is needed", remedy)


def _holds(version: str, relation: str, bound: str) -> bool:
    ours, theirs = _numbers(version), _numbers(bound)
    width = max(len(ours), len(theirs))
    ours, theirs = [*ours, *[0] * (width - len(ours))], [*theirs, *[0] * (width - len(theirs))]
    return {">=": ours >= theirs, "<": ours < theirs, "==": ours == theirs}[relation]


def _numbers(version: str) -> list[int]:
    found = re.match(r"\d+(?:\.\d+)*", version)
    return list(map(int, found[0].split("."))) if found else [0]


def look_at_grammars(names: Sequence[str] | None = None) -> Iterator[Finding]:
    """The grammar of each language; one finding where all load."""
    try:
        from fastapply.merge import language, rules
    except ImportError as error:
        yield Finding("problem", f"the merge can't be loaded: no {error.name}", f"pip install {error.name}")
        return
    loaded, failed = 0, []
    for name in names if names is not None else language.names():
        entry = language.by_name(name).grammar
        if entry is None:
            continue
        try:
            rules.grammar(entry)
            loaded += 1
        except Exception as error:  # a compiled package of any age may fail in any way
            package = entry.partition(":")[0].replace("_", "-")
            told = f"the grammar of {name} does not load ({type(error).__name__}), so its files can't be merged"
            failed.append(Finding("problem", told, f"pip install --force-reinstall {package}"))
    yield from failed or [Finding("ok", f"the grammars of {loaded} languages load")]
