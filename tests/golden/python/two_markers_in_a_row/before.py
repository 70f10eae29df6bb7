class Line:
    def __init__(self, origin, timeout=None, release=None):
        self.origin = origin
        self.timeout = timeout
        self.release = release
        self.reader = None
        self.writer = None

    def close(self):
        self.release(self)
