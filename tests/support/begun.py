"""A file, and an edit of it that is not written to its end yet."""

from __future__ import annotations

BEFORE = """import os


def first(path):
    return os.stat(path)


def second(path):
    name = os.path.basename(path)
    return name.lower()


def third(path):
    return os.path.dirname(path)
"""
BEGUN = """# ... existing code ...

def second(path):
    name = os.path.basename(path)
    print(name)
    return name.lower()


def third(path):
"""
