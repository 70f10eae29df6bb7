class Tank:
    def __init__(self, size):
        self.size = size

    def drain(self, amount):
        taken = min(amount, self.level)
        self.level -= taken
        self.gauge.update(self.level)
        return taken

    def fill(self, amount):
        self.level += amount
        self.gauge.update(self.level)
