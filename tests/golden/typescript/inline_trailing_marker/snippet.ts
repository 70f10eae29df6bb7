// ... existing code ...

  async cached<T>(path: string, ttlMs = 60_000): Promise<T> {
    const key = this.cacheKey(path); // ... rest of the method unchanged ...
  }

  private cacheKey(path: string): string {
    return createHash("sha256").update(this.baseUrl + path).digest("hex");
  }

// ... existing code ...
