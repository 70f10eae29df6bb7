<?php

declare(strict_types=1);

namespace App\Catalog;

use App\Entity\Product;
use App\Repository\ProductRepository;
use Psr\Log\LoggerInterface;
use Symfony\Component\Cache\CacheInterface;

/**
 * Finds products and keeps the results for a while.
 */
final class ProductFinder
{
    private const TTL = 300;

    /** @var ProductRepository */
    private $products;

    /** @var CacheInterface */
    private $cache;

    /** @var LoggerInterface */
    private $logger;

    public function __construct(
        ProductRepository $products,
        CacheInterface $cache,
        LoggerInterface $logger
    ) {
        $this->products = $products;
        $this->cache = $cache;
        $this->logger = $logger;
    }

    /**
     * @return Product[]
     */
    public function byCategory(string $category): array
    {
        $key = 'category.' . $category;
        if ($this->cache->has($key)) {
            return $this->cache->get($key);
        }

        $found = $this->products->findBy(['category' => $category]);
        $this->cache->set($key, $found, self::TTL);

        return $found;
    }

    /**
     * @return Product[]
     */
    public function byTag(string $tag): array
    {
        $key = 'tag.' . strtolower($tag);
        if ($this->cache->has($key)) {
            return $this->cache->get($key);
        }

        $found = $this->products->findByTag($tag);
        if ($found === []) {
            $this->logger->notice('no products for tag', ['tag' => $tag]);
        }
        $this->cache->set($key, $found, self::TTL);

        return $found;
    }

    public function forget(): void
    {
        $this->cache->clear();
        $this->logger->info('product cache cleared');
    }
}
