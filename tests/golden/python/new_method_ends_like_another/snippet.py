# ... existing code ...
        self.level -= taken
        self.gauge.update(self.level)
        return taken

    def empty(self):
        """Drain all of it."""
        self.level = 0
        self.gauge.update(self.level)

    # ... existing code ...
