// ... existing code ...
    public function __construct(
        ProductRepository $products,
        CacheInterface $cache,
-        LoggerInterface $logger
+        LoggerInterface $logger,
+        int $ttl = self::TTL
    ) {
        $this->products = $products;
        $this->cache = $cache;
        $this->logger = $logger;
+        $this->ttl = $ttl;
    }
// ... existing code ...
