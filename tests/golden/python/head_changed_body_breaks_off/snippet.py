# ... existing code ...
    return name in os.environ


def _limit_of(name: str, default: int) -> int:
    """Reads a limit from the environment.

    Args:
# ... existing code ...
