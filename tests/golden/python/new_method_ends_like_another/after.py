class Tank:
    def __init__(self, size):
        self.size = size

    def drain(self, amount):
        taken = min(amount, self.level)
        self.level -= taken
        self.gauge.update(self.level)
        return taken

    def empty(self):
        """Drain all of it."""
        self.level = 0
        self.gauge.update(self.level)

    def fill(self, amount):
        self.level += amount
        self.gauge.update(self.level)
