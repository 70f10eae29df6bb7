// ... existing code ...

        public async Task ReleaseAsync(string sku, int count, CancellationToken token)
        {
            if (count <= 0)
            {
                throw new ArgumentOutOfRangeException(nameof(count));
            }

            // ... existing code ...
        }

// ... existing code ...

        public async Task<bool> ReserveAsync(string sku, int count, CancellationToken token)
        {
            if (count <= 0)
            {
                throw new ArgumentOutOfRangeException(nameof(count));
            }

            // ... existing code ...
        }

// ... existing code ...
