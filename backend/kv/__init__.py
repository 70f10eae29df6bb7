"""Keys and values in pages: who holds which page, which pages are shared, how many there are."""
