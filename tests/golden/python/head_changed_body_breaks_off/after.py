import os


def has_limit(name):
    return name in os.environ


def _limit_of(name: str, default: int) -> int:
    """Reads a limit from the environment.

    Args:
        name: The variable's name.
        default: What holds without it.
    """
    if not has_limit(name):
        return default
    return int(os.environ[name])
