"""FastApply merges a coding model's lazy edit into a file, exact to the byte.

    from fastapply import apply

    result = apply(original_code=source, edit_snippet=snippet, path="app.py")
    result.merged_code

Importing this package costs next to nothing: the merge is loaded at the first use of `apply`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapply.apply import apply

__all__ = ["__version__", "apply"]
__version__ = "0.1.0"


class _Package(ModuleType):
    """Keeps `fastapply.apply` the function.

    The import system binds each submodule as an attribute of its package when it is loaded, so `import fastapply.apply`
    anywhere would put the module in the place of the function of the same name.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name == "apply" and isinstance(value, ModuleType):
            value = value.apply
        super().__setattr__(name, value)


def __getattr__(name: str) -> object:
    """Load the merge when somebody asks for it."""
    if name == "apply":
        from fastapply.apply import apply

        return apply
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


sys.modules[__name__].__class__ = _Package
