namespace Shop
{
    public class Orders : Base
    {
        private readonly IStore _store;

        public Orders(IStore store)
        {
            _store = store;
        }

        public int Count()
        {
            return _store.Count();
        }
    }
}
