# ... existing code ...
class TestShelf:
    def setup_method(self):
        self.shelf = load("shelf")
