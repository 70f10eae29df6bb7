# ... existing code ...


def drain(queue: Queue) -> list[Job]:
    """Empty the queue and return what was in it."""
    return list(iter(queue.pop, None))
