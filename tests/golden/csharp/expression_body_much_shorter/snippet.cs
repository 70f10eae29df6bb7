public async Task<int> CountAsync(string sku, CancellationToken token) =>
    (await _repository.FindAsync(sku, token))?.Count ?? 0;
