from __future__ import annotations

from types import TracebackType
from typing import Callable, Generic, Optional, Tuple, Type, TypeVar

ExcInfo = Tuple[Type[BaseException], BaseException, Optional[TracebackType]]
