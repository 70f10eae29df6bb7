class Pump:
    def start(self, rate):
        self.rate = rate
        self.valve.open()

    def stop(self):
        self.valve.close()
        self.rate = 0
