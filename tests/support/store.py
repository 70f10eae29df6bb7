"""A file, an edit of it, and what is to come out."""

from __future__ import annotations

STORE = """\
class Store:
    def get(self, key):
        return self.items[key]

    def put(self, key, value):
        self.items[key] = value
"""
EDIT = """\
class Store:
    # ... existing code ...
    def put(self, key, value):
        self.log(key)
        self.items[key] = value
"""
MERGED = STORE.replace("        self.items[key] = value\n", "        self.log(key)\n        self.items[key] = value\n")
