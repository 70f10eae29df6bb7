"""When a server that could not answer is to be asked again."""

from __future__ import annotations

import email.utils
import random
import re
import time

__all__ = ["backoff", "retry_after"]

_FIRST_BACKOFF = 0.2
_LONGEST_BACKOFF = 5.0


def backoff(tried: int) -> float:
    """Seconds to wait after `tried` attempts: twice as long each time, and at random, so that many clients don't come
    back together."""
    return min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0 ** (tried - 1)) * random.uniform(0.5, 1.0)


def retry_after(value: str) -> float | None:
    """Seconds from now, of a `Retry-After` that is a number of seconds or a date; None where it is neither."""
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]*)?", value):
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None
