"""A numpy array that grows at its end: appending costs what is appended, and a view of all of it costs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = ["Growing"]

_Number = TypeVar("_Number", np.int64, np.uint64)


class Growing(Generic[_Number]):
    """[length] values of one type."""

    def __init__(self, dtype: DTypeLike, capacity: int = 64) -> None:
        self._data: NDArray[_Number] = np.empty(max(capacity, 1), dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def view(self) -> NDArray[_Number]:
        """All values so far, [length]. Do not write to it; it does not see what is appended later."""
        return self._data[: self._length]

    def append(self, values: NDArray[_Number]) -> None:
        """Add `values` [k] at the end."""
        end = self._length + len(values)
        if end > len(self._data):
            grown = np.empty(max(end, 2 * len(self._data)), self._data.dtype)
            grown[: self._length] = self.view
            self._data = grown
        self._data[self._length : end] = values
        self._length = end

    def cut(self, length: int) -> None:
        """Forget all but the first `length` values."""
        self._length = min(self._length, length)
