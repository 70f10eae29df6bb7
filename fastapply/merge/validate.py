"""What must hold of every result, whatever made it: it parses no worse than the original."""

from __future__ import annotations

import ast
import warnings

from fastapply.errors import DeadlineExceeded
from fastapply.merge.deadline import Deadline
from fastapply.merge.language import Profile
from fastapply.merge.tree import Tree, encode, error_count, parse
from fastapply.merge.values import Doubt

SHARE = 0.5  # of the time left that the parse of a result may take


def syntax_doubt(before: str, tree: Tree | None, after: str, profile: Profile, limit: Deadline) -> Doubt | None:
    """A doubt where `after` parses worse than `before`, whose tree is `tree` (None where no grammar
    could read it)."""
    if profile.approximate or before == after:
        return None
    if tree is not None and (doubt := _more_errors(tree, after, profile, limit)):
        return doubt
    if profile.check == "python" and not _compiles(after) and _compiles(before):
        return Doubt(
            "syntax_regressed",
            "Python can parse the original and can't parse the result",
            "check the indentation of the snippet",
        )
    return None


def _more_errors(tree: Tree, after: str, profile: Profile, limit: Deadline) -> Doubt | None:
    try:
        result = parse(encode(after), profile, old_tree=tree, limit_s=SHARE * limit.left)
    except DeadlineExceeded:
        limit.check()
        return Doubt(
            "syntax_regressed", "the grammar did not come to an end with the result", "check the snippet's syntax"
        )
    old = error_count(tree)
    new = error_count(result) if result is not None else 0
    if new > old:
        return Doubt(
            "syntax_regressed",
            f"the result has {new} syntax error(s), the original {old}",
            "show whole declarations, or a line of context on each side of the change",
        )
    return None


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text.removeprefix("\ufeff"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
