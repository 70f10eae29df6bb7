// ... existing code ...
use Symfony\Component\Cache\CacheInterface;

// ... class doc and constants ...

    /** @var ProductRepository */
    private $products;

    // REMOVE: the $logger property and its doc comment stood below $cache
    /** @var CacheInterface */
    private $cache;

    public function __construct(ProductRepository $products, CacheInterface $cache)
    {
        $this->products = $products;
        $this->cache = $cache;
    }

    // ... byCategory() and byTag() unchanged ...

    public function forget(): void
    {
        $this->cache->clear();
    }
}
