// ... existing usings ...

namespace Depot.Stock
{
    public sealed class StockService : IStockService
    {
        private readonly IStockRepository _repository;
        private readonly IClock _clock;
        private readonly ILogger<StockService> _logger;

        public StockService(IStockRepository repository, IClock clock, ILogger<StockService> logger)
        {
            _repository = repository ?? throw new ArgumentNullException(nameof(repository));
            _clock = clock ?? throw new ArgumentNullException(nameof(clock));
            _logger = logger ?? throw new ArgumentNullException(nameof(logger));
        }

        // ... existing code ...

        public async Task<bool> ReserveAsync(string sku, int count, CancellationToken token)
        {
            // ... existing code ...

            if (item.Count < count)
            {
                _logger.LogInformation("Only {Count} of {Sku} left", item.Count, sku);
                return false;
            }

            // ... existing code ...
        }

        // ... existing code ...
    }
}
