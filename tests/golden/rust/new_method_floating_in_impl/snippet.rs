// ... existing code ...

impl Owners {
    // ... existing code ...

    pub fn clear_cache(&mut self) {
        self.cache.clear();
    }

    // ... existing code ...
}
