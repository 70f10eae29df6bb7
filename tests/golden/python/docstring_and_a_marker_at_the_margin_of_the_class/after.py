class Pump:
    def start(self, rate):
        """Open the valve."""
        self.rate = rate
        self.valve.open()

    def stop(self):
        """Close the valve."""
        self.valve.close()
        self.rate = 0
