using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Depot.Stock
{
    public sealed class StockService : IStockService
    {
        private readonly IStockRepository _repository;
        private readonly IClock _clock;

        public StockService(IStockRepository repository, IClock clock)
        {
            _repository = repository ?? throw new ArgumentNullException(nameof(repository));
            _clock = clock ?? throw new ArgumentNullException(nameof(clock));
        }

        public async Task<int> CountAsync(string sku, CancellationToken token)
        {
            var item = await _repository.FindAsync(sku, token);
            if (item == null)
            {
                return 0;
            }

            return item.Count;
        }

        public async Task<bool> ReserveAsync(string sku, int count, CancellationToken token)
        {
            var item = await _repository.FindAsync(sku, token);
            if (item == null)
            {
                return false;
            }

            if (item.Count < count)
            {
                return false;
            }

            item.Count -= count;
            item.Changed = _clock.UtcNow;
            await _repository.SaveAsync(item, token);
            return true;
        }

        public async Task ReleaseAsync(string sku, int count, CancellationToken token)
        {
            var item = await _repository.FindAsync(sku, token);
            if (item == null)
            {
                throw new StockException(sku);
            }

            item.Count += count;
            item.Changed = _clock.UtcNow;
            await _repository.SaveAsync(item, token);
        }

        public async Task<IReadOnlyList<string>> EmptyAsync(CancellationToken token)
        {
            var items = await _repository.AllAsync(token);
            return items.Where(item => item.Count == 0).Select(item => item.Sku).ToList();
        }
    }
}
