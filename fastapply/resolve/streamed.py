"""The merged file as a stream while a model is still answering: only what can't change any more is given out."""

from __future__ import annotations

from fastapply.errors import ModelFailed
from fastapply.merge.text import ending_of, split_lines

__all__ = ["Streamed"]


class Streamed:
    """Pieces of a model's answer in, pieces of the merged file out."""

    def __init__(self, original: str, before: str) -> None:
        """`before` is what the merged file has above the part that is asked about."""
        endings = {ending_of(line) for line in split_lines(original)} - {""}
        # Which of several endings a line gets is known when its place is, and that is at the end.
        self._ending = (endings or {"\n"}).pop() if len(endings) < 2 else None
        self._ahead = before
        self._held = ""
        self._sent = ""

    def push(self, piece: str) -> str:
        """What the answer's next `piece` settles; maybe nothing.

        Blanks and line ends are held back until something follows them: those at the end are the original's, not the
        model's.
        """
        if self._ending is None:
            return ""
        text = self._held + piece
        kept = text.rstrip()
        self._held = text[len(kept) :]
        if not kept:
            return ""
        out = self._ahead + kept.replace("\n", self._ending)
        self._ahead = ""
        self._sent += out
        return out

    def rest(self, merged: str) -> str:
        """What is left of the merged file. Raises `ModelFailed` where it does not begin with what was given out."""
        if not merged.startswith(self._sent):
            raise ModelFailed("the file differs from what was streamed of it; ask again without stream")
        return merged[len(self._sent) :]
