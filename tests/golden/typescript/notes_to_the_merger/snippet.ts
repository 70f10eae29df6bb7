// ... existing code ...

  async cached<T>(path: string, ttlMs: number): Promise<T> {
    // ... existing code ...
  }

  // ADD THIS METHOD AFTER cached():
  invalidate(path: string): boolean {
    return this.cache.delete(this.cacheKey(path));
  }

  // (no changes below this line)
  // ... existing code ...
