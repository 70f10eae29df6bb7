class Pump:
    def start(self, rate):
        """Open the valve."""
    # ... existing code ...
    def stop(self):
        """Close the valve."""
    # ... existing code ...
