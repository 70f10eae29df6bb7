# ... existing code ...

    def save(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        with open(part, "w") as handle:
            self.parser.write(handle)
        part.replace(self.path)
