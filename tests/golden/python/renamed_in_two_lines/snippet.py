class Connection:
    def __init__(self, origin, timeout=None, release_func=None):
        self.origin = origin
        self.timeout = timeout
        self.release_func = release_func
        # ... rest of __init__ unchanged ...

    def close(self):
        self.streams.clear()
        if self.timeout:
            self.release_func(self)
