# ... existing code ...

    def save(self):
        # ... existing code ...

    def reset(self):
        self.parser = configparser.ConfigParser()
        self.path.unlink(missing_ok=True)
