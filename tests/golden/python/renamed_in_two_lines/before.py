class Connection:
    def __init__(self, origin, timeout=None, on_release=None):
        self.origin = origin
        self.timeout = timeout
        self.on_release = on_release
        self.streams = {}

    def close(self):
        self.streams.clear()
        if self.timeout:
            self.on_release(self)
