namespace Shop
{
    public class Orders : Base
    {
        private readonly IStore _store;
        private readonly ILogger<Orders> _logger;

        public Orders(IStore store, ILogger<Orders> logger)
        {
            _store = store;
            _logger = logger;
        }

        public int Count()
        {
            return _store.Count();
        }
    }
}
