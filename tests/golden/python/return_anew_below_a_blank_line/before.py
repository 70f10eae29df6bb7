class Address:
    def line(self) -> str:
        street = self.street()
        number = self.number()

        return "{} {}".format(street, number)

    def street(self) -> str:
        return self.pick(self.streets)

    def number(self) -> int:
        return self.pick(range(1, 100))
