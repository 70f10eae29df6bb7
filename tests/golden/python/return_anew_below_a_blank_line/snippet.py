class Address:
    # ... existing code ...
    def line(self) -> str:
        street = self.street()
        number = self.number()

        return f"{street} {number}"
        # ... existing code ...
