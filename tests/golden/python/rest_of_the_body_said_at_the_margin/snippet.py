class Line:
    def __init__(
        self,
        origin,
        timeout=None,
        on_release=None,
    ):
        self.origin = origin
        self.timeout = timeout
        self.on_release = on_release
# ... rest of __init__ unchanged ...

    def close(self):
        self.on_release(self)
