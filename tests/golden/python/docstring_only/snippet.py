# ... existing code ...

def load(path):
    """Read one export.

    The reader is chosen by the suffix; an unknown one raises ValueError.
    """
    path = Path(path)
    # ... existing code ...
