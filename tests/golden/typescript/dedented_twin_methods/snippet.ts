async put<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
  this.cache.delete(this.cacheKey(path));
  return this.request<T>(path, { ...options, method: "PUT", body });
}

async delete(path: string, options: RequestOptions = {}): Promise<void> {
  this.cache.delete(this.cacheKey(path));
  await this.request<void>(path, { ...options, method: "DELETE" });
}
