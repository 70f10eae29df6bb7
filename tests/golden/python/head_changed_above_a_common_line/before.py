from depot import load


class TestShelf:
    def setup(self):
        self.shelf = load("shelf")

    def test_is_empty(self):
        assert not self.shelf.items


class TestCrate:
    def setup(self):
        self.shelf = load("shelf")
        self.crate = load("crate")

    def test_holds_nothing(self):
        assert self.crate.count == 0
